"""Triggers over HTTP: seen, paused, resumed, fired; and events that start runs of whichever graphs want them."""

from __future__ import annotations

from typing import Any

import pytest

from interlock import Interlock
from interlock.embedded.served import Served
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer

SHIP = {
    "graph": "ship",
    "inputs": {"n": "integer"},
    "triggers": {
        "nightly": {"cron": "0 3 * * *", "zone": "Europe/Berlin", "inputs": {"n": 1}},
        "on_order": {"event": "order.paid", "inputs": {"n": "${event.data.n}"}},
    },
    "nodes": {"sent": {"value": "${inputs.n}"}},
}


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> RunningServer:
    """A server with a released graph that has two triggers."""
    server.soon(_release(server.served[0]))
    return server


async def _release(served: Served[Interlock]) -> None:
    await (await served.of("local")).release(SHIP, by="ada")


def test_triggers_are_listed_page_by_page(shop: RunningServer) -> None:
    """When something starts next is the first thing that is asked in the morning."""
    listed: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = shop.get("/schedules", params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        listed, cursor = listed + page["triggers"], page["next"]

    nightly, on_order = (each for each in listed if each["graph"] == "ship")
    assert (nightly["name"], nightly["kind"], nightly["zone"], nightly["overlap"]) == (
        "nightly", "cron", "Europe/Berlin", "skip",
    )  # fmt: skip
    assert (on_order["what"], on_order["next"]) == ("order.paid", None)
    assert len({(each["graph"], each["name"]) for each in listed}) == len(listed)


def test_a_trigger_is_paused_and_resumed_and_says_what_can_be_done(shop: RunningServer) -> None:
    """A button that would be refused says so beforehand."""
    paused = shop.post("/schedules/ship/nightly/pause", {"why": "moving house"})
    again = shop.refused("POST", "/schedules/ship/nightly/pause", json={})
    resumed = shop.post("/schedules/ship/nightly/resume")

    assert (paused["paused"]["by"], paused["paused"]["why"], paused["next"]) == ("local", "moving house", None)
    assert paused["actions"]["pause"] == {"allowed": False, "reason": "it is paused already"}
    assert (again["status"], again["code"]) == (409, "refused")
    assert (resumed["paused"], resumed["next"] > 0) == (None, True)


def test_a_trigger_is_fired_by_hand(shop: RunningServer) -> None:
    """Nobody waits for three at night to see whether it works."""
    fired = shop.http.post("/v1/schedules/ship/nightly/fire", json={"why": "to see"})

    run = fired.json()["run"]
    assert (fired.status_code, fired.headers["location"]) == (202, f"/v1/runs/{run}")
    assert shop.get(f"/runs/{run}", params={"wait": 20})["outputs"] == {"sent": 1}
    assert shop.get("/schedules/ship/nightly")["last"]["run"] == run


def test_an_event_that_comes_twice_starts_one_run(shop: RunningServer) -> None:
    """Who never heard the answer sends it again."""
    event = {"name": "order.paid", "data": {"n": 7}, "id": "order-7"}

    first, again = shop.post("/events", event), shop.post("/events", event)

    [started], [known] = first["triggers"], again["triggers"]
    assert (started["trigger"], started["outcome"]) == ("ship/on_order", "started")
    assert (known["outcome"], known["run"]) == ("known", started["run"])
    assert shop.get(f"/runs/{started['run']}", params={"wait": 20})["outputs"] == {"sent": 7}


def test_an_event_that_nobody_wants_is_told_so(shop: RunningServer) -> None:
    """A name that was mistyped would else look as if all were well."""
    assert shop.post("/events", {"name": "order.payed"}) == {"triggers": []}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/schedules/ship/nightli/fire", {}, 404, "schedule_not_found"),
        ("/schedules/ship/nightly/resume", {}, 409, "refused"),
        ("/schedules/ship/on_order/fire", {"data": {}}, 409, "refused"),
        ("/events", {"name": " order.paid"}, 422, "invalid_request"),
        ("/events", {"name": ""}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_done_with_a_trigger_says_why(
    shop: RunningServer, path: str, body: dict[str, object], status: int, code: str
) -> None:
    """Refused by a code, with the thing it is about."""
    told = shop.refused("POST", path, json=body)

    assert (told["status"], told["code"]) == (status, code)


def test_another_tenant_sees_no_trigger_and_a_viewer_only_looks(shop: RunningServer) -> None:
    """A trigger is its tenant's, and starting runs takes more than looking."""
    with shop.as_key(key_of(shop, tenant="other")) as other:
        listed = other.get("/v1/schedules").json()["triggers"]
        found = other.post("/v1/schedules/ship/nightly/fire", json={}).json()
        offered = other.post("/v1/events", json={"name": "order.paid", "data": {"n": 1}}).json()
    with shop.as_key(key_of(shop, tenant="local", role="viewer")) as viewer:
        seen = viewer.get("/v1/schedules/ship/nightly").json()
        fired = viewer.post("/v1/schedules/ship/nightly/fire", json={}).json()

    assert (listed, found["code"], offered) == ([], "schedule_not_found", {"triggers": []})
    assert (seen["actions"]["fire"]["allowed"], fired["code"]) == (False, "not_allowed")
