"""The one thread that writes a SQLite file: it commits together whatever has queued up, of all runs.

What waits is bounded; who would queue more waits. A refused append harms no other one of its commit. The thread does
not keep the process alive: what was not acknowledged when a process ends may be lost, and nothing else.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar, cast

from interlock.store.errors import PlaceError, StoreClosedError, StoreError
from interlock.store.event_store import Append, RandomBytes
from interlock.store.sqlite_appends import AppendBatch
from interlock.store.sqlite_place import execute_when_free, explain

T = TypeVar("T")
Deed: TypeAlias = Callable[[sqlite3.Connection], T]
"""Any other write. It refuses, with a `StoreError`, before it has written anything."""

_WAITING_MAX: Final = 10_000
_COMMIT_MAX: Final = 1_000
"""How many jobs share a commit at most, so that other processes get their turn and nobody waits long."""


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
        self._random_bytes = random_bytes
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._room = asyncio.Semaphore(_WAITING_MAX)
        self._ended = False
        self._thread = threading.Thread(target=self._work, name=f"interlock-writer-{path.name}", daemon=True)
        self._thread.start()

    async def append(self, append: Append) -> None:
        """Returns once the append is durable."""
        await self._submit(append)

    async def do(self, deed: Deed[T]) -> T:
        """What the deed returned, once what it wrote is durable."""
        return cast("T", await self._submit(deed))

    async def close(self) -> None:
        """Commit what was queued, then end the thread and close the connection."""
        if not self._ended:
            self._ended = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def _submit(self, work: Append | Deed[Any]) -> object:
        await self._room.acquire()
        if self._ended:
            self._room.release()
            raise StoreClosedError(str(self._path))
        job = _Job(work, self._loop.create_future())
        self._queue.put(job)
        return await job.future

    # --- in the thread ---

    def _work(self) -> None:
        jobs: list[_Job] = []
        try:
            while jobs := self._next_jobs():
                self._commit(jobs)
                self._loop.call_soon_threadsafe(self._answer, jobs)
        except BaseException as error:  # noqa: BLE001 - the boundary of the thread: who waits for it must be told
            self._give_up(jobs, error)
        finally:
            self._connection.close()

    def _next_jobs(self) -> list[_Job]:
        """What is queued, once there is something; nothing, when the writer is to end."""
        first = self._queue.get()
        if first is None:
            return []
        jobs = [first]
        try:
            while len(jobs) < _COMMIT_MAX:
                job = self._queue.get_nowait()
                if job is None:
                    self._queue.put(None)
                    break
                jobs.append(job)
        except Empty:
            pass
        return jobs

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            execute_when_free(self._connection, "begin immediate")
            self._write(jobs)
            self._connection.execute("commit")
        except Exception as error:  # noqa: BLE001 - a boundary: whatever it was, each job is answered
            self._roll_back()
            trouble = explain(error, self._path)
            if trouble is not None or len(jobs) == 1:
                _fail(jobs, trouble or error)
            else:
                # One of them cannot be written at all. Alone, only that one fails.
                for job in jobs:
                    self._commit([job])

    def _write(self, jobs: Sequence[_Job]) -> None:
        batch = AppendBatch(self._connection, self._random_bytes)
        for job in jobs:
            job.error = None
            try:
                if isinstance(job.work, Append):
                    batch.add(job.work)
                else:
                    batch.flush()
                    job.result = job.work(self._connection)
            except StoreError as error:
                job.error = error
        batch.flush()

    def _roll_back(self) -> None:
        # Some errors make SQLite roll back by itself.
        if self._connection.in_transaction:
            self._connection.execute("rollback")

    def _give_up(self, jobs: list[_Job], error: BaseException) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._refuse_all, jobs, error)

    # --- in the event loop ---

    def _answer(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self._room.release()
            if job.future.done():  # whoever asked has gone away meanwhile
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)

    def _refuse_all(self, jobs: list[_Job], error: BaseException) -> None:
        """The thread has ended: nobody else will answer what it had taken and what still waits."""
        self._ended = True
        while not self._queue.empty():
            job = self._queue.get()
            if job is not None:
                jobs.append(job)
        _fail(jobs, PlaceError(str(self._path), "broken", f"its writer ended ({error}): open the store again"))
        self._answer(jobs)


def _fail(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        job.error = error
