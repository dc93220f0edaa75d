"""The port behind which runs are kept: logs, what is derived from them, blobs, bundles, signals and leases.

A tenant's truth is its runs' event logs, written only by `append`: atomic, acknowledged once it is durable, refused
from anyone who does not hold the run's lease or does not know its last event. Nothing here decides anything about a
run, looks inside a value, or knows what time it is unless told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Final, Literal, Protocol, Self, TypeAlias

from msgspec import Struct

from interlock.core.events import Event
from interlock.store.claims import RunLimit, RunsWaiting
from interlock.store.effect_queue import EffectQueue, Offer
from interlock.store.imports import Imports
from interlock.store.lease import Lease, LeaseOwner
from interlock.store.records import Records
from interlock.store.retention import Retention
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.sealing import Sealed

Clock: TypeAlias = Callable[[], int]
"""What tells the time, in whole microseconds since 1970 in UTC."""

Topic: TypeAlias = Literal["anything", "signals", "work"]
"""What one may want to hear of: any commit, signals that are left, or runs and effects that somebody could take."""

BLOB_KEY_BYTES: Final = 32
SIGNALS_MAX: Final = 1_000
"""How many unread signals a run may have."""
LIST_LIMIT: Final = 100
"""How many rows a list gives unless it is asked for another number."""


class Append(Struct, frozen=True, gc=False, kw_only=True):
    """What is added to a run, all of it or nothing.

    `events` are numbered on from `expected_seq`; the first of a run is its `run.started`. `status` and `due` are what
    the run's fold says after them.
    """

    tenant: str
    run: str
    expected_seq: int
    epoch: int
    events: Sequence[Event]
    status: str
    due: int | None = None
    blobs: Mapping[str, bytes] = {}
    """Raw bytes by digest: the blobs that these events mention and that may not be stored yet."""
    consumed: Sequence[int] = ()
    """The signals that these events record."""
    claim: Lease | None = None
    """The first lease of a new run, taken by this very append: starting a run costs one commit."""
    releases: bool = False
    """The run's lease is given back by this append: ending a run costs one commit."""
    offers: Sequence[Offer] = ()
    """The effects intended by these events that somebody else is to perform."""


class Head(Struct, frozen=True, gc=False):
    """Where a run's log ends. A run without events ends at 0."""

    seq: int
    hash: bytes


class FeedEntry(Struct, frozen=True, gc=False):
    """One committed append, in the order of commits."""

    position: int
    run: str
    first_seq: int
    last_seq: int


class Signal(Struct, frozen=True, gc=False):
    """A request to a run that nobody has recorded yet. What `kind` and `body` say is between sender and driver."""

    id: int
    run: str
    kind: str
    body: bytes
    sender: str
    sent_at: int


class EventStore(Protocol):
    """Where a tenant's runs are kept. Use it as an async context manager, or call `open` and `close`."""

    @property
    def records(self) -> Records:
        """What is kept beside the logs and is not derived from them."""
        ...

    @property
    def retention(self) -> Retention:
        """The way to give up what nobody needs any more."""
        ...

    @property
    def imports(self) -> Imports:
        """The way in for runs of other installations."""
        ...

    @property
    def queue(self) -> EffectQueue:
        """The effects that are performed elsewhere than where their runs are driven."""
        ...

    @property
    def lease_micros(self) -> int:
        """How long what somebody holds is left to them without a word from them: a run, an effect, a duty."""
        ...

    async def open(self) -> None:
        """Make ready the place where things are kept; make it, if it is new."""
        ...

    def leave_soon(self) -> None:
        """Whoever has opened it is about to close it: from now on a place that is away is hardly waited for."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then let go of everything."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    # --- the log ---

    def append(self, append: Append) -> Awaitable[None]:
        """Add events to a run. Done once they are durable.

        Raises `LeaseHeldError`, `LeaseLostError`, `StaleRunError`, `SignalGoneError` or `RunKeyTakenError`, and then
        nothing was written. After any other error it is unknown whether it was: reload the run.
        """
        ...

    async def read(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The run's events behind number `after`, in order. A run that does not exist has none."""
        ...

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The same events as they are stored, to be verified or carried elsewhere."""
        ...

    async def head(self, tenant: str, run: str) -> Head:
        """Where the run's log ends."""
        ...

    async def feed(self, tenant: str, *, after: int = 0, limit: int = LIST_LIMIT) -> list[FeedEntry]:
        """The tenant's committed appends behind position `after`.

        Positions have gaps; but whoever has seen a position never meets a smaller one later.
        """
        ...

    async def feed_end(self, tenant: str) -> int:
        """A position behind which lie only appends that were not committed yet."""
        ...

    async def change_mark(self, about: Topic = "anything") -> int:
        """A number that is another one once anybody has committed what it is about. It costs next to nothing to ask.

        It may be another one although nothing of that kind has happened, if the store cannot tell.
        """
        ...

    # --- what is derived from the log ---

    async def get_run(self, tenant: str, run: str) -> RunRow:
        """The run's row; `MissingError` if there is no such run."""
        ...

    async def find_run(self, tenant: str, run: str) -> RunRow | None:
        """The run's row, if there is such a run."""
        ...

    async def find_by_key(self, tenant: str, key: str) -> RunRow | None:
        """The run that was started under a key."""
        ...

    async def list_runs(
        self,
        tenant: str,
        *,
        status: str | None = None,
        graph: str | None = None,
        before: str | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[RunRow]:
        """Runs, the newest first. `before` is the last run of the page before."""
        ...

    async def ledger(self, tenant: str, run: str) -> list[LedgerRow]:
        """The run's effects, in the order in which they were intended."""
        ...

    async def effects(
        self, tenant: str, runs: Collection[str], *, behind: tuple[str, int] = ("", 0), limit: int = LIST_LIMIT
    ) -> list[RunEffect]:
        """Effects of some runs: the newest run first, and those of a run in the order in which they were intended.

        Of the run that `behind` names, only those whose intent has a higher number than is said there.
        """
        ...

    async def effects_in_doubt(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[RunEffect]:
        """Effects of which nobody knows what became of them, and of which a person has to say, the oldest first."""
        ...

    async def questions(self, tenant: str, *, run: str | None = None) -> list[QuestionRow]:
        """What waits for people, the longest waiting first."""
        ...

    async def outbox(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """Events to be sent out that are not known to have been, in the order in which they were intended."""
        ...

    async def rebuild(self, tenant: str, run: str, *, status: str, due: int | None) -> None:
        """Drop all that is derived from a run's log and derive it anew. `status` and `due` as in `Append`."""
        ...

    # --- what events mention ---

    async def blob_key(self, tenant: str) -> bytes:
        """The key with which the tenant's blobs are named: made once, then always the same."""
        ...

    async def blobs(self, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
        """The raw bytes of blobs by digest; `MissingError` if one is not there."""
        ...

    async def put_bundle(self, tenant: str, bundle: str, data: bytes) -> None:
        """Keep a bundle under its hash. Keeping it again changes nothing."""
        ...

    async def get_bundle(self, tenant: str, bundle: str) -> bytes:
        """A bundle by its hash; `MissingError` if it is not there."""
        ...

    # --- who may move a run on ---

    async def send_signal(self, tenant: str, run: str, *, kind: str, body: bytes, sender: str) -> int:
        """Leave a request for whoever drives the run; it waits until an append consumes it.

        `SignalsFullError` if `SIGNALS_MAX` of them wait already, `ImportedRunError` if nobody ever drives it here.
        """
        ...

    async def unread_signals(self, tenant: str, *, run: str | None = None) -> list[Signal]:
        """Requests nobody has recorded yet, of one run or of all, in the order in which they were sent."""
        ...

    async def acquire_lease(self, tenant: str, run: str, *, owner: LeaseOwner) -> Lease:
        """The right to drive a run, which need not have events yet; `LeaseHeldError` if somebody else has it.

        `ImportedRunError` if it is the record of another installation.
        """
        ...

    async def claim_runs(
        self, *, owner: LeaseOwner, limit: int, limits: Sequence[RunLimit] = (), at: int | None = None
    ) -> list[Lease]:
        """The right to drive runs of any tenant that nobody drives and something can move on.

        Its time has come, a signal is unread, or something of it was under way when its driver went. Tenants take
        turns; of one tenant a higher priority goes first, then what was started first (see claims.py).

        Leases count as run out that had by the instant `at`, which is now unless who claims says otherwise.
        """
        ...

    async def next_claim(self) -> int | None:
        """The instant from which there may be a run to claim: one that has passed, if there is one now."""
        ...

    async def runs_waiting(self) -> list[RunsWaiting]:
        """How many runs wait to be driven, by tenant and graph."""
        ...

    async def renew_leases(self, leases: Sequence[Lease]) -> list[Lease]:
        """Those of the leases that are still held, now held for longer. One that is not among them is lost."""
        ...

    async def release_lease(self, lease: Lease) -> None:
        """Give the run to whoever wants it next. Of a lease that is lost already it changes nothing."""
        ...
