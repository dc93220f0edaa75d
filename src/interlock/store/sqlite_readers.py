"""The few threads that read a SQLite file, beside the event loop and beside the one that writes.

Each question has a connection to itself while it is asked, and sees what was committed before. Nothing is written here:
the connections refuse it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final, TypeVar

from interlock.store import sqlite_reads
from interlock.store.sqlite_place import connect, explained

T = TypeVar("T")

_READERS: Final = 2


class SqliteReaders:
    """Owns the connections that read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watching = _reader(path)
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(_READERS):
            self._idle.put(_reader(path))
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix=f"interlock-reader-{path.name}")

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer, found in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    def change_mark(self) -> int:
        """See `sqlite_reads.change_mark`: so cheap that it is asked in the caller's thread."""
        return sqlite_reads.change_mark(self._watching)

    async def close(self) -> None:
        """Let what is being asked end, then close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._watching.close()
        while not self._idle.empty():
            self._idle.get().close()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            with explained(self._path):
                return question(connection)
        finally:
            self._idle.put(connection)


def _reader(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("pragma query_only = on")
    return connection
