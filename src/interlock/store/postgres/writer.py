"""What appends in PostgreSQL: it commits together whatever has queued up, of all runs, in one statement.

While the server writes one batch, the next one queues up; so the more there is to write, the less each costs. When the
connection breaks in the middle, nobody knows whether the batch was kept: it is sent again as it is, and what was kept
is known by the hash with which its log ends, which no other append can have made. Only if the server does not come back
in time is the outcome told to be unknown. What waits is bounded: who would queue more waits for room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from msgspec.structs import replace

from interlock.store.blobs import pack_blob
from interlock.store.errors import PlaceError, StoreClosedError
from interlock.store.event_store import Append, Head
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.appends import NEW, AppendBatch, heads_of, standing_of, why_refused
from interlock.store.postgres.heads import Heads
from interlock.store.postgres.patience import Patience
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.sessions import end
from interlock.store.postgres.troubles import explain, is_lost, outcome_unknown, was_undone
from interlock.store.salts import RandomBytes, Salts

_WAITING_MAX: Final = 10_000
_BATCH_MAX: Final = 250
"""How many appends share a commit at most: enough for a commit to cost each of them next to nothing, and so few that of
many runs some are decided while others are being written. It takes about five milliseconds to seal them; the event loop
gets no turn meanwhile, since what it would do then is what is to be done while the server writes."""
_BATCH_BYTES_MAX: Final = 32 * 1024 * 1024
"""How large the blobs of a commit may be together, unless one append alone has more."""
_TRIES_MAX: Final = 20
"""How often an append is tried that was refused for no reason that can be found afterwards."""


class _Job:
    __slots__ = ("append", "future", "is_packed", "tries")

    def __init__(self, append: Append, future: asyncio.Future[None]) -> None:
        self.append = append
        self.future = future
        self.is_packed = False
        """Whether its blobs are as they are stored: one that is tried again must not be packed twice."""
        self.tries = 0

    @property
    def run(self) -> tuple[str, str]:
        return (self.append.tenant, self.append.run)


class PostgresWriter:
    """Owns the connection that appends. Made, used and closed in one event loop."""

    def __init__(
        self,
        session: Session,
        address: PostgresAddress,
        random_bytes: RandomBytes,
        *,
        on_commit: Callable[[Sequence[Append]], None],
        patience: Patience,
    ) -> None:
        self.heads = Heads()
        self._session = session
        self._address = address
        self._salts = Salts(random_bytes)
        self._on_commit = on_commit
        self._patience = patience
        self._waiting: deque[_Job] = deque()
        self._called = asyncio.Event()
        self._has_room = asyncio.Event()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._work(), name="interlock-writer-postgres")

    def append(self, append: Append) -> Awaitable[None]:
        """Done once the append is durable. Begins at once: who asks awaits a future, not one coroutine more."""
        return self._when_there_is_room(append) if self._is_full() else self._queued(append)

    async def close(self) -> None:
        """Commit what was asked for, then close the connection."""
        self._is_closed = True
        self._called.set()
        await asyncio.wait([self._task])
        await end(self._session)

    def _is_full(self) -> bool:
        """Whether whoever wants to append has to wait for room first."""
        return len(self._waiting) >= _WAITING_MAX and not self._is_closed

    async def _when_there_is_room(self, append: Append) -> None:
        while self._is_full():
            self._has_room.clear()
            await self._has_room.wait()
        await self._queued(append)

    def _queued(self, append: Append) -> asyncio.Future[None]:
        if self._is_closed:
            raise StoreClosedError(self._address.shown)
        job = _Job(append, self._loop.create_future())
        self._waiting.append(job)
        self._called.set()
        return job.future

    async def _work(self) -> None:
        """Write until the store is closed. If it cannot go on, whoever waits or comes later is told."""
        jobs: list[_Job] = []
        try:
            while jobs := await self._next_jobs():
                await self._pack_blobs(jobs)
                await self._write(jobs)
        except BaseException as error:
            self._refuse_all(jobs, error)
            if not isinstance(error, Exception):
                raise

    def _refuse_all(self, jobs: Sequence[_Job], error: BaseException) -> None:
        self._is_closed = True
        self._has_room.set()
        message = f"nothing can be written any more ({error!r}): open it again"
        _fail([*jobs, *self._waiting], PlaceError(self._address.shown, "broken", message))

    # --- what is written next ---

    async def _next_jobs(self) -> list[_Job]:
        """What waits, in the order of its runs, once there is something; nothing, when all is written and closed."""
        while not self._waiting and not self._is_closed:
            self._called.clear()
            await self._called.wait()
        jobs = self._taken()
        self._has_room.set()
        return jobs

    def _taken(self) -> list[_Job]:
        taken: dict[tuple[str, str], _Job] = {}
        later: list[_Job] = []
        size = 0
        while self._waiting and len(taken) < _BATCH_MAX and (size < _BATCH_BYTES_MAX or not taken):
            job = self._waiting.popleft()
            if job.run in taken:
                # Two appends of one run are not mixed: the second may take back what the first has derived.
                later.append(job)
            else:
                taken[job.run] = job
                size += sum(map(len, job.append.blobs.values()))
        self._waiting.extendleft(reversed(later))
        return [taken[run] for run in sorted(taken)]

    async def _pack_blobs(self, jobs: Sequence[_Job]) -> None:
        # Compression takes milliseconds, and lets go of the interpreter's lock: a thread is the place for it.
        with_blobs = [job for job in jobs if job.append.blobs and not job.is_packed]
        if with_blobs:
            await asyncio.to_thread(lambda: [_pack_blobs_of(job) for job in with_blobs])

    # --- writing it ---

    async def _write(self, jobs: Sequence[_Job]) -> None:
        try:
            await self._write_together(jobs)
        except Exception as error:  # noqa: BLE001 - a boundary: whatever it was, each job is answered
            left = [job for job in jobs if not job.future.done()]
            self._forget(left)
            trouble = explain(error, self._address)
            if is_lost(error):
                _fail(left, outcome_unknown(error, self._address))
            elif trouble is not None or len(jobs) == 1:
                _fail(left, trouble or error)
            else:
                # One of them cannot be written at all. Alone, only that one fails.
                for job in left:
                    await self._write([job])

    async def _write_together(self, jobs: Sequence[_Job]) -> None:
        previous = await self._heads_before(jobs)
        batch = AppendBatch(self._salts)
        for job, head in zip(jobs, previous, strict=True):
            batch.add(job.append, head.hash)
        passed = await self._sent(*batch.statement())
        written = [job for job, no in zip(jobs, passed, strict=True) if no]
        self._note_written(written)
        for job, no, head in zip(jobs, passed, batch.heads, strict=True):
            if no:
                self._note_head(job, head)
            else:
                await self._answer_refused(job, head, batch.adopted.get(job.run, ()))

    async def _sent(self, statement: str, values: Sequence[Any]) -> list[int]:
        async def attempt() -> list[int]:
            session = await self._usable_session()
            for _ in range(_TRIES_MAX):
                try:
                    return await session.fetchval(statement, *values)
                except Exception as error:
                    if not was_undone(error):
                        raise
            return await session.fetchval(statement, *values)

        return await self._patience.wait_for(attempt)

    async def _usable_session(self) -> Session:
        if self._session.is_closed():
            self._session = await connect(self._address)
        return self._session

    async def _heads_before(self, jobs: Sequence[_Job]) -> list[Head]:
        """The log's end to which each append is added: as it is known, else as it is on record."""
        unknown = [job.append for job in jobs if job.append.claim is None and self.heads.before(job.append) is None]
        found: dict[tuple[str, str], Head] = {}
        if unknown:

            async def ask() -> dict[tuple[str, str], Head]:
                return await heads_of(await self._usable_session(), unknown)

            found = await self._patience.wait_for(ask)
        return [self.heads.before(job.append) or found.get(job.run, NEW) for job in jobs]

    # --- what came of it ---

    def _note_written(self, jobs: Sequence[_Job]) -> None:
        if jobs:
            self._on_commit([job.append for job in jobs])

    def _note_head(self, job: _Job, head: Head) -> None:
        if job.append.releases:
            self.heads.forget(*job.run)
        else:
            self.heads.note(*job.run, head)
        if not job.future.done():  # else whoever asked has gone away meanwhile
            job.future.set_result(None)

    async def _answer_refused(self, job: _Job, head: Head, adopted: Collection[str]) -> None:
        self.heads.forget(*job.run)
        session = await self._usable_session()
        standing = await standing_of(session, job.append)
        if job.append.events and standing is not None and standing.head == head:
            # It was kept before the connection broke, and is refused because it is there already.
            self._note_written([job])
            self._note_head(job, head)
            return
        error = await why_refused(session, job.append, standing, adopted)
        job.tries += 1
        if error is not None:
            _fail([job], error)
        elif job.tries < _TRIES_MAX:
            # Somebody changed the run's row at that very moment, as a renewal of its lease does.
            self._waiting.appendleft(job)
        else:
            what = f"the lease of run {job.append.run} changes all the time: look who drives it"
            _fail([job], PlaceError(self._address.shown, "busy", what))

    def _forget(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self.heads.forget(*job.run)


def _pack_blobs_of(job: _Job) -> None:
    packed = {digest: pack_blob(data) for digest, data in job.append.blobs.items()}
    job.append, job.is_packed = replace(job.append, blobs=packed), True


def _fail(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)
