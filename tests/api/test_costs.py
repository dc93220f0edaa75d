"""Costs over HTTP: of many runs, of one, and call by call; with where it goes on when there is more to read."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from interlock import tool
from interlock.api import costs
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph

GRAPHS: dict[str, Graph] = {
    "looks": {"nodes": {"a": {"tool": "look", "input": {}}, "b": {"tool": "look", "input": {}, "after": "a"}}},
    "peeks": {"nodes": {"a": {"tool": "peek", "input": {}}}},
}


@tool(effect="read", usd="0.01")
async def look() -> int:
    """See the number."""
    return 42


@tool(effect="read", usd="0.002")
async def peek() -> int:
    """See some of it."""
    return 4


@pytest.fixture(scope="module")
def paid() -> Generator[RunningServer]:
    """A server on which three runs have cost money."""
    with running_server(GRAPHS, [look, peek]) as running:
        for team in ("red", "blue"):
            running.started("looks", labels={"team": team})
        running.started("peeks", labels={"team": "red"})
        yield running


def test_costs_are_added_up_by_what_calls_have_in_common(paid: RunningServer) -> None:
    """Who asks where the money went, asks by tool, by team, by graph."""
    by_tool = paid.get("/costs", params={"by": "tool"})
    by_team = paid.get("/costs", params={"by": "label:team", "graph": "looks"})

    assert [(each["name"], each["calls"], each["usd"]) for each in by_tool["groups"]] == [
        ("look", 4, 40_000), ("peek", 1, 2_000),
    ]  # fmt: skip
    assert (by_tool["runs"], by_tool["total"]["usd"], by_tool["next"]) == (3, 42_000, None)
    assert {each["name"]: each["usd"] for each in by_team["groups"]} == {"red": 20_000, "blue": 20_000}


def test_what_was_not_read_for_one_answer_is_read_for_the_next(paid: RunningServer) -> None:
    """No answer takes minutes; whoever wants all of it adds the answers up."""
    first = paid.get("/costs", params={"limit": 2})
    second = paid.get("/costs", params={"limit": 2, "cursor": first["next"]})

    assert [(each["runs"], each["total"]["usd"], each["next"] is None) for each in (first, second)] == [
        (2, 22_000, False), (1, 20_000, True),
    ]  # fmt: skip


def test_an_answer_for_which_time_is_up_goes_on_where_it_stopped(
    paid: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with a million events must not hold up everybody else; and it always comes further."""
    monkeypatch.setattr(costs, "READ_SECONDS", -1.0)

    first = paid.get("/costs")
    second = paid.get("/costs", params={"cursor": first["next"]})

    assert [(each["runs"], each["total"]["usd"]) for each in (first, second)] == [(1, 2_000), (1, 20_000)]


def test_groups_for_which_there_is_no_room_are_taken_together(
    paid: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By run there are as many groups as runs; the sum is right all the same."""
    monkeypatch.setattr(costs, "GROUPS_MAX", 1)

    told = paid.get("/costs", params={"by": "tool"})

    assert ([each["name"] for each in told["groups"]], told["others"]["usd"]) == (["look"], 2_000)
    assert told["total"]["usd"] == 42_000


def test_a_run_is_taken_apart_call_by_call(paid: RunningServer) -> None:
    """A sum is believed once it can be taken apart."""
    run = paid.get("/runs", params={"graph": "looks"})["runs"][0]["run"]

    told = paid.get(f"/runs/{run}/costs")
    first = paid.get(f"/runs/{run}/calls", params={"limit": 1})
    second = paid.get(f"/runs/{run}/calls", params={"limit": 1, "cursor": first["next"]})

    calls = [call for page in (first, second) for call in page["calls"]]
    assert [(call["path"], call["name"], call["status"], call["costs"]["usd"]) for call in calls] == [
        ("a", "look", "done", 10_000), ("b", "look", "done", 10_000),
    ]  # fmt: skip
    assert (told["run"], told["by"], told["total"]["usd"], second["next"]) == (run, "node", 20_000, None)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"by": "colour"}, "by"),
        ({"by": "label:"}, "by"),
        ({"status": "asleep"}, "status.0"),
        ({"label": "red"}, "label.0"),
    ],
)
def test_what_costs_cannot_be_grouped_by_is_refused(paid: RunningServer, asked: dict[str, str], field: str) -> None:
    """With what they can be grouped by."""
    told = paid.refused("GET", "/costs", params=asked)

    assert (told["code"], told["field"]) == ("invalid_request", field)


def test_another_tenant_has_paid_nothing_and_a_key_for_runs_sees_no_costs(paid: RunningServer) -> None:
    """What somebody pays is a matter of its own."""
    run = paid.get("/runs")["runs"][0]["run"]
    with paid.as_key(key_of(paid, tenant="other")) as other:
        nothing, unknown = other.get("/v1/costs").json(), other.get(f"/v1/runs/{run}/calls").json()
    with paid.as_key(key_of(paid, tenant="local", scopes=("runs",))) as runs_only:
        refused = runs_only.get("/v1/costs").json()

    assert (nothing["runs"], unknown["code"], refused["code"]) == (0, "run_not_found", "not_allowed")
