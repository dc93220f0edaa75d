"""The store in PostgreSQL: for many workers, on one machine or on many.

One connection appends (writer.py), a few read and write what is small (sessions.py), and one listens once somebody
wants to know of changes (changes.py). They go to the server itself, or to a pool that keeps sessions: a pool that hands
out single transactions loses what is listened to.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar

from interlock.core.events import Event
from interlock.store.blobs import pack_blob
from interlock.store.claims import RunLimit, RunsWaiting
from interlock.store.errors import MissingError, SignalsFullError, StoreClosedError
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
from interlock.store.lease import LEASE_MICROS, Lease, LeaseOwner
from interlock.store.postgres import claiming, leasing, reads, rebuilding
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.changes import Changes, Told
from interlock.store.postgres.effect_queue import PostgresEffectQueue
from interlock.store.postgres.imports import PostgresImports
from interlock.store.postgres.patience import PATIENCE_SECONDS, Patience
from interlock.store.postgres.place import open_place
from interlock.store.postgres.records import PostgresRecords
from interlock.store.postgres.retention import PostgresRetention
from interlock.store.postgres.rows import storable
from interlock.store.postgres.session import Session
from interlock.store.postgres.sessions import Sessions
from interlock.store.postgres.writer import PostgresWriter
from interlock.store.processes import is_running as process_is_running
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.salts import RandomBytes
from interlock.store.sealing import Sealed, unseal

T = TypeVar("T")

_PAGE: Final = 500
"""How many events are read at once."""

_NEW_SIGNAL: Final = """
    insert into signal(tenant, run, kind, body, sender, sent_at)
    select $1, $2, $3, $4, $5, $6 where (select count(*) from signal where tenant = $1 and run = $2) < $7
        and not exists (select from run where tenant = $1 and run = $2 and imported_from <> '')
    returning id"""
_NEW_BUNDLE: Final = "insert into bundle(tenant, bundle, data) values ($1, $2, $3) on conflict do nothing"
_NEW_BLOB_KEY: Final = "insert into blob_key(tenant, key) values ($1, $2) on conflict do nothing"


class _Open:
    """What an open store has."""

    def __init__(self, sessions: Sessions, changes: Changes, writer: PostgresWriter) -> None:
        self.sessions = sessions
        self.changes = changes
        self.writer = writer
        self.blob_keys: dict[str, bytes] = {}


class PostgresEventStore:
    """An `EventStore` in a schema of a PostgreSQL database."""

    def __init__(
        self,
        address: PostgresAddress | str,
        *,
        clock: Clock,
        random_bytes: RandomBytes = secrets.token_bytes,
        lease_micros: int = LEASE_MICROS,
        is_running: Callable[[LeaseOwner], bool] = process_is_running,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """`patience_seconds`: how long a server that went away is waited for before whoever asked is told."""
        self._address = PostgresAddress.parse(address) if isinstance(address, str) else address
        self._clock = clock
        self._random_bytes = random_bytes
        self.lease_micros = lease_micros
        self._is_running = is_running
        self._patience = Patience(patience_seconds)
        self._opened: _Open | None = None
        self.records = PostgresRecords(self._ask, self._do, clock, on_commit=lambda: self._note("log"))
        self.imports = PostgresImports(self._do, self.blob_key, on_commit=lambda: self._note("log"))
        self.retention = PostgresRetention(self._ask, self._do)
        self.queue = PostgresEffectQueue(
            self._ask,
            self._do,
            clock,
            lease_micros=lease_micros,
            is_running=is_running,
            on_commit=self._note,
        )

    async def open(self) -> None:
        """Make the place ready, or make it, if it is new. Raises `PlaceError`."""
        session = await open_place(self._address)
        sessions = Sessions(self._address, patience=self._patience)
        changes = Changes(self._address, sessions, name=secrets.token_hex(8))
        writer = PostgresWriter(
            session,
            self._address,
            self._random_bytes,
            on_commit=self._note_appends,
            patience=self._patience,
        )
        self._opened = _Open(sessions, changes, writer)

    def leave_soon(self) -> None:
        """Let nobody wait for long for a server that is away."""
        self._patience.run_short()

    async def close(self) -> None:
        """Commit what was asked for, tell others of it, then let go of the server."""
        opened = self._opened
        if opened is None:
            return
        await opened.writer.close()
        self._opened = None
        await opened.changes.close()
        await opened.sessions.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- the log ---

    def append(self, append: Append) -> Awaitable[None]:
        """Add events to a run; shares its commit with whatever else is waiting."""
        return self._open().writer.append(append)

    async def read(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The run's events behind number `after`."""
        return [unseal(one) async for page in self._pages(tenant, run, after, limit) for one in page]

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The same as stored."""
        return [one async for page in self._pages(tenant, run, after, limit) for one in page]

    async def head(self, tenant: str, run: str) -> Head:
        """Where the run's log ends."""
        return await self._ask(lambda session: reads.head(session, tenant, run))

    async def feed(self, tenant: str, *, after: int = 0, limit: int = LIST_LIMIT) -> list[FeedEntry]:
        """Committed appends in order: each holds the end of the tenant's feed until it is committed."""
        return await self._ask(lambda session: reads.feed(session, tenant, after, limit))

    async def feed_end(self, tenant: str) -> int:
        """The position of the tenant's last append."""
        return await self._ask(lambda session: reads.feed_end(session, tenant))

    async def change_mark(self, about: Topic = "anything") -> int:
        """A number in memory, moved by what this store commits and by what the others tell. Asks the server nothing."""
        return await self._open().changes.mark(about)

    # --- what is derived from the log ---

    async def get_run(self, tenant: str, run: str) -> RunRow:
        """The run's row."""
        row = await self.find_run(tenant, run)
        if row is None:
            raise MissingError("run", run, tenant=tenant)
        return row

    async def find_run(self, tenant: str, run: str) -> RunRow | None:
        """The run's row, if there is one."""
        return await self._ask(lambda session: reads.run_by_name(session, tenant, run))

    async def find_by_key(self, tenant: str, key: str) -> RunRow | None:
        """The run that was started under a key."""
        return await self._ask(lambda session: reads.run_by_key(session, tenant, key))

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
        return await self._ask(
            lambda session: reads.newest_runs(session, tenant, status=status, graph=graph, before=before, limit=limit)
        )

    async def ledger(self, tenant: str, run: str) -> list[LedgerRow]:
        """The run's effects."""
        return await self._ask(lambda session: reads.ledger(session, tenant, run))

    async def effects(
        self, tenant: str, runs: Collection[str], *, behind: tuple[str, int] = ("", 0), limit: int = LIST_LIMIT
    ) -> list[RunEffect]:
        """Effects of some runs."""
        return await self._ask(lambda session: reads.effects(session, tenant, runs, behind, limit))

    async def effects_in_doubt(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[RunEffect]:
        """Effects of which a person has to say what became of them."""
        return await self._ask(lambda session: reads.effects_in_doubt(session, tenant, limit))

    async def questions(self, tenant: str, *, run: str | None = None) -> list[QuestionRow]:
        """What waits for people."""
        return await self._ask(lambda session: reads.questions(session, tenant, run))

    async def outbox(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """Events to be sent out."""
        return await self._ask(lambda session: reads.outbox(session, tenant, limit))

    async def rebuild(self, tenant: str, run: str, *, status: str, due: int | None) -> None:
        """Derive anew what is derived from the run's log."""
        await self._do(lambda session: rebuilding.rebuild(session, tenant, run, status=status, due=due))
        self._note("log")

    # --- what events mention ---

    async def blob_key(self, tenant: str) -> bytes:
        """The tenant's key: made once, whoever asks first."""
        known = self._open().blob_keys
        if tenant not in known:
            known[tenant] = await self._ask(lambda session: reads.blob_key(session, tenant)) or await self._do(
                lambda session: _made_blob_key(session, tenant, self._random_bytes(BLOB_KEY_BYTES))
            )
        return known[tenant]

    async def blobs(self, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
        """The raw bytes of blobs."""
        return await self._ask(lambda session: reads.blobs(session, tenant, digests))

    async def put_bundle(self, tenant: str, bundle: str, data: bytes) -> None:
        """Keep a bundle."""
        packed = await asyncio.to_thread(pack_blob, data)
        await self._do(lambda session: session.execute(_NEW_BUNDLE, tenant, bundle, packed))

    async def get_bundle(self, tenant: str, bundle: str) -> bytes:
        """A bundle by its hash."""
        return await self._ask(lambda session: reads.bundle(session, tenant, bundle))

    # --- who may move a run on ---

    async def send_signal(self, tenant: str, run: str, *, kind: str, body: bytes, sender: str) -> int:
        """Leave a request for the run's driver. Some more than the bound may be left if many leave one at once."""
        values = (tenant, run, kind, body, storable(sender), self._clock(), SIGNALS_MAX)
        signal = await self._do(lambda session: session.fetchval(_NEW_SIGNAL, *values))
        if signal is None:
            await self._ask(lambda session: leasing.refuse_imported(session, tenant, run))
            raise SignalsFullError(run, waiting=SIGNALS_MAX)
        self._note("signal")
        return signal

    async def unread_signals(self, tenant: str, *, run: str | None = None) -> list[Signal]:
        """Requests nobody has recorded yet."""
        return await self._ask(lambda session: reads.signals(session, tenant, run))

    async def acquire_lease(self, tenant: str, run: str, *, owner: LeaseOwner) -> Lease:
        """The right to drive a run."""
        at = self._clock()
        wanted = Lease(tenant, run, epoch=0, expires_at=at + self.lease_micros, owner=owner)
        lease, head = await self._do(lambda session: leasing.take(session, wanted, at=at, is_running=self._is_running))
        self._open().writer.heads.note(tenant, run, head)
        return lease

    async def claim_runs(
        self, *, owner: LeaseOwner, limit: int, limits: Sequence[RunLimit] = (), at: int | None = None
    ) -> list[Lease]:
        """The right to drive runs that nobody drives."""
        at = self._clock() if at is None else at
        taken = await self._do(
            lambda session: claiming.claim(
                session,
                owner,
                at=at,
                expires_at=at + self.lease_micros,
                limit=limit,
                limits=limits,
                is_running=self._is_running,
            )
        )
        for lease, head in taken:
            self._open().writer.heads.note(lease.tenant, lease.run, head)
        return [lease for lease, _ in taken]

    async def next_claim(self) -> int | None:
        """From when on there may be a run to claim."""
        return await self._ask(lambda session: claiming.next_claim(session, at=self._clock()))

    async def runs_waiting(self) -> list[RunsWaiting]:
        """How many runs wait to be driven."""
        return await self._ask(lambda session: claiming.depth(session, at=self._clock()))

    async def renew_leases(self, leases: Sequence[Lease]) -> list[Lease]:
        """Those of the leases that are still held."""
        expires_at = self._clock() + self.lease_micros
        return await self._ask(lambda session: leasing.renew(session, leases, expires_at=expires_at))

    async def release_lease(self, lease: Lease) -> None:
        """Give the run to whoever wants it next."""
        self._open().writer.heads.forget(lease.tenant, lease.run)
        if await self._ask(lambda session: leasing.release(session, lease)):
            self._note("work")

    # --- inside ---

    async def _pages(self, tenant: str, run: str, after: int, limit: int | None) -> AsyncGenerator[list[Sealed]]:
        """A run's log, a page at a time."""
        left = sys.maxsize if limit is None else limit
        while left:
            page = await self._page(tenant, run, after, min(left, _PAGE))
            yield page
            if len(page) < min(left, _PAGE):
                return
            after, left = after + len(page), left - len(page)

    async def _page(self, tenant: str, run: str, after: int, size: int) -> list[Sealed]:
        return await self._ask(
            lambda session: reads.sealed_events(session, tenant=tenant, run=run, after=after, limit=size)
        )

    async def _ask(self, question: Callable[[Session], Awaitable[T]]) -> T:
        return await self._open().sessions.ask(question)

    async def _do(self, deed: Callable[[Session], Awaitable[T]]) -> T:
        return await self._open().sessions.do(deed)

    def _note(self, about: Told) -> None:
        # Whoever calls a run on may call one that nobody drives.
        topics: tuple[Told, ...] = ("signal", "work") if about == "signal" else (about,)
        self._open().changes.committed(*topics)

    def _note_appends(self, appends: Sequence[Append]) -> None:
        # A run that ends makes room for another one, and one that is let go waits for somebody to take it.
        is_work = any(append.releases or append.offers for append in appends)
        self._open().changes.committed(*(("log", "work") if is_work else ("log",)))

    def _open(self) -> _Open:
        if self._opened is None:
            raise StoreClosedError(self._address.shown)
        return self._opened


async def _made_blob_key(session: Session, tenant: str, key: bytes) -> bytes:
    await session.execute(_NEW_BLOB_KEY, tenant, key)
    kept = await reads.blob_key(session, tenant)
    assert kept is not None
    return kept
