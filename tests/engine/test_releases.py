"""The history of a graph's releases: what is in force, what was before, and two who release at once."""

from __future__ import annotations

import pytest

from interlock.core.bundle import Bundle
from interlock.core.compile import Catalogue, compile_graph
from interlock.core.plan import Plan
from interlock.engine.engine import Engine
from interlock.engine.errors import NoReleaseError
from interlock.engine.releasing.releases import KIND, Release, all_released, go_back, publish, released
from interlock.store.errors import RecordChangedError
from interlock.store.memory.store import MemoryEventStore
from tests.engine.recorded_runs import SECOND
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop


def graph_that_gives(value: int, name: str = "g") -> tuple[Plan, bytes]:
    """A graph, and its bundle."""
    compiled = compile_graph({"graph": name, "nodes": {"a": {"value": value}}}, Catalogue({}))
    assert isinstance(compiled.plan, Plan)
    assert isinstance(compiled.bundle, Bundle)
    return compiled.plan, compiled.bundle.bytes


def engine_on(store: MemoryEventStore) -> Engine:
    """An engine whose clock stands."""
    return Engine(store, tenant="local", now=lambda: SECOND, judge=JUDGE)


@in_event_loop
async def test_going_back_twice_goes_back_two_versions() -> None:
    """Back and forth between two broken versions is what nobody wants who goes back again."""
    async with MemoryEventStore(clock=lambda: SECOND) as store:
        engine = engine_on(store)
        plans = [graph_that_gives(value) for value in (1, 2, 3)]
        for plan, bundle in plans:
            await publish(engine, plan, bundle, by="ada")

        backs = [await go_back(engine, "g", by="bob") for _ in range(2)]

        with pytest.raises(NoReleaseError):
            await go_back(engine, "g", by="bob")
    assert [(back.version, back.back_to, back.bundle) for back in backs] == [
        (4, 2, plans[1][0].bundle_hash),
        (5, 1, plans[0][0].bundle_hash),
    ]


@in_event_loop
async def test_what_was_in_force_before_a_new_version_is_gone_back_to_though_it_was_old() -> None:
    """After 1, 2, back to 1, and 4: before 4 it was 1 that worked, and not 2."""
    async with MemoryEventStore(clock=lambda: SECOND) as store:
        engine = engine_on(store)
        await publish(engine, *graph_that_gives(1), by="ada")
        await publish(engine, *graph_that_gives(2), by="ada")
        await go_back(engine, "g", by="ada")
        await publish(engine, *graph_that_gives(4), by="ada")

        back = await go_back(engine, "g", by="ada")

    assert (back.version, back.back_to) == (5, 1)


@in_event_loop
async def test_of_two_who_release_at_once_the_second_is_told() -> None:
    """Else the one who is second would put out of force what they have never seen."""
    async with MemoryEventStore(clock=lambda: SECOND) as store:
        engine = engine_on(store)
        await publish(engine, *graph_that_gives(1), by="ada")
        before = await store.records.find("local", KIND, "g")
        assert before is not None
        await publish(engine, *graph_that_gives(2), by="bob")

        with pytest.raises(RecordChangedError):
            await store.records.put("local", KIND, "g", before.data, expected=before.version)


@in_event_loop
async def test_every_graph_has_a_history_of_its_own() -> None:
    """Versions are counted graph by graph."""
    async with MemoryEventStore(clock=lambda: SECOND) as store:
        engine = engine_on(store)
        plan, bundle = graph_that_gives(1, "one")
        await publish(engine, plan, bundle, by="ada", why="first")
        await publish(engine, *graph_that_gives(1, "two"), by="ada")

        histories = await all_released(engine)

        assert histories[0] == await released(engine, "one")
    first = Release(version=1, bundle=plan.bundle_hash, graph_hash=plan.graph_hash, at=SECOND, by="ada", why="first")
    assert [history.graph for history in histories] == ["one", "two"]
    assert histories[0].releases == (first,)
