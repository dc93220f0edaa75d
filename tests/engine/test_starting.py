"""Runs that are started here and driven elsewhere: what is on record of them, and who may have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.bootstrap import TENANT
from interlock.core.events import RunStarted
from interlock.core.requests import StartRun
from interlock.engine.engine import Engine
from interlock.engine.errors import RequestRefusedError
from interlock.engine.starting import start_detached
from interlock.store.errors import RunKeyTakenError
from interlock.store.lease import LeaseOwner
from tests.engine.recorded_runs import SECOND, plan_of
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop
from tests.store.places import MemoryPlace, Place, SqlitePlace

SUBMITTER = LeaseOwner("submitter", "host", 1, 1)
WORKER = LeaseOwner("worker", "other host", 2, 2)
PLAN = plan_of({"graph": "g", "inputs": {"n": "integer"}, "nodes": {"a": {"wait": "1h"}}})


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty place of each kind."""
    places: dict[str, Place] = {"memory": MemoryPlace(), "sqlite": SqlitePlace(tmp_path / "runs.db")}
    return places[request.param]


def now() -> int:
    """One instant is enough."""
    return SECOND


@in_event_loop
async def test_a_run_that_was_started_detached_is_due_at_once_and_free_for_any_worker(place: Place) -> None:
    """Whoever submits may leave the next moment, and must not stand in the way of who drives the run."""
    async with place.store() as store:
        engine = Engine(store, tenant=TENANT, now=now, judge=JUDGE)

        run = await start_detached(engine, PLAN, "run1", StartRun(inputs={"n": 1}, by="ann"), owner=SUBMITTER)

        events = await store.read(TENANT, run)
        (lease,) = await store.claim_runs(owner=WORKER, limit=2)
    assert [(type(event.body), event.actor) for event in events] == [(RunStarted, "ann")]
    assert (lease.run, lease.epoch, lease.owner) == ("run1", 2, WORKER)


@in_event_loop
async def test_a_start_that_is_refused_leaves_nothing_behind(place: Place) -> None:
    """A run that never was is in no list."""
    async with place.store() as store:
        engine = Engine(store, tenant=TENANT, now=now, judge=JUDGE)

        with pytest.raises(RequestRefusedError, match="not what graph g takes"):
            await start_detached(engine, PLAN, "run1", StartRun(inputs={}), owner=SUBMITTER)

        assert await store.find_run(TENANT, "run1") is None


@in_event_loop
async def test_starting_detached_twice_under_a_key_starts_once(place: Place) -> None:
    """It is what a start that may be repeated after a crash rests on."""
    async with place.store() as store:
        engine = Engine(store, tenant=TENANT, now=now, judge=JUDGE)
        request = StartRun(inputs={"n": 1}, key="order 7")
        await start_detached(engine, PLAN, "run1", request, owner=SUBMITTER)

        with pytest.raises(RunKeyTakenError) as taken:
            await start_detached(engine, PLAN, "run2", request, owner=SUBMITTER)

        assert (taken.value.taken_by, await store.find_run(TENANT, "run2")) == ("run1", None)
