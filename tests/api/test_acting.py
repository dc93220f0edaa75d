"""The same asked of many runs over HTTP: planned first, asked page by page, told run by run."""

from __future__ import annotations

import pytest

from interlock.api.runs import acting
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer


def test_what_is_planned_says_how_many_are_meant_and_changes_nothing(server: RunningServer) -> None:
    """A filter that is too wide is seen before and not after."""
    run = server.started("ask", labels={"of": "plans"})
    server.started("make", labels={"of": "plans"})

    plan = server.post("/runs/actions/plan", {"act": "cancel", "labels": {"of": "plans"}})

    assert (plan["runs"], plan["is_more"]) == (1, False)
    assert plan["meant"] == [{"graph": "ask", "status": "waiting", "runs": 1}]
    assert server.get(f"/runs/{run}/row")["status"] == "waiting"


def test_runs_that_are_started_after_the_plan_are_not_meant(server: RunningServer) -> None:
    """Who agreed to three runs did not agree to a fourth."""
    meant = [server.started("ask", labels={"of": "later"}) for _ in range(2)]
    body = {"act": "cancel", "labels": {"of": "later"}}
    plan = server.post("/runs/actions/plan", body)
    later = server.started("ask", labels={"of": "later"})

    report = server.post("/runs/actions", {**body, "token": plan["token"], "why": "bad release"})

    assert (report["runs"], report["refused"], report["next"]) == (2, [], None)
    assert [server.get(f"/runs/{run}/row")["status"] for run in (*meant, later)] == [
        "cancelled", "cancelled", "waiting",
    ]  # fmt: skip


def test_more_runs_than_are_asked_at_once_are_asked_in_turn(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request lasts as long as a thousand runs take; each run is asked once."""
    monkeypatch.setattr(acting, "RUNS_ASKED_MAX", 2)
    runs = [server.started("failing", labels={"of": "turns"}) for _ in range(3)]
    body = {"act": "retry", "labels": {"of": "turns"}}
    act = {**body, "token": server.post("/runs/actions/plan", body)["token"]}

    first = server.post("/runs/actions", act)
    second = server.post("/runs/actions", {**act, "cursor": first["next"]})

    assert (first["runs"], second["runs"], second["next"]) == (2, 1, None)
    assert list(first["started"]) + list(second["started"]) == runs[::-1]
    assert len({*first["started"].values(), *second["started"].values()}) == 3


def test_runs_are_named_one_by_one_and_each_refusal_is_told(server: RunningServer) -> None:
    """What was ticked on a page is asked at once, and one that says no stops no other."""
    failed, done = server.started("failing"), server.started("make")
    body = {"act": "rollback", "runs": [failed, done, done]}
    plan = server.post("/runs/actions/plan", body)

    report = server.post("/runs/actions", {**body, "token": plan["token"]})

    assert (plan["runs"], report["runs"]) == (2, 2)
    assert set(report["started"]) | {each["run"] for each in report["refused"]} == {failed, done}


def test_runs_are_cancelled_and_take_back_what_they_did(server: RunningServer) -> None:
    """A release was bad: what it has done so far goes as well."""
    run = server.started("undoing", labels={"of": "undoing"})
    body = {"act": "cancel_with_rollback", "labels": {"of": "undoing"}}

    server.post("/runs/actions", {**body, "token": server.post("/runs/actions/plan", body)["token"]})

    assert server.get(f"/runs/{run}", params={"wait": 20})["status"] == "rolled_back"


def test_each_run_says_who_asked_and_why(server: RunningServer) -> None:
    """An auditor reads one run, and finds there what was asked of a thousand."""
    run = server.started("ask")
    body = {"act": "pause", "runs": [run]}

    server.post("/runs/actions", {**body, "token": server.post("/runs/actions/plan", body)["token"], "why": "lunch"})

    [asked] = server.get(f"/runs/{run}/events", params={"type": "run.paused"})["events"]
    assert (asked["actor"], asked["body"]["why"]) == ("local", "lunch")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"act": "cancel", "graph": "ask"}, 428, "plan_required"),
        ({"act": "cancel", "graph": "ask", "token": "1.0"}, 409, "plan_outdated"),
        ({"act": "cancel", "graph": "ask", "token": "nonsense"}, 409, "plan_outdated"),
    ],
)
def test_an_act_without_its_plan_is_refused(
    server: RunningServer, body: dict[str, object], status: int, code: str
) -> None:
    """Nobody stops a thousand runs by a slip."""
    told = server.refused("POST", "/runs/actions", json=body)

    assert (told["status"], told["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "cancel"}, "runs"),
        ({"act": "cancel", "runs": ["a"], "graph": "ask"}, "runs"),
        ({"act": "pause", "graph": ""}, "graph"),
        ({"act": "pause", "status": ["asleep"]}, "status.0"),
        ({"act": "erase", "graph": "ask"}, "act"),
        ({"act": "pause", "session": "a", "labels": {"session": "b"}}, "session"),
    ],
)
def test_what_runs_are_meant_has_to_be_said_rightly(server: RunningServer, body: dict[str, object], field: str) -> None:
    """A filter that is forgotten would mean every run there is."""
    told = server.refused("POST", "/runs/actions/plan", json=body)

    assert (told["code"], told["field"]) == ("invalid_request", field)


def test_a_run_whose_name_is_half_a_character_is_a_wrong_request(server: RunningServer) -> None:
    """JSON can write what is no text, and no store could look for it."""
    body = b'{"act": "pause", "runs": ["\\ud800"]}'

    told = server.refused("POST", "/runs/actions/plan", content=body, headers={"content-type": "application/json"})

    assert (told["code"], told["field"]) == ("invalid_request", "runs.0")


def test_another_tenants_runs_are_not_meant_and_a_viewer_asks_nothing(server: RunningServer) -> None:
    """Not by a filter, and not by name."""
    run = server.started("ask")
    with server.as_key(key_of(server, tenant="other")) as other:
        meant = other.post("/v1/runs/actions/plan", json={"act": "cancel", "graph": "ask"}).json()
        named = other.post("/v1/runs/actions/plan", json={"act": "cancel", "runs": [run]}).json()
    with server.as_key(key_of(server, tenant="local", role="viewer")) as viewer:
        looked = viewer.post("/v1/runs/actions/plan", json={"act": "cancel", "graph": "ask"}).json()

    assert (meant["runs"], named["code"], looked["code"]) == (0, "run_not_found", "not_allowed")
