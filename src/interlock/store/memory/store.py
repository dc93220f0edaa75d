"""The store in memory: for tests, the simulator, and runs that nobody wants to keep.

It keeps every promise of the port but one: what it holds ends with the process. It seals and unseals like any other, so
what a run reads back is what any store would give it.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from msgspec.structs import replace

from interlock.core.events import Event
from interlock.store.blobs import check_blob
from interlock.store.claims import RunLimit, RunsWaiting
from interlock.store.errors import (
    ImportedRunError,
    LeaseHeldError,
    LeaseLostError,
    MissingError,
    RunKeyTakenError,
    SignalGoneError,
    SignalsFullError,
    StaleRunError,
    StoreClosedError,
)
from interlock.store.event_store import (
    BLOB_KEY_BYTES,
    LIST_LIMIT,
    SIGNALS_MAX,
    Append,
    Clock,
    FeedEntry,
    Head,
    Signal,
    Topic,
)
from interlock.store.lease import LEASE_MICROS, NEVER_LEASED, Lease, LeaseOwner, LeaseState, may_take
from interlock.store.memory import claiming
from interlock.store.memory.claiming import Standing
from interlock.store.memory.effect_queue import MemoryEffectQueue
from interlock.store.memory.imports import MemoryImports
from interlock.store.memory.records import MemoryRecords
from interlock.store.memory.retention import MemoryRetention
from interlock.store.memory.run import MemoryRun
from interlock.store.mentions import adopted_blobs
from interlock.store.processes import is_running as process_is_running
from interlock.store.rows import (
    LedgerRow,
    OutboxRow,
    QuestionRow,
    RunEffect,
    RunOrigin,
    RunRow,
    changes,
)
from interlock.store.salts import RandomBytes, Salts
from interlock.store.sealing import CHAIN_START, Sealed, seal_all, unseal


@dataclass
class _Tenant:
    """All of one tenant. Runs stand in the order in which they were started."""

    blob_key: bytes
    runs: dict[str, MemoryRun] = field(default_factory=dict[str, MemoryRun])
    keys: dict[str, str] = field(default_factory=dict[str, str])
    feed: list[FeedEntry] = field(default_factory=list[FeedEntry])
    position: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    named_elsewhere: set[str] = field(default_factory=set[str])
    """The blobs of imported runs, whose names are not made with this key."""
    bundles: dict[str, bytes] = field(default_factory=dict[str, bytes])
    signals: dict[int, Signal] = field(default_factory=dict[int, Signal])
    leases: dict[str, LeaseState] = field(default_factory=dict[str, LeaseState])
    signals_sent: int = 0


class MemoryEventStore:
    """An `EventStore` that keeps nothing. It may be opened again after it was closed, and then still has everything."""

    def __init__(
        self,
        *,
        clock: Clock,
        random_bytes: RandomBytes = secrets.token_bytes,
        lease_micros: int = LEASE_MICROS,
        is_running: Callable[[LeaseOwner], bool] = process_is_running,
    ) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._salts = Salts(random_bytes)
        self.lease_micros = lease_micros
        self._is_running = is_running
        self._tenants: dict[str, _Tenant] = {}
        self._changes = 0
        self._is_open = False
        self.records = MemoryRecords(clock, self._note_change)
        self.queue = MemoryEffectQueue(
            clock, lease_micros=lease_micros, is_running=is_running, signal=self._leave_signal
        )
        self.imports = MemoryImports(self._tenant, self._note_change)
        self.retention = MemoryRetention(self._tenant, self.queue, self.records)

    async def open(self) -> None:
        """Nothing has to be made ready."""
        self._is_open = True

    def leave_soon(self) -> None:
        """Its place is never away."""

    async def close(self) -> None:
        """Refuse whatever comes after."""
        self._is_open = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- the log ---

    async def append(self, append: Append) -> None:
        """Add events to a run."""
        tenant = self._tenant(append.tenant)
        run = tenant.runs.get(append.run)
        self._check(tenant, run, append)
        salts = self._salts.take(len(append.events))
        previous = run.head if run else CHAIN_START
        sealed, head = seal_all(append.events, tenant=append.tenant, run=append.run, previous=previous, salts=salts)
        changed = changes(append.run, append.events)
        if append.expected_seq == 0:
            _check_adopted_blobs(tenant, append, sealed)
        if run is None:
            run = _new_run(tenant, append, changed.origin)
        run.log.extend(sealed)
        run.head = head
        run.apply(changed, status=append.status, due=append.due)
        for digest, data in append.blobs.items():
            if digest not in tenant.blobs or digest in tenant.named_elsewhere:
                tenant.blobs[digest] = data
        tenant.named_elsewhere.difference_update(append.blobs)
        if append.claim is not None:
            tenant.leases[append.run] = LeaseState(append.claim.epoch, append.claim.expires_at, append.claim.owner)
        if append.releases:
            tenant.leases[append.run] = LeaseState(append.epoch, 0, None)
        for signal in append.consumed:
            del tenant.signals[signal]
        self.queue.add(append.tenant, append.run, append.offers)
        if sealed:
            tenant.position += 1
            tenant.feed.append(FeedEntry(tenant.position, append.run, append.expected_seq + 1, len(run.log)))
        self._changes += 1

    async def read(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The run's events behind number `after`."""
        return [unseal(one) for one in self._log(tenant, run, after, limit)]

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The same as stored."""
        return self._log(tenant, run, after, limit)

    async def head(self, tenant: str, run: str) -> Head:
        """Where the run's log ends."""
        found = self._tenant(tenant).runs.get(run)
        return Head(len(found.log), found.head) if found else Head(0, CHAIN_START)

    async def feed(self, tenant: str, *, after: int = 0, limit: int = LIST_LIMIT) -> list[FeedEntry]:
        """Committed appends in order."""
        feed = self._tenant(tenant).feed
        first = bisect_right(feed, after, key=lambda entry: entry.position)
        return feed[first : first + limit]

    async def feed_end(self, tenant: str) -> int:
        """The position of the last append."""
        feed = self._tenant(tenant).feed
        return feed[-1].position if feed else 0

    async def change_mark(self, about: Topic = "anything") -> int:  # noqa: ARG002 - it cannot tell
        """How often anything was changed."""
        return self._changes

    # --- what is derived from the log ---

    async def get_run(self, tenant: str, run: str) -> RunRow:
        """The run's row."""
        return self._run(tenant, run).row()

    async def find_run(self, tenant: str, run: str) -> RunRow | None:
        """The run's row, if there is one."""
        found = self._tenant(tenant).runs.get(run)
        return found.row() if found else None

    async def find_by_key(self, tenant: str, key: str) -> RunRow | None:
        """The run that was started under a key."""
        found = self._tenant(tenant).keys.get(key)
        return await self.find_run(tenant, found) if found else None

    async def list_runs(
        self,
        tenant: str,
        *,
        status: str | None = None,
        graph: str | None = None,
        before: str | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[RunRow]:
        """Runs, the newest first."""
        runs = list(self._tenant(tenant).runs)
        older = runs[: runs.index(before)] if before in runs else runs
        rows = [self._run(tenant, run).row() for run in reversed(older)]
        return [row for row in rows if status in (None, row.status) and graph in (None, row.graph)][:limit]

    async def ledger(self, tenant: str, run: str) -> list[LedgerRow]:
        """The run's effects."""
        found = self._tenant(tenant).runs.get(run)
        return sorted(found.ledger.values(), key=lambda line: line.intended_seq) if found else []

    async def effects(
        self, tenant: str, runs: Collection[str], *, behind: tuple[str, int] = ("", 0), limit: int = LIST_LIMIT
    ) -> list[RunEffect]:
        """Effects of some runs."""
        found = [run for run in reversed(self._tenant(tenant).runs) if run in set(runs)]
        lines = [RunEffect(run, line) for run in found for line in await self.ledger(tenant, run)]
        return [each for each in lines if each.run != behind[0] or each.line.intended_seq > behind[1]][:limit]

    async def effects_in_doubt(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[RunEffect]:
        """Effects of which a person has to say what became of them."""
        asked = [row for row in await self.questions(tenant) if row.reason == "reconcile"]
        lines = [(row, line) for row in asked for line in self._tenant(tenant).runs[row.run].ledger.values()]
        doubted = [RunEffect(row.run, line) for row, line in lines if (line.path, line.status) == (row.path, "unknown")]
        return doubted[:limit]

    async def questions(self, tenant: str, *, run: str | None = None) -> list[QuestionRow]:
        """What waits for people."""
        runs = self._tenant(tenant).runs
        rows = [row for found in runs.values() if run in (None, found.name) for row in found.questions.values()]
        started = {name: place for place, name in enumerate(runs)}
        return sorted(rows, key=lambda row: (row.asked_at, started[row.run], row.asked_seq, row.path))

    async def outbox(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """Events to be sent out."""
        place = self._tenant(tenant)
        pending = {(row.run, row.intended_seq): row for run in place.runs.values() for row in run.outbox()}
        committed = ((entry.run, seq) for entry in place.feed for seq in range(entry.first_seq, entry.last_seq + 1))
        return [pending[event] for event in committed if event in pending][:limit]

    async def rebuild(self, tenant: str, run: str, *, status: str, due: int | None) -> None:
        """Derive the run's rows anew."""
        self._run(tenant, run).rebuild(status=status, due=due)

    # --- what events mention ---

    async def blob_key(self, tenant: str) -> bytes:
        """The tenant's key."""
        return self._tenant(tenant).blob_key

    async def blobs(self, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
        """The raw bytes of blobs."""
        place = self._tenant(tenant)
        found = {digest: _kept(place.blobs, "blob", digest, tenant) for digest in digests}
        for digest, data in found.items():
            if digest in place.named_elsewhere:
                continue
            check_blob(data, digest=digest, key=place.blob_key)
        return found

    async def put_bundle(self, tenant: str, bundle: str, data: bytes) -> None:
        """Keep a bundle."""
        self._tenant(tenant).bundles.setdefault(bundle, data)

    async def get_bundle(self, tenant: str, bundle: str) -> bytes:
        """A bundle by its hash."""
        return _kept(self._tenant(tenant).bundles, "bundle", bundle, tenant)

    # --- who may move a run on ---

    async def send_signal(self, tenant: str, run: str, *, kind: str, body: bytes, sender: str) -> int:
        """Leave a request for the run's driver."""
        place = self._tenant(tenant)
        _refuse_imported(place.runs.get(run))
        waiting = sum(signal.run == run for signal in place.signals.values())
        if waiting >= SIGNALS_MAX:
            raise SignalsFullError(run, waiting=waiting)
        return self._leave_signal(tenant, run, kind, body, sender)

    async def unread_signals(self, tenant: str, *, run: str | None = None) -> list[Signal]:
        """Requests nobody has recorded yet."""
        return [signal for signal in self._tenant(tenant).signals.values() if run in (None, signal.run)]

    async def acquire_lease(self, tenant: str, run: str, *, owner: LeaseOwner) -> Lease:
        """The right to drive a run."""
        leases, at = self._tenant(tenant).leases, self._clock()
        _refuse_imported(self._tenant(tenant).runs.get(run))
        state = leases.get(run, NEVER_LEASED)
        if not may_take(state, owner, at=at, is_running=self._is_running):
            assert state.owner is not None
            raise LeaseHeldError(run, holder=state.owner, expires_at=state.expires_at)
        leases[run] = LeaseState(state.epoch + 1, at + self.lease_micros, owner)
        self._changes += 1
        return Lease(tenant, run, state.epoch + 1, at + self.lease_micros, owner)

    async def claim_runs(
        self, *, owner: LeaseOwner, limit: int, limits: Sequence[RunLimit] = (), at: int | None = None
    ) -> list[Lease]:
        """The right to drive runs that nobody drives."""
        at = self._clock() if at is None else at
        chosen = claiming.chosen(self._standings(owner.host), at=at, limit=limit, limits=limits)
        return [await self.acquire_lease(run.tenant, run.run, owner=owner) for run in chosen]

    async def next_claim(self) -> int | None:
        """From when on there may be a run to claim."""
        return claiming.next_claim(self._standings(""), at=self._clock())

    async def runs_waiting(self) -> list[RunsWaiting]:
        """How many runs wait to be driven."""
        return claiming.depth(self._standings(""), at=self._clock())

    def _standings(self, host: str) -> list[Standing]:
        """Every unfinished run, and who holds it: nobody, if the holder's process on this host is gone."""
        found: list[Standing] = []
        for name, place in self._tenants.items():
            called = {signal.run for signal in place.signals.values()}
            for no, run in enumerate(place.runs.values()):
                if run.ending is None and not run.imported_from:
                    lease = place.leases.get(run.name, NEVER_LEASED)
                    is_dead = lease.owner is not None and lease.owner.host == host and not self._is_running(lease.owner)
                    held_until = 0 if lease.owner is None or is_dead else lease.expires_at
                    found.append(Standing(name, run, no, held_until=held_until, is_called=run.name in called))
        return found

    async def renew_leases(self, leases: Sequence[Lease]) -> list[Lease]:
        """Those of the leases that are still held."""
        expires_at = self._clock() + self.lease_micros
        held = [replace(lease, expires_at=expires_at) for lease in leases if self._is_holder(lease)]
        for lease in held:
            self._tenant(lease.tenant).leases[lease.run] = LeaseState(lease.epoch, expires_at, lease.owner)
        return held

    async def release_lease(self, lease: Lease) -> None:
        """Give the run to whoever wants it next."""
        if self._is_holder(lease):
            self._tenant(lease.tenant).leases[lease.run] = LeaseState(lease.epoch, lease.expires_at, None)
            self._changes += 1

    def _note_change(self) -> None:
        self._changes += 1

    def _leave_signal(self, tenant: str, run: str, kind: str, body: bytes, sender: str) -> int:
        place = self._tenant(tenant)
        place.signals_sent += 1
        place.signals[place.signals_sent] = Signal(place.signals_sent, run, kind, body, sender, self._clock())
        self._changes += 1
        return place.signals_sent

    def _tenant(self, tenant: str) -> _Tenant:
        if not self._is_open:
            raise StoreClosedError("in memory")
        if tenant not in self._tenants:
            self._tenants[tenant] = _Tenant(self._random_bytes(BLOB_KEY_BYTES))
        return self._tenants[tenant]

    def _run(self, tenant: str, run: str) -> MemoryRun:
        found = self._tenant(tenant).runs.get(run)
        if found is None:
            raise MissingError("run", run, tenant=tenant)
        return found

    def _log(self, tenant: str, run: str, after: int, limit: int | None) -> list[Sealed]:
        found = self._tenant(tenant).runs.get(run)
        return found.log[after : None if limit is None else after + limit] if found else []

    def _check(self, tenant: _Tenant, run: MemoryRun | None, append: Append) -> None:
        lease = tenant.leases.get(append.run, NEVER_LEASED)
        if append.claim is not None:
            _check_claim(lease, append)
        elif lease.epoch != append.epoch or lease.owner is None:
            raise LeaseLostError(append.run, epoch=append.epoch, current=lease.epoch)
        actual = len(run.log) if run else 0
        if actual != append.expected_seq:
            raise StaleRunError(append.run, expected=append.expected_seq, actual=actual)
        for signal in append.consumed:
            found = tenant.signals.get(signal)
            if found is None or found.run != append.run:
                raise SignalGoneError(append.run, signal=signal)

    def _is_holder(self, lease: Lease) -> bool:
        state = self._tenant(lease.tenant).leases.get(lease.run, NEVER_LEASED)
        return state.owner is not None and state.epoch == lease.epoch


def _refuse_imported(run: MemoryRun | None) -> None:
    if run is not None and run.imported_from:
        raise ImportedRunError(run.name, imported_from=run.imported_from)


def _check_claim(lease: LeaseState, append: Append) -> None:
    if lease.owner is not None:
        raise LeaseHeldError(append.run, holder=lease.owner, expires_at=lease.expires_at)
    if lease.epoch:
        raise LeaseLostError(append.run, epoch=append.epoch, current=lease.epoch)


def _check_adopted_blobs(tenant: _Tenant, append: Append, sealed: Sequence[Sealed]) -> None:
    adopted = adopted_blobs(append.events, sealed) - append.blobs.keys()
    for digest in sorted(adopted - tenant.blobs.keys()):
        raise MissingError("blob", digest, tenant=append.tenant)


def _new_run(tenant: _Tenant, append: Append, origin: RunOrigin | None) -> MemoryRun:
    assert origin is not None, f"the first event of run {append.run} is not its start"
    if origin.key in tenant.keys:
        raise RunKeyTakenError(origin.key, run=append.run, taken_by=tenant.keys[origin.key])
    if origin.key:
        tenant.keys[origin.key] = append.run
    run = tenant.runs[append.run] = MemoryRun(append.tenant, append.run, origin)
    return run


def _kept(place: dict[str, bytes], kind: Literal["blob", "bundle"], name: str, tenant: str) -> bytes:
    if name not in place:
        raise MissingError(kind, name, tenant=tenant)
    return place[name]
