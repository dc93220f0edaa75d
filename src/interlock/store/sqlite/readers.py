"""What reads a SQLite file, beside the one that writes it.

Rows that are found by their keys are read in the event loop: it takes microseconds, and in a thread each row would have
to win the interpreter's lock. What makes SQLite search, or is large, is asked in a thread. Both see what was committed
before. Nothing is written here: the connections refuse it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final, TypeVar

from interlock.store.sqlite.place import connect, explained

T = TypeVar("T")

_THREADS: Final = 2


class SqliteReaders:
    """Owns the connections that read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = _reader(path)
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(_THREADS):
            self._idle.put(_reader(path))
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"interlock-reader-{path.name}")

    def look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer, found in the caller's thread."""
        with explained(self._path):
            return question(self._own)

    async def search(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer, found in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    async def close(self) -> None:
        """Let what is being asked end, then close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._own.close()
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
