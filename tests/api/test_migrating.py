"""Runs in flight that are moved to another version of their graph, or told what stands in the way."""

from __future__ import annotations

from tests.api.running_server import RunningServer

TEXT = "graph: NAME\nnodes:\n  ask: {human: 'Go?', choices: [go]}\n  then: {value: 1, after: ask}\n"


def waiting_run(server: RunningServer, name: str, *texts: str) -> str:
    """A run of version 1 that waits for a person, while the later texts were published."""
    server.post("/graphs", {"text": TEXT.replace("NAME", name)})
    run = server.started(name)
    for text in texts:
        server.post("/graphs", {"text": text.replace("NAME", name)})
    return run


def test_a_run_goes_on_on_a_version_that_only_differs_in_what_comes(server: RunningServer) -> None:
    """What it waits for was asked by both; what follows is the new version's."""
    run = waiting_run(server, "moving", TEXT.replace("value: 1", "value: 2"))

    plan = server.post(f"/runs/{run}/migrate/plan", {"version": 2})
    server.post(f"/runs/{run}/migrate", {"version": 2, "why": "the value was wrong"})
    server.post(f"/runs/{run}/answers", {"path": "ask", "choice": "go"})

    whole = server.get(f"/runs/{run}", params={"wait": 20})
    assert plan == {"run": run, "to": "version 2", "could_migrate": True, "obstacle": None}
    assert (whole["version"], whole["outputs"]) == ("version 2", {"then": 2})


def test_what_stands_in_the_way_of_a_run_is_told(server: RunningServer) -> None:
    """The first event that the other version would not have brought about, in words."""
    run = waiting_run(server, "stuck", TEXT.replace("Go?", "Go now?"))

    plan = server.post(f"/runs/{run}/migrate/plan", {"version": 2})
    refused = server.refused("POST", f"/runs/{run}/migrate", json={"version": 2})

    assert (plan["could_migrate"], plan["obstacle"]["path"]) == (False, "ask")
    assert (refused["status"], refused["code"]) == (409, "refused")


def test_a_run_is_tried_on_what_is_being_drafted(server: RunningServer) -> None:
    """Whether the runs in flight could go on is known before anything is published."""
    run = waiting_run(server, "trying")
    draft = {"text": TEXT.replace("NAME", "trying").replace("value: 1", "value: 3")}
    server.http.put("/v1/graphs/trying/draft", json=draft, headers={"if-none-match": "*"})

    moved = server.post(f"/runs/{run}/migrate/plan", {"draft": True})
    decided = server.post(f"/runs/{run}/redecide", {"graph": "trying", "draft": True})

    assert (moved["to"], moved["could_migrate"]) == ("draft", True)
    assert (decided["would_do"], decided["difference"]["nodes"]) == ([], [])
    assert [each["path"] for each in decided["ends"]] == ["ask"]


def test_where_a_run_is_to_go_is_said_once(server: RunningServer) -> None:
    """Of two places nobody would know which is meant; a version there is not is told."""
    run = waiting_run(server, "nowhere")

    both = server.refused("POST", f"/runs/{run}/migrate", json={"version": 1, "draft": True})
    neither = server.refused("POST", f"/runs/{run}/migrate", json={})
    missing = server.refused("POST", f"/runs/{run}/migrate", json={"version": 7})
    bundle = server.refused("POST", f"/runs/{run}/migrate", json={"bundle": "0" * 64})

    assert [both["code"], neither["code"]] == ["invalid_request", "invalid_request"]
    assert [missing["code"], bundle["code"]] == ["release_not_found", "thing_not_found"]


def test_a_run_is_forked_onto_a_graph_that_was_published(server: RunningServer) -> None:
    """What was registered over HTTP is named like any other graph."""
    server.post("/graphs", {"text": "graph: forked-on\ninputs: {thing: string}\nnodes: {a: {value: 5}}\n"})
    run = server.started("make")

    plan = server.post(f"/runs/{run}/fork/plan", {"start": "a", "graph": "forked-on"})
    forked = server.post(f"/runs/{run}/fork", {"start": "a", "graph": "forked-on", "token": plan["token"]})

    assert server.get(f"/runs/{forked['run']}", params={"wait": 20})["outputs"] == {"a": 5}
