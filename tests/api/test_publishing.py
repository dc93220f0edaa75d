"""Graphs that are published over HTTP: planned, put in force, taken back, and known to nobody else."""

from __future__ import annotations

from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer

FIRST = {"if-none-match": "*"}


def text_of(name: str, value: object = 1) -> str:
    """A graph that gives a value, with a comment that only its text has."""
    return f"graph: {name}  # ours\ndescription: Gives a value.\nnodes: {{a: {{value: {value}}}}}\n"


def published(server: RunningServer, name: str, *values: object) -> None:
    """Publish a version for each value."""
    for value in values:
        server.post("/graphs", {"text": text_of(name, value), "message": f"gives {value}"})


def test_a_registered_graph_is_run_by_its_name(server: RunningServer) -> None:
    """A program brings its graph along once, and starts runs of it from anywhere."""
    made = server.post("/graphs", {"text": text_of("brought", 7), "message": "the first"})

    run = server.started("brought")

    whole = server.get(f"/runs/{run}")
    assert (made["is_new"], made["version"]["version"], made["version"]["why"]) == (True, 1, "the first")
    assert (whole["outputs"], whole["version"]) == ({"a": 7}, "version 1")


def test_registering_what_is_in_force_already_changes_nothing(server: RunningServer) -> None:
    """A program that does so at each start leaves one version behind."""
    published(server, "again", 1)

    answer = server.http.post("/v1/graphs", json={"text": text_of("again", 1)})

    assert (answer.status_code, answer.json()["is_new"], answer.json()["version"]["version"]) == (200, False, 1)


def test_a_graph_with_errors_is_not_registered(server: RunningServer) -> None:
    """Every problem is told with its line, as while it is written."""
    told = server.refused("POST", "/graphs", json={"text": "graph: wrong\nnodes:\n  a: {tool: maek}\n"})

    [problem] = told["problems"]
    assert (told["status"], told["code"]) == (422, "graph_invalid")
    assert (problem["field"], problem["line"], problem["column"], problem["end_column"]) == ("nodes.a.tool", 3, 13, 17)
    assert server.refused("GET", "/graphs/wrong")["code"] == "graph_not_found"


def test_a_draft_is_published_as_it_was_planned(server: RunningServer) -> None:
    """Who publishes has seen what changes, and which runs could move."""
    text = "graph: planned\nnodes: {ask: {human: 'Go?', choices: [go]}}\n"
    server.post("/graphs", {"text": text})
    run = server.started("planned")
    server.http.put("/v1/graphs/planned/draft", json={"text": text.replace("Go?", "Go now?")}, headers=FIRST)

    plan = server.post("/graphs/planned/versions/plan")
    made = server.post("/graphs/planned/versions", {"token": plan["token"], "message": "say now"})

    assert (plan["in_force"], plan["is_new"], plan["changes"]) == (
        1, True, [{"about": "question", "name": "ask", "how": "changed"}],
    )  # fmt: skip
    assert [(each["run"], each["version"], each["outlook"]) for each in plan["runs"]] == [
        (run, "version 1", "would break")
    ]
    assert (made["version"]["version"], made["version"]["by"]) == (2, "local")


def test_nothing_is_published_without_its_plan_or_by_another(server: RunningServer) -> None:
    """The token is of what was shown: a draft that was changed since has to be shown first."""
    saved = server.http.put("/v1/graphs/unseen/draft", json={"text": text_of("unseen")}, headers=FIRST)
    plan = server.post("/graphs/unseen/versions/plan")
    changed = {"if-match": saved.headers["etag"]}
    server.http.put("/v1/graphs/unseen/draft", json={"text": text_of("unseen", 2)}, headers=changed)

    unplanned = server.refused("POST", "/graphs/unseen/versions", json={})
    outdated = server.refused("POST", "/graphs/unseen/versions", json={"token": plan["token"]})

    assert [unplanned["code"], outdated["code"]] == ["plan_required", "plan_outdated"]


def test_the_version_before_is_in_force_again(server: RunningServer) -> None:
    """The way back is one request, and stands in the history like any other version."""
    published(server, "returning", 1, 2)

    back = server.post("/graphs/returning/back", {"why": "2 was wrong"})
    first = server.refused("POST", "/graphs/returning/back", json={})

    assert (back["version"]["version"], back["version"]["back_to"], back["version"]["why"]) == (3, 1, "2 was wrong")
    assert server.get(f"/runs/{server.started('returning')}")["outputs"] == {"a": 1}
    assert first["code"] == "release_not_found"


def test_versions_are_listed_and_kept_as_they_were_written(server: RunningServer) -> None:
    """Comments are no part of what a graph means, and are what people look for in an old version."""
    published(server, "kept", 1, 2, 3)

    first = server.get("/graphs/kept/versions", params={"limit": 2})
    rest = server.get("/graphs/kept/versions", params={"limit": 2, "cursor": first["next"]})
    version = server.get("/graphs/kept/versions/2")

    rows = [*first["versions"], *rest["versions"]]
    assert [(row["version"], row["in_force"], row["why"]) for row in rows] == [
        (3, True, "gives 3"), (2, False, "gives 2"), (1, False, "gives 1"),
    ]  # fmt: skip
    assert (version["text"], version["as_written"], rest["next"]) == (text_of("kept", 2), True, None)
    assert (version["document"]["nodes"], version["outputs"]) == ({"a": {"value": 2}}, ["a"])
    assert server.refused("GET", "/graphs/kept/versions/9")["code"] == "release_not_found"


def test_a_graph_names_another_that_was_published(server: RunningServer) -> None:
    """What is registered is built upon: the version in force is what goes into the new one."""
    published(server, "inner-part", 5)
    server.post("/graphs", {"text": "graph: outer-part\nnodes: {a: {graph: inner-part}}\n"})

    run = server.started("outer-part")

    assert server.get(f"/runs/{run}")["outputs"] == {"a": {"a": 5}}


def test_a_graph_of_a_tenant_is_unknown_to_others(server: RunningServer) -> None:
    """Not by a list, not by its name, not by what another graph names."""
    with server.as_key(key_of(server, role="owner")) as acme:
        made = acme.post("/v1/graphs", json={"text": text_of("secret-plan", 9)})
        own = [each["graph"] for each in acme.get("/v1/graphs", params={"limit": 500}).json()["graphs"]]
        run = acme.post("/v1/runs", json={"graph": "secret-plan"})
    others = [each["graph"] for each in server.get("/graphs", params={"limit": 500})["graphs"]]
    named = server.post("/graphs/validate", {"text": "graph: spy\nnodes: {a: {graph: secret-plan}}\n"})

    assert (made.status_code, run.status_code, "secret-plan" in own, "secret-plan" in others) == (201, 202, True, False)
    assert named["valid"] is False
    assert server.refused("GET", "/graphs/secret-plan")["code"] == "graph_not_found"
    assert server.refused("GET", "/graphs/secret-plan/versions/1")["code"] == "release_not_found"
    assert server.refused("POST", "/runs", json={"graph": "secret-plan"})["code"] == "graph_not_found"


def test_an_operator_drafts_and_does_not_publish(server: RunningServer) -> None:
    """What holds for others is put in force by an owner."""
    with server.as_key(key_of(server, role="operator")) as operator:
        drafted = operator.put("/v1/graphs/proposal/draft", json={"text": text_of("proposal")}, headers=FIRST)
        published = operator.post("/v1/graphs", json={"text": text_of("proposal")})
        planned = operator.post("/v1/graphs/proposal/versions/plan", json={})
        run = operator.post("/v1/runs", json={"graph": "proposal", "draft": True})

    assert (drafted.status_code, drafted.json()["actions"]["publish"]["allowed"]) == (201, False)
    assert [published.json()["code"], planned.json()["code"], run.json()["code"]] == ["not_allowed"] * 3


def test_a_viewer_looks_and_changes_nothing(server: RunningServer) -> None:
    """Also no draft: what somebody else is writing on is theirs."""
    with server.as_key(key_of(server, role="viewer")) as viewer:
        listed = viewer.get("/v1/graphs")
        drafted = viewer.put("/v1/graphs/idea/draft", json={"text": text_of("idea")}, headers=FIRST)

    assert (listed.status_code, drafted.json()["code"]) == (200, "not_allowed")
