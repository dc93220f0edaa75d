"""What runs are made of: agents, tools, models, and the policies that judge them."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from interlock.models.declaring import ModelsSettings
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


def test_agents_are_listed_and_told_with_their_contract(server: RunningServer) -> None:
    """Whoever builds a graph looks for who can do it, and what it takes."""
    page = server.get("/agents", params={"limit": 2})
    rest = server.get("/agents", params={"limit": 500, "cursor": page["next"]})
    name = page["agents"][0]["agent"]

    whole = server.get(f"/agents/{name}")

    names = [each["agent"] for each in (*page["agents"], *rest["agents"])]
    assert (len(page["agents"]), names) == (2, sorted(set(names)))
    assert (whole["agent"], whole["contract"]["name"], len(whole["hash"]), len(whole["prompt"])) == (name, name, 64, 64)


def test_a_tool_is_told_with_its_schemas_and_terms(server: RunningServer) -> None:
    """What a repeat would do, what it needs, and whether it may be called at all."""
    whole = server.get("/tools/make")

    assert whole["input"]["properties"] == {"thing": {"type": "string"}}
    assert {name: whole[name] for name in ("tool", "source", "effect", "risk", "state", "quarantined", "pin")} == {
        "tool": "make", "source": "python", "effect": "once", "risk": "low", "state": "own",
        "quarantined": None, "pin": None,
    }  # fmt: skip
    assert whole["permissions"] == {"hosts": [], "reads": [], "writes": [], "external": False}


def test_tools_are_listed_by_name(server: RunningServer) -> None:
    """All of them, page by page."""
    page = server.get("/tools", params={"limit": 3})
    rest = server.get("/tools", params={"limit": 500, "cursor": page["next"]})

    names = [each["tool"] for each in (*page["tools"], *rest["tools"])]
    assert (names, rest["next"], page["not_approved"]) == (sorted(names), None, [])
    assert {"make", "unmake", "hold"} <= set(names)


def test_what_there_is_not_is_told_with_what_may_be_meant(server: RunningServer) -> None:
    """A slip is the ordinary reason."""
    of_tool = server.refused("GET", "/tools/mke")
    of_agent = server.refused("GET", "/agents/nobody-like-that")

    assert (of_tool["status"], of_tool["code"], "make" in of_tool["detail"]) == (404, "tool_not_found", True)
    assert (of_agent["status"], of_agent["code"]) == (404, "agent_not_found")


def test_places_on_the_machine_are_told_to_nobody_elsewhere(server: RunningServer) -> None:
    """What folders a server has is no matter of its tenants."""
    with server.as_key(key_of(server, role="viewer")) as viewer:
        elsewhere = viewer.get("/v1/tools/make").json()

    assert ("place" in elsewhere, "place" in server.get("/tools/make")) == (False, True)


def test_the_rules_in_force_are_told_in_their_order(server: RunningServer) -> None:
    """The digest is what every decision names."""
    told = server.get("/policies", params={"limit": 500})

    verdicts = [each["verdict"] for each in told["rules"]]
    assert (told["default"], len(told["digest"]), verdicts) == (
        True,
        64,
        sorted(verdicts, key=["deny", "ask", "allow"].index),
    )


def test_a_movement_is_explained_by_the_rule_that_decides(server: RunningServer) -> None:
    """Before anybody waits for a refusal: what is said of a tool, and why."""
    of_tool = server.post("/policies/explain", {"point": "tool", "name": "make", "agent": "planner"})
    of_run = server.post("/policies/explain", {"point": "run", "name": "make"})

    [decides] = [each["rule"] for each in of_tool["rules"] if each["decides"]]
    assert decides == of_tool["rule"]
    assert of_tool["movement"]["effect"] == "once"
    assert "`make` says: effect once" in of_tool["note"]
    assert (of_run["verdict"], "note" in of_run) == ("allow", False)


def test_a_movement_that_cannot_be_is_refused(server: RunningServer) -> None:
    """A misspelt point would be judged by no rule, and look like a denial."""
    told = server.refused("POST", "/policies/explain", json={"point": "tol", "name": "make"})

    assert (told["code"], told["field"]) == ("invalid_request", "point")


def test_what_a_key_is_not_for_is_not_shown(server: RunningServer) -> None:
    """Each of them is an area of its own."""
    with server.as_key(key_of(server, scopes=("runs",))) as runs_only:
        codes = [runs_only.get(f"/v1/{path}").json()["code"] for path in ("agents", "tools", "models", "policies")]

    assert codes == ["not_allowed"] * 4


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server with a scripted model in a pool."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "planner.yaml").write_text("turns: [{text: done}]\n")
    models = ModelsSettings.model_validate(
        {"providers": {"scripts": {"kind": "scripted", "path": str(folder)}}}
    )  # fmt: skip
    with running_server({}, Workshop().tools, models=models) as running:
        yield running


def test_models_are_told_with_how_they_are_and_never_with_a_key(scripted: RunningServer) -> None:
    """A page shows what may be asked, what it costs, and that it is well."""
    [model] = scripted.get("/models")["models"]

    assert (model["pool"], model["name"], model["simulated"], model["resting"]) == (
        "default", "scripts/scripted", True, None,
    )  # fmt: skip
    assert (model["key"], model["trouble"]) == (None, None)
