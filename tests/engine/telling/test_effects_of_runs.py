"""Effects of many runs, page by page: each stands on one page, however runs and pages are cut."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.engine.telling import effects_of_runs
from interlock.engine.telling.effects_of_runs import EffectFilter, EffectPlace, effects_page
from interlock.store import EventStore
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, ended, started
from tests.store.places import MemoryPlace

RUNS = {"r1": "abc", "r2": "", "r3": "ab", "r4": "abcde", "r5": "a"}
ALL = [("r5", "a"), *[("r4", name) for name in "abcde"], ("r3", "a"), ("r3", "b"), *[("r1", name) for name in "abc"]]


async def stored(store: EventStore) -> None:
    """Runs with some effects each; the last one is the newest."""
    for run, effects in RUNS.items():
        lease = await store.acquire_lease(TENANT, run, owner=WORKER)
        begun = [(name, e.NodeStarted(1, f"{run}-{name}", "d", tool="t")) for name in effects]
        await store.append(append(lease, started(), *begun))


async def walked(store: EventStore, *, limit: int, looked_at_max: int = 5_000) -> list[tuple[str, str]]:
    """All effects, page by page."""
    found: list[tuple[str, str]] = []
    behind: EffectPlace | None = None
    while True:
        page, behind = await effects_page(
            store, TENANT, EffectFilter(), behind=behind, limit=limit, looked_at_max=looked_at_max
        )
        found += [(each.run, each.line.path) for each in page]
        if behind is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(("runs", "effects"), [(1, 1), (1, 100), (2, 2), (2, 3), (100, 1), (100, 5)])
@in_event_loop
async def test_every_effect_is_on_one_page_and_on_no_second_one(
    monkeypatch: pytest.MonkeyPatch, limit: int, runs: int, effects: int
) -> None:
    """Where a page ends in the middle of a run, the next one goes on there."""
    monkeypatch.setattr(effects_of_runs, "RUNS_AT_ONCE", runs)
    monkeypatch.setattr(effects_of_runs, "EFFECTS_AT_ONCE", effects)
    async with MemoryPlace().store() as store:
        await stored(store)

        assert await walked(store, limit=limit) == ALL


@in_event_loop
async def test_a_page_for_which_enough_was_looked_at_is_short_and_has_a_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A filter that nothing fits must not read a store of years for one answer."""
    monkeypatch.setattr(effects_of_runs, "RUNS_AT_ONCE", 1)
    async with MemoryPlace().store() as store:
        await stored(store)
        nothing = EffectFilter(name="nothing")

        page, behind = await effects_page(store, TENANT, nothing, behind=None, limit=10, looked_at_max=1)

        assert (page, behind is not None) == ([], True)
        assert await walked(store, limit=10, looked_at_max=1) == ALL


@in_event_loop
async def test_what_was_under_way_inside_a_run_that_has_ended_is_told_as_unknown() -> None:
    """No event says so of each step; of the run itself the same is told."""
    async with MemoryPlace().store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        begun = ("a", e.NodeStarted(1, "e-a", "d", tool="t"))
        step = ("a", e.EffectIntended(1, "e-step", "clone", "d"))
        await store.append(append(lease, started(), begun, step, ended("cancelled"), status="cancelled"))

        unknown = EffectFilter(statuses=frozenset({"unknown"}))
        page, _ = await effects_page(store, TENANT, unknown, behind=None, limit=10, looked_at_max=100)

        assert [(each.line.effect, each.line.status) for each in page] == [("e-step", "unknown")]
