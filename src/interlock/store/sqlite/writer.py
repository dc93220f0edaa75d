"""What writes a SQLite file: it commits together whatever has queued up, of all runs.

Statements are executed in the event loop, where each takes microseconds; the commit, which waits for the disk, in a
thread. There each statement would have to win the interpreter's lock several times, and starve beside a busy loop.
On a quick disk an append that nobody else would share a commit with is written at once, where it is asked for: to wait
for its turn and for a thread would take longer than it.
What waits is bounded: who would queue more waits for room. A refused append harms no other one of its commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeAlias, TypeVar, cast

from msgspec.structs import replace

from interlock.store.blobs import pack_blob
from interlock.store.errors import PlaceError, StoreClosedError, StoreError
from interlock.store.event_store import Append
from interlock.store.salts import RandomBytes, Salts
from interlock.store.sqlite.appends import AppendBatch
from interlock.store.sqlite.place import PAUSE_SECONDS, TRIES_MAX, explain, is_busy
from interlock.store.sqlite.standings import Standings

T = TypeVar("T")
Deed: TypeAlias = Callable[[sqlite3.Connection], T]
"""Any other write. It refuses, with a `StoreError`, before it has written anything."""

_WAITING_MAX: Final = 10_000
_COMMIT_MAX: Final = 1_000
"""How many jobs share a commit at most, so that other processes get their turn and nobody waits long."""
_QUICK_SECONDS: Final = 0.001
"""A disk that takes longer for a commit is waited for in the thread, always."""
_TURN_MAX: Final = 100
"""How many jobs are written before the event loop gets its turn: about two milliseconds."""


class _Job:
    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Append | Deed[Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None  # of a deed: whatever it returns
        self.error: Exception | None = None


class SqliteWriter:
    """Owns the connection that writes. Made, used and closed in one event loop."""

    def __init__(self, connection: sqlite3.Connection, path: Path, random_bytes: RandomBytes) -> None:
        self._connection = connection
        self._path = path
        self._salts = Salts(random_bytes)
        self._standings = Standings(connection)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Job] = deque()
        self._called = asyncio.Event()
        self._has_room = asyncio.Event()
        self._done: asyncio.Future[None] = self._loop.create_future()
        """Of every append that was written at once."""
        self._done.set_result(None)
        self._is_closed = False
        self._is_writing = False
        self._has_turn = True
        self._disk_seconds = 2 * _QUICK_SECONDS
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"interlock-commit-{path.name}")
        self._task = self._loop.create_task(self._work(), name=f"interlock-writer-{path.name}")

    def append(self, append: Append) -> Awaitable[None]:
        """Done once the append is durable. Begins at once: who asks awaits a future, not one coroutine more."""
        if self._is_alone(append) and self._write_at_once(append):
            return self._done
        return self._when_there_is_room(append) if self._is_full() else self._queued(append)

    async def do(self, deed: Deed[T]) -> T:
        """What the deed returned, once what it wrote is durable."""
        return cast("T", await self._when_there_is_room(deed))

    async def close(self) -> None:
        """Commit what was asked for, then close the connection."""
        self._is_closed = True
        self._called.set()
        await asyncio.wait([self._task])
        self._thread.shutdown()
        self._connection.close()

    def _is_alone(self, append: Append) -> bool:
        """Whether nobody writes or waits to, and nobody has written in this turn of the loop: others may follow."""
        is_quick = self._disk_seconds < _QUICK_SECONDS and not append.blobs
        return is_quick and self._has_turn and not (self._is_writing or self._waiting or self._is_closed)

    def _write_at_once(self, append: Append) -> bool:
        """Write and commit, here and now. False if another process is writing: then it has to be waited for."""
        self._has_turn = False
        self._loop.call_soon(self._give_turn)
        try:
            self._connection.execute("begin immediate")
            batch = AppendBatch(self._connection, self._salts, self._standings)
            batch.add(append)
            batch.flush()
            self._note_disk(self._timed_commit())
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.OperationalError) and is_busy(error):
                return False
            if (trouble := explain(error, self._path)) is not None:
                raise trouble from error
            raise
        return True

    def _give_turn(self) -> None:
        self._has_turn = True

    def _is_full(self) -> bool:
        """Whether whoever wants to write has to wait for room first."""
        if len(self._waiting) < _WAITING_MAX or self._is_closed:
            return False
        self._has_room.clear()
        return True

    async def _when_there_is_room(self, work: Append | Deed[Any]) -> Any:  # noqa: ANN401 - what a deed returns
        while self._is_full():
            await self._has_room.wait()
        return await self._queued(work)

    def _queued(self, work: Append | Deed[Any]) -> asyncio.Future[Any]:
        if self._is_closed:
            raise StoreClosedError(str(self._path))
        job = _Job(work, self._loop.create_future())
        self._waiting.append(job)
        self._called.set()
        return job.future

    async def _work(self) -> None:
        """Write until the store is closed. If it cannot go on, whoever waits or comes later is told."""
        jobs: list[_Job] = []
        try:
            while jobs := await self._next_jobs():
                self._is_writing = True
                await self._pack_blobs(jobs)
                await self._commit(jobs)
                self._answer(jobs)
                self._is_writing = False
        except BaseException as error:
            self._refuse_all(jobs, error)
            if not isinstance(error, Exception):
                raise

    def _refuse_all(self, jobs: Sequence[_Job], error: BaseException) -> None:
        self._is_closed = True
        self._has_room.set()
        left = [*jobs, *self._waiting]
        message = f"nothing can be written any more ({error!r}): open it again"
        _fail(left, PlaceError(str(self._path), "broken", message))
        self._answer(left)

    async def _next_jobs(self) -> list[_Job]:
        """What waits, once there is something; nothing, when the store was closed and all is written."""
        while not self._waiting and not self._is_closed:
            self._called.clear()
            await self._called.wait()
        self._has_room.set()
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), _COMMIT_MAX))]

    async def _pack_blobs(self, jobs: Sequence[_Job]) -> None:
        # Compression takes milliseconds, and lets go of the interpreter's lock: the thread is the place for it.
        with_blobs = [job for job in jobs if isinstance(job.work, Append) and job.work.blobs]
        if with_blobs:
            await self._in_thread(lambda: [_pack_blobs_of(job) for job in with_blobs])

    async def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            await self._begin()
            await self._write(jobs)
            self._note_disk(await self._in_thread(self._timed_commit))
        except Exception as error:  # noqa: BLE001 - a boundary: whatever it was, each job is answered
            await self._in_thread(self._roll_back)
            trouble = explain(error, self._path)
            if trouble is not None or len(jobs) == 1:
                _fail(jobs, trouble or error)
            else:
                # One of them cannot be written at all. Alone, only that one fails.
                for job in jobs:
                    await self._commit([job])

    def _note_disk(self, seconds: float) -> None:
        """One slow commit is enough to be careful again; it takes several quick ones to forget it."""
        self._disk_seconds = max(seconds, 0.8 * self._disk_seconds + 0.2 * seconds)

    def _timed_commit(self) -> float:
        began = perf_counter()
        self._connection.execute("commit")
        return perf_counter() - began

    async def _begin(self) -> None:
        """Begin as soon as no other process writes. After about five seconds it fails as busy."""
        for _ in range(TRIES_MAX):
            try:
                self._connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
        self._connection.execute("begin immediate")

    async def _write(self, jobs: Sequence[_Job]) -> None:
        batch = AppendBatch(self._connection, self._salts, self._standings)
        for start in range(0, len(jobs), _TURN_MAX):
            if start:
                await asyncio.sleep(0)
            turn = jobs[start : start + _TURN_MAX]
            self._write_turn(batch, turn)

    def _write_turn(self, batch: AppendBatch, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            job.error = None
            try:
                if isinstance(job.work, Append):
                    batch.add(job.work)
                else:
                    # A deed may look at what was appended before it, and may change where any run stands.
                    batch.flush()
                    self._standings.forget()
                    job.result = job.work(self._connection)
            except StoreError as error:
                job.error = error
        batch.flush()

    def _roll_back(self) -> None:
        self._standings.forget()
        # Some errors make SQLite roll back by itself.
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._thread, act)

    def _answer(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            if job.future.done():  # whoever asked has gone away meanwhile
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)


def _pack_blobs_of(job: _Job) -> None:
    assert isinstance(job.work, Append)
    packed = {digest: pack_blob(data) for digest, data in job.work.blobs.items()}
    job.work = replace(job.work, blobs=packed)


def _fail(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        job.error = error
