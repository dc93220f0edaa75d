"""Why a run went as it did, over HTTP: decisions, causes, the way taken, prompts."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from interlock.agents import agent
from tests.api.conftest import GRAPHS
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph, Workshop, making

FORK: Graph = {
    "inputs": {"big": {"type": "boolean"}},
    "nodes": {
        "a": making("cup"),
        "big": making("jug", after={"a": {"when": "${inputs.big}"}}),
        "small": making("thimble", after={"a": {"when": "${!inputs.big}"}}),
    },
}


@pytest.fixture(scope="module")
def server() -> Generator[RunningServer]:
    """A server whose graphs have ways to choose from."""
    with running_server({"fork": FORK, **GRAPHS}, Workshop("broken").tools) as running:
        yield running


def forked(server: RunningServer) -> str:
    """A run that took one of two ways."""
    return server.started("fork", {"big": True})


def test_every_choice_is_told_with_its_rule(server: RunningServer) -> None:
    """An auditor asks what was allowed by which rule, and which way was taken why."""
    run = forked(server)

    page = server.get(f"/runs/{run}/decisions")

    told = [(each["path"], each["decision"]["point"], each["decision"]["chosen"]) for each in page["decisions"]]
    assert told == [
        ("", "policy", "allow"),
        ("a", "policy", "allow"),
        ("a", "edge", "big"),
        ("a", "edge", ""),
        ("big", "policy", "allow"),
    ]
    assert page["next"] is None
    assert page["decisions"][0]["decision"]["digest"] != ""
    assert page["decisions"][1]["asked"] == "make"
    assert "default#" in page["decisions"][1]["decision"]["rule"]


def test_a_person_who_chose_stands_with_the_choice(server: RunningServer) -> None:
    """Who said yes is the first question after an incident."""
    run = server.started("ask")
    server.post(f"/runs/{run}/answers", {"path": "ask", "choice": "release", "why": "it is fine"})
    server.get(f"/runs/{run}", params={"wait": 20})

    page = server.get(f"/runs/{run}/decisions", params={"point": "answer", "path": "ask"})

    given, made = page["decisions"]
    assert (given["event"], given["by"], given["decision"]["chosen"]) == ("answer.given", "local", "release")
    assert made["decision"]["options"][0] == {"name": "local", "score": "release", "note": "it is fine"}


def test_decisions_are_read_page_by_page(server: RunningServer) -> None:
    """Of a long run there are thousands; each is on one page."""
    run = forked(server)
    whole = server.get(f"/runs/{run}/decisions")["decisions"]

    first = server.get(f"/runs/{run}/decisions", params={"limit": 2})
    second = server.get(f"/runs/{run}/decisions", params={"limit": 50, "cursor": first["next"]})
    other = server.refused("GET", f"/runs/{run}/decisions", params={"point": "edge", "cursor": first["next"]})

    assert [*first["decisions"], *second["decisions"]] == whole
    assert other["code"] == "invalid_cursor"


def test_decisions_are_found_by_what_was_said(server: RunningServer) -> None:
    """What was denied is looked for, and not read out of thousands that were allowed."""
    run = forked(server)

    denied = server.get(f"/runs/{run}/decisions", params={"point": "policy", "verdict": "deny"})
    big = server.get(f"/runs/{run}/decisions", params={"verdict": ["big", "small"]})

    assert denied["decisions"] == []
    assert [each["decision"]["chosen"] for each in big["decisions"]] == ["big"]


def test_what_led_to_a_node_is_told_from_the_start(server: RunningServer) -> None:
    """The other way that was not taken is no cause of it."""
    run = forked(server)

    steps = server.get(f"/runs/{run}/causes", params={"path": "big"})["steps"]

    assert [(step["type"], step["path"], step["follows_from"]) for step in steps][:2] == [
        ("run.started", "", []),
        ("node.started", "a", [1]),
    ]
    assert {step["path"] for step in steps} == {"", "a", "big"}


def test_causes_go_on_behind_an_event(server: RunningServer) -> None:
    """A long run is read in pieces."""
    run = forked(server)
    whole = server.get(f"/runs/{run}/causes")["steps"]

    first = server.get(f"/runs/{run}/causes", params={"limit": 3})
    second = server.get(f"/runs/{run}/causes", params={"after": first["next"]})

    assert [*first["steps"], *second["steps"]] == whole


def test_a_path_at_which_nothing_happened_is_told(server: RunningServer) -> None:
    """A misspelt path must not look like a node without causes, or without prompts."""
    run = forked(server)

    causes = server.refused("GET", f"/runs/{run}/causes", params={"path": "nowhere"})
    prompts = server.refused("GET", f"/runs/{run}/prompts", params={"path": "a"})

    assert [causes["code"], prompts["code"]] == ["node_not_found", "node_not_found"]


def test_the_graph_of_a_run_shows_which_way_was_taken(server: RunningServer) -> None:
    """A picture of a run colours what happened, and leaves grey what did not."""
    run = forked(server)

    told = server.get(f"/runs/{run}/graph")

    assert [(node["path"], node["what"], node["statuses"]) for node in told["nodes"]] == [
        ("a", "tool make", {"succeeded": 1}),
        ("big", "tool make", {"succeeded": 1}),
        ("small", "tool make", {"skipped": 1}),
    ]
    assert [(edge["target"], edge["label"], edge["taken"]) for edge in told["edges"]] == [
        ("big", "inputs.big", 1),
        ("small", "!inputs.big", 0),
    ]


def test_copies_of_a_node_are_one_box(server: RunningServer) -> None:
    """A thousand items are no thousand boxes."""
    run = server.started("items", {"things": ["a", "b", "broken"]})

    [node] = server.get(f"/runs/{run}/graph")["nodes"]

    assert (node["path"], node["kind"], node["statuses"]) == ("each", "each", {"succeeded": 2, "failed": 1})
    assert node["what"].endswith(": tool make")


def test_what_was_erased_is_told_as_erased(server: RunningServer) -> None:
    """And not as a run in which nothing was decided."""
    run = server.started("make")
    server.soon(server.served[0].store.retention.erase_payloads("local", run))

    told = server.refused("GET", f"/runs/{run}/decisions")

    assert (told["status"], told["code"]) == (410, "payload_erased")


def test_prompts_are_told_to_the_letter(tmp_path: Path) -> None:
    """Whoever wonders at an answer wants to see the question."""
    (tmp_path / "clerk.yaml").write_text("agent: clerk\nturns: [{answer: {number: 42}}]\n", encoding="utf-8")
    clerk = agent("clerk", prompt="You answer.", output={"number": "integer"})
    models = {"providers": {"script": {"kind": "scripted", "path": "."}}}
    graph: dict[str, Graph] = {"work": {"nodes": {"work": {"agent": "clerk", "input": {}}}}}
    with running_server(graph, Workshop().tools, agents=[clerk], models=models, folder=tmp_path) as server:
        run = server.started("work")

        [call] = server.get(f"/runs/{run}/prompts", params={"path": "work"})["calls"]

    assert call["request"]["messages"][0] == {"type": "instructions", "text": "You answer."}
    assert (call["turn"], call["status"], call["simulated"], call["why"]) == (1, "done", True, "")
    assert [each["point"] for each in call["decisions"]] == ["policy", "model"]
