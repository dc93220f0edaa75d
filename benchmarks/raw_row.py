"""The limit: the least loop that can stand on SQLite, one event a step and nothing else. No graph, no state, no leases.

One thread owns the connection and commits whatever has queued up; a step is acknowledged after its commit.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

import measuring as m
import msgspec


class Log:
    """Group commit."""

    def __init__(self, place: Path) -> None:
        self._file = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self._file.execute("pragma journal_mode=wal")
        self._file.execute("pragma synchronous=full")
        self._file.execute("create table event(run text, seq int, body blob, primary key(run, seq)) without rowid")
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def append(self, run: str, seq: int, body: bytes) -> asyncio.Future[None]:
        """Done once it is durable."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.put(((run, seq, body), done))
        return done

    def close(self) -> None:
        """Write what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()
        self._file.close()

    def _write(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < 4096 and not self._waiting.empty():
                taken.append(self._waiting.get())
            if taken[-1] is None:
                return
            self._file.execute("begin immediate")
            self._file.executemany("insert into event values (?, ?, ?)", [row for row, _ in taken])
            self._file.execute("commit")
            self._loop.call_soon_threadsafe(_acknowledge, [done for _, done in taken])


def _acknowledge(waiting: list[asyncio.Future[None]]) -> None:
    for done in waiting:
        done.set_result(None)


async def row(folder: Path, *, quick: bool) -> dict[str, Any]:
    """The workloads that make sense without an engine."""
    log, numbers, encode = Log(folder / "raw.db"), itertools.count(), msgspec.msgpack.Encoder().encode

    async def run() -> None:
        name = f"run-{next(numbers)}"
        await log.append(name, 0, b"started")
        for number in range(m.STEPS):
            await log.append(name, number + 1, encode(m.payload(number)))

    async def fan() -> None:
        name = f"run-{next(numbers)}"
        await log.append(name, 0, b"started")
        await asyncio.gather(*[log.append(name, k + 1, encode(m.payload(k))) for k in range(m.FAN)])
        await log.append(name, m.FAN + 1, b"ended")

    await run()
    took, cpu = [], m.Cpu()
    while sum(took) < (0.2 if quick else m.CHAIN_SECONDS):
        began = m.now()
        await run()
        took.append(m.now() - began)
    found: dict[str, Any] = {"chain": m.chains(took, cpu.micros_each(len(took) * m.STEPS))}
    runs, cpu, began = 20 if quick else m.RUNS_AT_ONCE, m.Cpu(), m.now()
    await asyncio.gather(*[run() for _ in range(runs)])
    found["at_once"] = m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))
    took = []
    for _ in range(5):
        began = m.now()
        await fan()
        took.append(m.now() - began)
    found["fan_ms"] = m.middle_ms(took)
    log.close()
    return found


if __name__ == "__main__":
    given = m.options()
    m.emit({} if given.forks else asyncio.run(row(given.folder, quick=given.quick)))
