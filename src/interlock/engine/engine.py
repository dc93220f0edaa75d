"""The engine: loads a run, settles it, appends. `advance` is the only place where a run moves.

Acts on recorded events alone: it gives back the effects that they ask for and performs none of them; a driver does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct, structs

from interlock.core.compile import open_bundle
from interlock.core.events import Event, RunMigrated
from interlock.core.evolving.resting import may_rest
from interlock.core.plan import Micros, Plan
from interlock.core.requests import Refused, Request, StartRun
from interlock.core.settle import Arrived, admit_all, fold, settle
from interlock.core.state import RunState, next_due, status_of
from interlock.core.values import Packer, Value, decode, has_parts, refs_in, with_refs_replaced
from interlock.core.verdicts import Judge, Movement
from interlock.core.verify import bundle_in_force
from interlock.engine.effects import Effect, FindOut, effects_in, is_asked
from interlock.engine.errors import BundleChangedError, RunNotFoundError
from interlock.engine.snapshots import (
    SNAPSHOT_EVENTS,
    SNAPSHOT_KIND,
    Resumable,
    SnapshotMark,
    read_snapshot,
    write_snapshot,
)
from interlock.store.effect_queue import Offer
from interlock.store.errors import DamagedError, StoreError
from interlock.store.event_store import Append, EventStore
from interlock.store.lease import Lease
from interlock.store.rows import RunRow
from interlock.store.sealing import CHAIN_START, header_hash, unseal_all

BLOBS_KEPT_MAX = 256
"""How many loaded blobs of one run are kept at hand."""
DECIDED_AT_ONCE_MAX = 4_000
"""How many decisions go into one append. A loop of a million rounds that waits for nobody decides for minutes: what it
has decided is appended in between, and a cancel is heard."""
BLOBS_READ_AT_ONCE = 64
EVENTS_READ_AT_ONCE = 2_000
OPENED_AT_ONCE_BYTES = 64 * 1024
"""A larger bundle is compiled beside the event loop."""
REST_MICROS = 2_000_000
"""A run whose next timer is nearer than that is kept in hand: to take it up again would cost more."""


class Arrival(Struct, frozen=True, gc=False):
    """A request or a fact from the world, by whom, and the signal that brought it, if one did."""

    request: Request
    by: str = ""
    signal: int | None = None


class Advance(Struct, frozen=True, gc=False):
    """What one advance has recorded, what is to be done about it, and when the run wants to be woken."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    refused: tuple[Refused | None, ...]
    wake_at: Micros | None
    goes_on: bool = False
    """Whether more follows from what was recorded: too much for one append."""
    offered: tuple[Offer, ...] = ()
    """Those of the effects that were put on offer, for somebody else to perform."""
    is_moved: bool = False
    """Whether the run goes on on another bundle from here."""
    rests: bool = False
    """Whether nobody has to hold the run, as was asked: whoever hears of what moves it on takes it up."""


class Begun(Struct, frozen=True, gc=False):
    """A run that was started in memory alone: what is to be recorded of that, and what is to be done about it."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    refused: Refused | None


Place: TypeAlias = Callable[[Sequence[Effect]], Sequence[Offer]]
"""Says which of the effects that are about to be recorded somebody else is to perform."""


def all_here(effects: Sequence[Effect]) -> Sequence[Offer]:
    """Every effect is performed by whoever advances the run."""
    return ()


def _taken(arrivals: Sequence[Arrival], refused: Sequence[Refused | None]) -> Sequence[Arrival]:
    """Those that are done with: of one that will be asked again, the signal that brought it is not consumed."""
    if not any(refused):
        return arrivals
    return [each for each, answer in zip(arrivals, refused, strict=True) if answer is None or not answer.later]


class RunInHand:
    """A run that is being driven: its plan, its state and the lease under which it may be written.

    Once `is_broken`, the state may have run ahead of the log: throw it away and load the run again.
    """

    def __init__(
        self,
        plan: Plan,
        state: RunState,
        lease: Lease,
        packer: Packer,
        *,
        snapshot: SnapshotMark | None = None,
        priority: int = 0,
    ) -> None:
        self.plan = plan
        self.state = state
        self.lease = lease
        self.packer = packer
        self.snapshot = snapshot or SnapshotMark()
        self.priority = priority
        self.is_released = False
        """Whether the last append has given the lease back."""
        self.blobs: dict[str, Value] = {}
        self.is_broken = False

    @property
    def has_ended(self) -> bool:
        """Whether the run is over, by its log: a broken state may have seen an end that was never written."""
        return self.state.has_ended and not self.is_broken


class Engine:
    """Moves runs of one tenant on a store. Holds plans by bundle, and nothing else between calls."""

    def __init__(
        self,
        store: EventStore,
        *,
        tenant: str,
        now: Callable[[], Micros],
        judge: Judge,
        snapshot_events: int = SNAPSHOT_EVENTS,
    ) -> None:
        self.store = store
        self.tenant = tenant
        self.now = now
        self.judge = judge
        self._snapshot_events = snapshot_events
        self._plans: dict[str, Plan] = {}
        self._opening = asyncio.Lock()
        self._kept: set[str] = set()
        self._blob_key: bytes | None = None

    async def packer(self, *, names: Mapping[bytes, str] | None = None) -> Packer:
        """What puts large values aside, under the tenant's key; of an imported run, under the names that they have."""
        return Packer(await self._key(), names=names)

    async def keep_bundle(self, plan: Plan, data: bytes) -> None:
        """Store what a run will be pinned to, before the run can mention it."""
        self._plans[plan.bundle_hash] = plan
        if plan.bundle_hash not in self._kept:
            await self.store.put_bundle(self.tenant, plan.bundle_hash, data)
            self._kept.add(plan.bundle_hash)

    async def plan_of(self, bundle: str) -> Plan:
        """The plan of a stored bundle: compiled once, and only if it still is what it was."""
        plan = self._plans.get(bundle)
        if plan is None:
            # Who takes up hundreds of runs of one graph asks for its plan hundreds of times before it is there.
            async with self._opening:
                plan = self._plans.get(bundle) or await self._opened(bundle)
        return plan

    async def _opened(self, bundle: str) -> Plan:
        data = await self.store.get_bundle(self.tenant, bundle)
        if sha256(data).hexdigest() != bundle:
            raise DamagedError(f"bundle {bundle}")
        # A large graph takes long to compile, and this process drives other runs and answers others meanwhile.
        plan = await asyncio.to_thread(open_bundle, data) if len(data) > OPENED_AT_ONCE_BYTES else open_bundle(data)
        if plan.bundle_hash != bundle:
            raise BundleChangedError(bundle, now=plan.bundle_hash)
        self._plans[bundle] = plan
        return plan

    async def load(self, run: str, lease: Lease) -> RunInHand:
        """A run from its last snapshot and its log, to be driven under a lease."""
        row = await self.row(run)
        plan = await self.plan_of(row.bundle)
        state, mark = await self._state(row, plan, row.seq)
        return RunInHand(plan, state, lease, await self.packer(), snapshot=mark, priority=row.priority)

    async def view(self, run: str, *, at_seq: int | None = None) -> tuple[Plan, RunState]:
        """A run as its log says, or as it was after event `at_seq`. For reading: it is bound to no lease."""
        row = await self.row(run)
        plan = await self.plan_of(row.bundle)
        state, _ = await self._state(row, plan, row.seq if at_seq is None else min(at_seq, row.seq))
        return plan, state

    async def log_of(self, run: str, *, at_seq: int | None = None) -> tuple[Plan, list[Event]]:
        """The plan on which a run is and its log, up to event `at_seq` if one is given: then, on which it was there.

        What was stored is checked before anybody believes it: `DamagedError` names the event at fault.
        """
        row = await self.row(run)
        last = row.seq if at_seq is None else min(at_seq, row.seq)
        sealed = await self.store.read_sealed(self.tenant, run, limit=last)
        events = unseal_all(sealed, run=run, head=row.head if last == row.seq else None)
        bundle = bundle_in_force(events) if 0 < last < row.seq else row.bundle
        return await self.plan_of(bundle), events

    async def log_in_pages(
        self, run: str, *, at_seq: int | None = None
    ) -> tuple[Plan, AsyncGenerator[Sequence[Event]]]:
        """As `log_of`, for who looks at each event once: however long the run, a page of it is held."""
        row = await self.row(run)
        last = row.seq if at_seq is None else min(at_seq, row.seq)
        return await self.plan_of(await self._bundle_at(row, last)), self.pages(row, last)

    async def _bundle_at(self, row: RunRow, last: int) -> str:
        """The bundle on which a run was after event `last`."""
        bundle = row.bundle
        if 0 < last < row.seq:
            async for events in self.pages(row, last):
                bundle = bundle_in_force(events) or bundle
        return bundle

    async def row(self, run: str) -> RunRow:
        """The run as lists show it; `RunNotFoundError` if there is none."""
        row = await self.store.find_run(self.tenant, run)
        if row is None:
            raise RunNotFoundError(run)
        return row

    async def _state(self, row: RunRow, plan: Plan, last: int) -> tuple[RunState, SnapshotMark]:
        """A run as it was after event `last`, and which snapshot of it is on record."""
        snapshot, mark = await self._snapshot(row)
        if snapshot is not None and snapshot.state.seq <= last:
            # Behind a snapshot that is of another log the chain does not go on. The log alone says what is true.
            with suppress(DamagedError):
                return await self._folded(row, plan, snapshot.state, last, previous=snapshot.header), mark
        return await self._folded(row, plan, RunState(row.run, self.tenant), last, previous=CHAIN_START), mark

    async def _folded(self, row: RunRow, plan: Plan, state: RunState, last: int, *, previous: bytes) -> RunState:
        async for events in self.pages(row, last, after=state.seq, previous=previous):
            state = fold(plan, state, events)
        return state

    async def pages(
        self, row: RunRow, last: int, *, after: int = 0, previous: bytes = CHAIN_START
    ) -> AsyncGenerator[Sequence[Event]]:
        """The log up to event `last`, checked page by page against the header before it and the head on record."""
        while True:
            size = min(EVENTS_READ_AT_ONCE, last - after)
            sealed = await self.store.read_sealed(self.tenant, row.run, after=after, limit=size)
            is_last = len(sealed) < size or after + size == last
            head = row.head if is_last and last == row.seq else None
            yield unseal_all(sealed, run=row.run, head=head, after=after, previous=previous)
            if is_last:
                return
            after, previous = after + size, header_hash(sealed[-1].header)

    async def advance(
        self,
        run: RunInHand,
        arrivals: Sequence[Arrival],
        *,
        place: Place = all_here,
        also: Sequence[FindOut] = (),
        gives_back: bool = False,
        may_move: bool = True,
        unrecorded: Sequence[Event] = (),
    ) -> Advance:
        """Records what has arrived and everything that follows from it, in one append.

        What `place` says is offered by that append, `also` the questions that are still to be asked then. With
        `gives_back` the append gives the lease back if the run rests after it. Who knows that nobody has asked it to
        migrate says so. What was begun `unrecorded` goes on record first.
        """
        before, now = run.state.seq - len(unrecorded), self.now()
        try:
            arrived = self._admit(run, arrivals, now)
            # By what follows from a migration the plan in hand is no longer the one to decide.
            is_moved = may_move and any(isinstance(event.body, RunMigrated) for event in arrived.events)
            decided, goes_on = ([], False) if is_moved else await self._settle(run, now)
            events = [*unrecorded, *arrived.events, *decided]
            asked = [question for question in also if is_asked(run.plan, run.state, question)]
            effects = (*asked, *effects_in(run.plan, run.state, events[len(unrecorded) :]))
            offers = tuple(place(effects)) if effects else ()
            rests = gives_back and not (effects or goes_on or is_moved) and may_rest(run.state, until=now + REST_MICROS)
            taken = _taken(arrivals, arrived.refused)
            if append := self._what_is_appended(run, before, events, taken, offers=offers, lets_go=rests):
                await self._append(run, append)
        except BaseException:
            run.is_broken = True
            raise
        if run.has_ended or run.snapshot.is_due(run.state.seq, every=self._snapshot_events):
            await self._keep_snapshot(run)
        return Advance(
            events=tuple(events),
            effects=effects,
            refused=arrived.refused,
            wake_at=next_due(run.state),
            goes_on=goes_on,
            offered=offers,
            is_moved=is_moved,
            rests=rests,
        )

    async def _append(self, run: RunInHand, append: Append) -> None:
        # It may be committed, and the lease with it given back, before anybody here knows.
        run.is_released = append.releases
        try:
            await self.store.append(append)
        except BaseException:
            run.is_released = False
            raise

    async def begin_unrecorded(self, run: RunInHand, start: Arrival) -> Begun:
        """The start of a run and what follows from it, before anything is on record: what `advance` is told next.

        For who knows at once what is to be recorded with it. A crash meanwhile leaves nothing behind.
        """
        now = self.now()
        arrived = self._admit(run, [start], now)
        decided, _ = await self._settle(run, now)
        events = (*arrived.events, *decided)
        return Begun(events, tuple(effects_in(run.plan, run.state, events)), arrived.refused[0])

    async def still_holds(self, run: RunInHand) -> bool:
        """Whether a run is still in hand: who was held up for longer than its lease asks before touching the world."""
        if self.now() < run.lease.expires_at:
            return True
        with suppress(StoreError):
            for lease in await self.store.renew_leases([run.lease]):
                run.lease = lease
                return True
        return False

    async def record(
        self, run: RunInHand, arrivals: Sequence[Arrival], *, lets_go: bool = False
    ) -> tuple[Refused | None, ...]:
        """Records what has arrived and decides nothing: for whoever will not act on what follows from it.

        With `lets_go` the lease is given back by the same append, so that any worker may take the run up.
        """
        before = run.state.seq
        try:
            arrived = self._admit(run, arrivals, self.now())
            if append := self._what_is_appended(run, before, arrived.events, arrivals, lets_go=lets_go):
                await self._append(run, append)
        except BaseException:
            run.is_broken = True
            raise
        return arrived.refused

    async def record_what_follows(
        self, run: RunInHand, arrivals: Sequence[Arrival]
    ) -> tuple[Refused | None, ...] | None:
        """Records what has arrived and all that follows from it, if no effect does, and gives the lease back with it.

        None if effects would follow, or too much for one append: then nothing was written, and the run in hand is
        broken.
        """
        before, now = run.state.seq, self.now()
        try:
            arrived = self._admit(run, arrivals, now)
            decided, goes_on = await self._settle(run, now)
            events = [*arrived.events, *decided]
            if goes_on or effects_in(run.plan, run.state, events):
                run.is_broken = True
                return None
            if append := self._what_is_appended(run, before, events, arrivals, lets_go=True):
                await self._append(run, append)
        except BaseException:
            run.is_broken = True
            raise
        return arrived.refused

    def _admit(self, run: RunInHand, arrivals: Sequence[Arrival], now: Micros) -> Arrived:
        is_new = run.state.seq == 0
        requests = [(self._judged(run.plan, each) if is_new else each.request, each.by) for each in arrivals]
        arrived = admit_all(run.plan, run.state, requests, at=now, pack=run.packer)
        run.state = arrived.state
        return arrived

    def _judged(self, plan: Plan, arrival: Arrival) -> Request:
        """A run is begun only with what the policy in force says of it."""
        request = arrival.request
        if not isinstance(request, StartRun) or request.verdict is not None:
            return request
        by = arrival.by or request.by
        movement = Movement(point="run", name=plan.name, tenant=self.tenant, graph=plan.name, by=by)
        return structs.replace(request, verdict=self.judge(movement))

    async def _settle(self, run: RunInHand, now: Micros) -> tuple[list[Event], bool]:
        """The core's settle, loading the values it asks for; and whether there is more than one append may hold."""
        events: list[Event] = []
        while (left := DECIDED_AT_ONCE_MAX - len(events)) > 0:
            settled = settle(
                run.plan, run.state, at=now, blobs=run.blobs, pack=run.packer, judge=self.judge, at_most=left
            )
            events += settled.events
            run.state = settled.state
            if not settled.need:
                return events, settled.goes_on
            await self._load_blobs(run, settled.need)
        return events, True

    async def _load_blobs(self, run: RunInHand, digests: frozenset[str]) -> None:
        if len(run.blobs) + len(digests) > BLOBS_KEPT_MAX:
            run.blobs.clear()
        fresh = {digest: decode(run.packer.fresh[digest]) for digest in digests if digest in run.packer.fresh}
        run.blobs |= fresh | await self._values(digests - fresh.keys())

    def _what_is_appended(
        self,
        run: RunInHand,
        before: int,
        events: Sequence[Event],
        arrivals: Sequence[Arrival],
        *,
        offers: Sequence[Offer] = (),
        lets_go: bool = False,
    ) -> Append | None:
        """A signal is consumed in the append that records it; one that was refused, in an append without events."""
        consumed = [each.signal for each in arrivals if each.signal is not None]
        if not (events or consumed or offers):
            return None
        return Append(
            tenant=self.tenant,
            run=run.state.run,
            expected_seq=before,
            epoch=run.lease.epoch,
            events=events,
            status=status_of(run.state),
            due=next_due(run.state),
            blobs=run.packer.take_fresh(),
            consumed=consumed,
            claim=run.lease if before == 0 else None,
            releases=lets_go or run.has_ended,
            offers=offers,
        )

    # --- snapshots ---

    async def _snapshot(self, row: RunRow) -> tuple[Resumable | None, SnapshotMark]:
        """The run's last snapshot, if it can be read, and which one is on record."""
        if row.seq < self._snapshot_events:
            return None, SnapshotMark()
        record = await self.store.records.find(self.tenant, SNAPSHOT_KIND, row.run)
        if record is None:
            return None, SnapshotMark()
        key = await self._key()
        snapshot = read_snapshot(record.data, tenant=self.tenant, run=row.run, bundle=row.bundle, key=key)
        return snapshot, SnapshotMark(snapshot.state.seq, len(record.data)) if snapshot else SnapshotMark()

    async def _keep_snapshot(self, run: RunInHand) -> None:
        """Once enough has happened. Nothing depends on it, so trouble with it is none: the next append meets it too."""
        seq = run.state.seq
        if run.has_ended and seq >= self._snapshot_events:
            with suppress(StoreError):
                await self.store.records.drop(self.tenant, SNAPSHOT_KIND, run.state.run)
        elif not run.has_ended:
            with suppress(StoreError):
                await self._write_snapshot(run)

    async def _write_snapshot(self, run: RunInHand) -> None:
        head = await self.store.head(self.tenant, run.state.run)
        if head.seq != run.state.seq:
            return  # the lease was lost, and somebody else has gone on
        key = await self._key()
        data = write_snapshot(run.state, bundle=run.plan.bundle_hash, header=head.hash, key=key)
        await self.store.records.put(self.tenant, SNAPSHOT_KIND, run.state.run, data)
        run.snapshot = SnapshotMark(head.seq, len(data))

    # --- values that are kept elsewhere ---

    async def _key(self) -> bytes:
        if self._blob_key is None:
            self._blob_key = await self.store.blob_key(self.tenant)
        return self._blob_key

    async def whole(self, value: Value) -> Value:
        """A value with everything in it that is kept elsewhere: what a tool is called with, what a person is shown."""
        if not has_parts(value):
            return value
        digests = {ref.digest for ref in refs_in(value)}
        # A short list that grows may have no part elsewhere, and is to be a list all the same.
        loaded = {digest: await self.whole(inner) for digest, inner in (await self._values(digests)).items()}
        return with_refs_replaced(value, lambda ref: loaded[ref.digest])

    async def _values(self, digests: AbstractSet[str]) -> dict[str, Value]:
        """Stored values by digest. They are read in parts: the bytes of all of them would need their room once more."""
        values: dict[str, Value] = {}
        left = sorted(digests)
        while left:
            stored = await self.store.blobs(self.tenant, left[:BLOBS_READ_AT_ONCE])
            values |= {digest: decode(data) for digest, data in stored.items()}
            del left[:BLOBS_READ_AT_ONCE]
        return values
