"""The store in one SQLite file: for a laptop, a single server, and every process of one machine.

One connection writes (writer.py) and a few read (readers.py); the file's write-ahead log lets other
processes read and leave signals meanwhile. It does not work across machines: a file on a network share loses locks, and
with them what was promised.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import sqlite3
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from pathlib import Path
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
from interlock.store.processes import is_running as process_is_running
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.salts import RandomBytes
from interlock.store.sealing import Sealed, unseal
from interlock.store.sqlite import claiming, leasing, reads, rows
from interlock.store.sqlite.effect_queue import SqliteEffectQueue
from interlock.store.sqlite.imports import SqliteImports
from interlock.store.sqlite.opening import open_file
from interlock.store.sqlite.readers import SqliteReaders
from interlock.store.sqlite.records import SqliteRecords
from interlock.store.sqlite.retention import SqliteRetention
from interlock.store.sqlite.writer import Deed, SqliteWriter

T = TypeVar("T")

_PAGE: Final = 500
"""How many events are read before the event loop gets its turn: about two milliseconds."""


class SqliteEventStore:
    """An `EventStore` in one file."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        random_bytes: RandomBytes = secrets.token_bytes,
        lease_micros: int = LEASE_MICROS,
        is_running: Callable[[LeaseOwner], bool] = process_is_running,
    ) -> None:
        self._path = path
        self._clock = clock
        self._random_bytes = random_bytes
        self.lease_micros = lease_micros
        self._is_running = is_running
        self._writer: SqliteWriter | None = None
        self._readers: SqliteReaders | None = None
        self.records = SqliteRecords(self._do, self._look, clock)
        self.imports = SqliteImports(self._do, self.blob_key)
        self.retention = SqliteRetention(self._do, self._search)
        self.queue = SqliteEffectQueue(self._do, self._look, clock, lease_micros=lease_micros, is_running=is_running)

    async def open(self) -> None:
        """Make the file ready, or make it, if it is new. Raises `PlaceError`."""
        connection = await asyncio.to_thread(open_file, self._path)
        self._readers = SqliteReaders(self._path)
        self._writer = SqliteWriter(connection, self._path, self._random_bytes)

    def leave_soon(self) -> None:
        """Its place is never away."""

    async def close(self) -> None:
        """Commit what was asked for, then let go of the file."""
        writer, self._writer = self._writer, None
        readers, self._readers = self._readers, None
        if writer:
            await writer.close()
        if readers:
            await readers.close()

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
        return self._open_writer().append(append)

    async def read(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Event]:
        """The run's events behind number `after`."""
        return [unseal(one) async for page in self._pages(tenant, run, after, limit) for one in page]

    async def read_sealed(self, tenant: str, run: str, *, after: int = 0, limit: int | None = None) -> list[Sealed]:
        """The same as stored."""
        return [one async for page in self._pages(tenant, run, after, limit) for one in page]

    async def head(self, tenant: str, run: str) -> Head:
        """Where the run's log ends."""
        return self._look(lambda file: reads.head(file, tenant, run))

    async def feed(self, tenant: str, *, after: int = 0, limit: int = LIST_LIMIT) -> list[FeedEntry]:
        """Committed appends in order. Only one transaction writes at a time, so positions appear in order as well."""
        return self._look(lambda file: reads.feed(file, tenant, after, limit))

    async def feed_end(self, tenant: str) -> int:  # noqa: ARG002 - positions are of all tenants together
        """The position of the last append of any tenant."""
        return self._look(reads.feed_end)

    async def change_mark(self, about: Topic = "anything") -> int:  # noqa: ARG002 - it cannot tell
        """Another number once anybody, also another process, has committed: a few microseconds, no page is read."""
        return self._look(reads.change_mark)

    # --- what is derived from the log ---

    async def get_run(self, tenant: str, run: str) -> RunRow:
        """The run's row."""
        row = await self.find_run(tenant, run)
        if row is None:
            raise MissingError("run", run, tenant=tenant)
        return row

    async def find_run(self, tenant: str, run: str) -> RunRow | None:
        """The run's row, if there is one."""
        return self._look(lambda file: reads.run_by_name(file, tenant, run))

    async def find_by_key(self, tenant: str, key: str) -> RunRow | None:
        """The run that was started under a key."""
        return self._look(lambda file: reads.run_by_key(file, tenant, key))

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

        def question(file: sqlite3.Connection) -> list[RunRow]:
            return reads.newest_runs(file, tenant, status=status, graph=graph, before=before, limit=limit)

        # Without a filter no more is read than is told, and a page is told before another thread has its turn.
        reads_a_page = status is None and graph is None and limit <= _PAGE
        return self._look(question) if reads_a_page else await self._search(question)

    async def ledger(self, tenant: str, run: str) -> list[LedgerRow]:
        """The run's effects."""
        return self._look(lambda file: reads.ledger(file, tenant, run))

    async def effects(
        self, tenant: str, runs: Collection[str], *, behind: tuple[str, int] = ("", 0), limit: int = LIST_LIMIT
    ) -> list[RunEffect]:
        """Effects of some runs."""
        return await self._search(lambda file: reads.effects(file, tenant, runs, behind, limit))

    async def effects_in_doubt(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[RunEffect]:
        """Effects of which a person has to say what became of them."""
        return await self._search(lambda file: reads.effects_in_doubt(file, tenant, limit))

    async def questions(self, tenant: str, *, run: str | None = None) -> list[QuestionRow]:
        """What waits for people."""
        return await self._search(lambda file: reads.questions(file, tenant, run))

    async def outbox(self, tenant: str, *, limit: int = LIST_LIMIT) -> list[OutboxRow]:
        """Events to be sent out."""
        return await self._search(lambda file: reads.outbox(file, tenant, limit))

    async def rebuild(self, tenant: str, run: str, *, status: str, due: int | None) -> None:
        """Derive the run's rows anew."""
        await self._do(lambda file: rows.rebuild(file, tenant, run, status=status, due=due))

    # --- what events mention ---

    async def blob_key(self, tenant: str) -> bytes:
        """The tenant's key: made once, whoever asks first."""
        key = self._look(lambda file: reads.blob_key(file, tenant))
        return key or await self._do(lambda file: _made_blob_key(file, tenant, self._random_bytes(BLOB_KEY_BYTES)))

    async def blobs(self, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
        """The raw bytes of blobs."""
        return await self._search(lambda file: reads.blobs(file, tenant, digests))

    async def put_bundle(self, tenant: str, bundle: str, data: bytes) -> None:
        """Keep a bundle."""
        row = (tenant, bundle, await asyncio.to_thread(pack_blob, data))
        await self._do(lambda file: file.execute("insert or ignore into bundle values (?, ?, ?)", row))

    async def get_bundle(self, tenant: str, bundle: str) -> bytes:
        """A bundle by its hash."""
        return await self._search(lambda file: reads.bundle(file, tenant, bundle))

    # --- who may move a run on ---

    async def send_signal(self, tenant: str, run: str, *, kind: str, body: bytes, sender: str) -> int:
        """Leave a request for the run's driver."""
        row = (tenant, run, kind, body, sender, self._clock())
        return await self._do(lambda file: _added_signal(file, tenant, run, row))

    async def unread_signals(self, tenant: str, *, run: str | None = None) -> list[Signal]:
        """Requests nobody has recorded yet."""
        return self._look(lambda file: reads.signals(file, tenant, run))

    async def acquire_lease(self, tenant: str, run: str, *, owner: LeaseOwner) -> Lease:
        """The right to drive a run."""
        at = self._clock()
        wanted = Lease(tenant, run, epoch=0, expires_at=at + self.lease_micros, owner=owner)
        return await self._do(lambda file: leasing.take(file, wanted, at=at, is_running=self._is_running))

    async def claim_runs(
        self, *, owner: LeaseOwner, limit: int, limits: Sequence[RunLimit] = (), at: int | None = None
    ) -> list[Lease]:
        """The right to drive runs that nobody drives."""
        at = self._clock() if at is None else at

        def deed(file: sqlite3.Connection) -> list[Lease]:
            return claiming.claim(
                file,
                owner,
                at=at,
                expires_at=at + self.lease_micros,
                limit=limit,
                limits=limits,
                is_running=self._is_running,
            )

        return await self._do(deed)

    async def next_claim(self) -> int | None:
        """From when on there may be a run to claim."""
        return self._look(lambda file: claiming.next_claim(file, at=self._clock()))

    async def runs_waiting(self) -> list[RunsWaiting]:
        """How many runs wait to be driven."""
        return await self._search(lambda file: claiming.depth(file, at=self._clock()))

    async def renew_leases(self, leases: Sequence[Lease]) -> list[Lease]:
        """Those of the leases that are still held."""
        expires_at = self._clock() + self.lease_micros
        return await self._do(lambda file: leasing.renew(file, leases, expires_at=expires_at))

    async def release_lease(self, lease: Lease) -> None:
        """Give the run to whoever wants it next."""
        await self._do(lambda file: leasing.release(file, lease))

    async def _pages(self, tenant: str, run: str, after: int, limit: int | None) -> AsyncGenerator[list[Sealed]]:
        """A run's log, a page at a time: between two of them the event loop has its turn."""
        left = sys.maxsize if limit is None else limit
        while left:
            size = min(left, _PAGE)
            page = self._look(functools.partial(reads.sealed_events, tenant=tenant, run=run, after=after, limit=size))
            yield page
            if len(page) < size:
                return
            after, left = after + size, left - size
            if left:
                await asyncio.sleep(0)

    def _look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return self._open_readers().look(question)

    async def _search(self, question: Callable[[sqlite3.Connection], T]) -> T:
        return await self._open_readers().search(question)

    async def _do(self, deed: Deed[T]) -> T:
        return await self._open_writer().do(deed)

    def _open_writer(self) -> SqliteWriter:
        if self._writer is None:
            raise StoreClosedError(str(self._path))
        return self._writer

    def _open_readers(self) -> SqliteReaders:
        if self._readers is None:
            raise StoreClosedError(str(self._path))
        return self._readers


def _made_blob_key(connection: sqlite3.Connection, tenant: str, key: bytes) -> bytes:
    connection.execute("insert or ignore into blob_key values (?, ?)", (tenant, key))
    kept = reads.blob_key(connection, tenant)
    assert kept is not None
    return kept


def _added_signal(connection: sqlite3.Connection, tenant: str, run: str, row: tuple[str | bytes | int, ...]) -> int:
    leasing.refuse_imported(connection, tenant, run)
    waiting = reads.count_of_signals(connection, tenant, run)
    if waiting >= SIGNALS_MAX:
        raise SignalsFullError(run, waiting=waiting)
    added = connection.execute(
        "insert into signal(tenant, run, kind, body, sender, sent_at) values (?, ?, ?, ?, ?, ?)", row
    ).lastrowid
    assert added is not None
    return added
