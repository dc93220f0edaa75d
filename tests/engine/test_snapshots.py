"""Snapshots of long runs: resuming reads only what came later, and never believes a snapshot more than the log."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from interlock.bootstrap import TENANT
from interlock.core.compile import Catalogue, Compiled, compile_graph
from interlock.core.requests import Answer, StartRun
from interlock.core.state import STATE_FORM, RunState, encode_state
from interlock.engine import snapshots
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.snapshots import SNAPSHOT_EVENTS, SNAPSHOT_KIND
from interlock.store import DamagedError, LeaseOwner, Record, Sealed
from interlock.store.lease import first_lease
from interlock.store.memory.store import MemoryEventStore
from tests.engine.recorded_runs import SECOND
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop

EVERY = 20
"""So few events lie between two snapshots here."""
RUN = "run1"
OWNER = LeaseOwner("worker", "here", 1, 1)


def now() -> int:
    """One instant is enough."""
    return SECOND


class WatchedStore(MemoryEventStore):
    """A store in memory that notes behind which event a log was read from."""

    def __init__(self) -> None:
        super().__init__(clock=now)
        self.read_from: list[int] = []

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The events as stored."""
        self.read_from.append(after)
        return await super().read_sealed(tenant, run, after=after, limit=limit)


def looping(rounds: int) -> Compiled:
    """A graph that decides for a while and then waits for somebody."""
    loop = {"loop": {"n": {"value": "${round.index}"}}, "max": rounds, "at_max": "accept"}
    ask = {"human": "done?", "choices": ["yes"], "after": "count"}
    return compile_graph({"graph": "long", "nodes": {"count": loop, "ask": ask}}, Catalogue())


async def started(engine: Engine, graph: Compiled) -> RunInHand:
    """A run of the graph, as far as it comes without anybody."""
    assert graph.plan is not None
    assert graph.bundle is not None
    await engine.keep_bundle(graph.plan, graph.bundle.bytes)
    lease = first_lease(TENANT, RUN, OWNER, at=now())
    run = RunInHand(graph.plan, RunState(RUN, TENANT), lease, await engine.packer())
    await engine.advance(run, [Arrival(StartRun(inputs={}))])
    return run


def engine_on(store: MemoryEventStore, *, every: int = EVERY) -> Engine:
    """An engine as another process would have it: it knows nothing of the run yet."""
    return Engine(store, tenant=TENANT, now=now, judge=JUDGE, snapshot_events=every)


async def snapshot_on_record(store: MemoryEventStore) -> Record:
    """The run's snapshot."""
    record = await store.records.find(TENANT, SNAPSHOT_KIND, RUN)
    assert record is not None
    return record


@in_event_loop
async def test_a_long_run_is_resumed_from_its_snapshot() -> None:
    """Its first million events were folded once: nobody should wait for them again."""
    async with WatchedStore() as store:
        run = await started(engine_on(store), looping(20))

        resumed = await engine_on(store).load(RUN, run.lease)

        assert store.read_from == [run.state.seq]
        assert encode_state(resumed.state) == encode_state(run.state)


@in_event_loop
async def test_what_came_behind_the_snapshot_is_folded_onto_it() -> None:
    """A crash comes between two snapshots, hardly ever right behind one."""
    async with WatchedStore() as store:
        engine = engine_on(store)
        run = await started(engine, looping(20))
        snapshot = await snapshot_on_record(store)
        await engine.record(run, [Arrival(Answer(path="ask", by="ann", choice="yes"), "ann")])

        resumed = await engine_on(store).load(RUN, run.lease)

        assert store.read_from == [run.state.seq - 1]
        assert encode_state(resumed.state) == encode_state(run.state)
        assert await snapshot_on_record(store) == snapshot


@in_event_loop
async def test_a_short_run_has_no_snapshot_and_is_not_asked_for_one() -> None:
    """Most runs are short, and pay nothing for those that are not."""
    async with WatchedStore() as store:
        await started(engine_on(store, every=SNAPSHOT_EVENTS), looping(20))

        assert await store.records.listed(TENANT, SNAPSHOT_KIND) == []


@in_event_loop
async def test_the_snapshot_of_a_run_goes_with_its_end() -> None:
    """Nobody resumes a run that has ended."""
    async with WatchedStore() as store:
        engine = engine_on(store)
        run = await started(engine, looping(20))

        await engine.advance(run, [Arrival(Answer(path="ask", by="ann", choice="yes"), "ann")])

        assert run.has_ended
        assert await store.records.listed(TENANT, SNAPSHOT_KIND) == []


@pytest.mark.parametrize("place", [0, 40, 200, -1])
@in_event_loop
async def test_a_snapshot_with_a_changed_byte_counts_as_none(place: int) -> None:
    """The log alone says what is true; what is damaged beside it costs time and nothing else."""
    async with WatchedStore() as store:
        run = await started(engine_on(store), looping(20))
        data = bytearray((await snapshot_on_record(store)).data)
        data[place] ^= 1
        await store.records.put(TENANT, SNAPSHOT_KIND, RUN, bytes(data))

        resumed = await engine_on(store).load(RUN, run.lease)

        assert store.read_from == [0]
        assert encode_state(resumed.state) == encode_state(run.state)


@in_event_loop
async def test_the_snapshot_of_another_run_counts_as_none() -> None:
    """A place that was put together from two backups may hold it."""
    async with WatchedStore() as store, WatchedStore() as other:
        run = await started(engine_on(store), looping(20))
        await started(engine_on(other), looping(20))
        await store.records.put(TENANT, SNAPSHOT_KIND, RUN, (await snapshot_on_record(other)).data)

        resumed = await engine_on(store).load(RUN, run.lease)

        assert store.read_from == [0]
        assert encode_state(resumed.state) == encode_state(run.state)


@in_event_loop
async def test_a_snapshot_that_is_not_of_this_log_counts_as_none() -> None:
    """Its own digest holds, and yet the header that it names is not the one that the log goes on from."""
    async with WatchedStore() as store:
        run = await started(engine_on(store), looping(20))
        bundle, key = run.plan.bundle_hash, await store.blob_key(TENANT)
        foreign = snapshots.write_snapshot(run.state, bundle=bundle, header=sha256(b"other").digest(), key=key)
        await store.records.put(TENANT, SNAPSHOT_KIND, RUN, foreign)

        resumed = await engine_on(store).load(RUN, run.lease)

        assert store.read_from == [run.state.seq, 0]
        assert encode_state(resumed.state) == encode_state(run.state)


@in_event_loop
async def test_a_log_that_was_changed_behind_a_snapshot_is_still_found_out() -> None:
    """A snapshot spares reading what lies before it, not looking at what lies behind it."""
    async with WatchedStore() as store:
        engine = engine_on(store)
        run = await started(engine, looping(20))
        await engine.record(run, [Arrival(Answer(path="ask", by="ann", choice="yes"), "ann")])
        log = await store.read_sealed(TENANT, RUN)
        damaged = DamagingStore(store, msgspec.structs.replace(log[-1], payload=b"other"))

        with pytest.raises(DamagedError, match=f"event {run.state.seq} of run {RUN}"):
            await engine_on(damaged).load(RUN, run.lease)


@in_event_loop
async def test_a_snapshot_of_another_bundle_or_release_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another release may mean something else by the same bytes."""
    async with WatchedStore() as store:
        graph = looping(20)
        run = await started(engine_on(store), graph)
        record, key = await snapshot_on_record(store), await store.blob_key(TENANT)
        known: dict[str, Any] = {"tenant": TENANT, "run": RUN, "key": key}

        on_other_bundle = snapshots.read_snapshot(record.data, bundle="another", **known)
        monkeypatch.setattr(snapshots, "_here", lambda: ("0.0.9", 1, STATE_FORM))
        of_other_release = snapshots.read_snapshot(record.data, bundle=run.plan.bundle_hash, **known)

        assert (on_other_bundle, of_other_release) == (None, None)


def test_a_large_state_is_written_less_often() -> None:
    """A run that holds ten megabytes would else write ten megabytes for each two thousand events."""
    small = snapshots.SnapshotMark(seq=1_000, size=1_000)
    large = snapshots.SnapshotMark(seq=1_000, size=10_000_000)

    assert [small.is_due(seq, every=2_000) for seq in (2_999, 3_000)] == [False, True]
    assert [large.is_due(seq, every=2_000) for seq in (40_000, 41_000)] == [False, True]


def test_the_form_of_a_state_has_a_number_of_its_own() -> None:
    """A state of another shape is misread: whoever changes `RunState` raises `STATE_FORM` and notes it here."""
    shape = sha256(msgspec.json.encode(msgspec.json.schema(RunState), order="deterministic")).hexdigest()[:16]

    assert (STATE_FORM, shape) == (8, "03935a2bc28b52ad")


class DamagingStore(WatchedStore):
    """What another store holds, with the last event of its log replaced."""

    def __init__(self, other: WatchedStore, last: Sealed) -> None:
        super().__init__()
        self.__dict__.update({name: value for name, value in vars(other).items() if name != "read_from"})
        self.last = last

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The events as they are stored now."""
        return [*(await super().read_sealed(tenant, run, after=after, limit=limit))[:-1], self.last]
