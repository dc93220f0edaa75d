"""The limit: the least loop that can stand on a store, one event a step and nothing else: no graph, state or leases.

One connection commits whatever has queued up; a step is acknowledged after its commit. On PostgreSQL the runs at once
are also measured with a commit for each step, over as many connections as LangGraph's saver has there.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol, Self

import asyncpg
import measuring as m
import msgspec

CONNECTIONS = 20
TABLE = "create table event(run text, seq int, body {blob}, primary key(run, seq))"


class Log(Protocol):
    """Where events are kept."""

    async def append(self, run: str, seq: int, body: bytes) -> None:
        """Done once it is durable."""
        ...


class SqliteLog:
    """Group commit in a thread."""

    def __init__(self, place: Path) -> None:
        self._file = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self._file.execute("pragma journal_mode=wal")
        self._file.execute("pragma synchronous=full")
        self._file.execute(TABLE.format(blob="blob") + " without rowid")
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write)

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._file.close()

    def append(self, run: str, seq: int, body: bytes) -> asyncio.Future[None]:
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.put(((run, seq, body), done))
        return done

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


class PostgresLog:
    """Group commit: one statement for whatever has queued up while the last one was written."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._waiting: list[tuple[tuple[str, int, bytes], asyncio.Future[None]]] = []
        self._called = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._address)
        await self._connection.execute(TABLE.format(blob="bytea"))
        self._task = self._loop.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._connection.close()

    def append(self, run: str, seq: int, body: bytes) -> asyncio.Future[None]:
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(((run, seq, body), done))
        self._called.set()
        return done

    async def _write(self) -> None:
        insert = "insert into event select * from unnest($1::text[], $2::int[], $3::bytea[])"
        statement = await self._connection.prepare(insert)
        while True:
            await self._called.wait()
            self._called.clear()
            taken, self._waiting = self._waiting, []
            if taken:
                await statement.fetch(*map(list, zip(*[row for row, _ in taken], strict=True)))
                _acknowledge([done for _, done in taken])


class UngroupedPostgresLog:
    """A commit for each event, over a pool of connections; the server makes of them what it can."""

    def __init__(self, address: str) -> None:
        self._pool = asyncpg.create_pool(address, min_size=CONNECTIONS, max_size=CONNECTIONS)

    async def __aenter__(self) -> Self:
        await self._pool
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def append(self, run: str, seq: int, body: bytes) -> None:
        await self._pool.execute("insert into event values ($1, $2, $3)", run, seq, body)


def _acknowledge(waiting: list[asyncio.Future[None]]) -> None:
    for done in waiting:
        done.set_result(None)


async def run(log: Log, name: str) -> None:
    encode = msgspec.msgpack.Encoder().encode
    await log.append(name, 0, b"started")
    for number in range(m.STEPS):
        await log.append(name, number + 1, encode(m.payload(number)))


async def fan(log: Log, name: str) -> None:
    encode = msgspec.msgpack.Encoder().encode
    await log.append(name, 0, b"started")
    await asyncio.gather(*[log.append(name, k + 1, encode(m.payload(k))) for k in range(m.FAN)])
    await log.append(name, m.FAN + 1, b"ended")


async def at_once(log: Log, names: list[str]) -> dict[str, Any]:
    cpu, began = m.Cpu(), m.now()
    await asyncio.gather(*[run(log, name) for name in names])
    return m.at_once(m.now() - began, len(names), cpu.micros_each(len(names) * m.STEPS))


async def row(folder: Path, postgres: str, *, quick: bool) -> dict[str, Any]:
    """The workloads that make sense without an engine."""
    names = (f"run-{number}" for number in itertools.count())
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(PostgresLog(postgres) if postgres else SqliteLog(folder / "raw.db"))
        await run(log, next(names))
        took, cpu = [], m.Cpu()
        while sum(took) < (0.2 if quick else m.CHAIN_SECONDS):
            began = m.now()
            await run(log, next(names))
            took.append(m.now() - began)
        found: dict[str, Any] = {"chain": m.chains(took, cpu.micros_each(len(took) * m.STEPS))}
        many = 20 if quick else m.RUNS_AT_ONCE
        found["at_once"] = await at_once(log, [next(names) for _ in range(many)])
        if postgres:
            ungrouped = await stack.enter_async_context(UngroupedPostgresLog(postgres))
            found["at_once_ungrouped"] = await at_once(ungrouped, [next(names) for _ in range(many)])
        took = []
        for _ in range(5):
            began = m.now()
            await fan(log, next(names))
            took.append(m.now() - began)
        found["fan_ms"] = m.middle_ms(took)
    return found


if __name__ == "__main__":
    given = m.options()
    m.emit({} if given.forks else asyncio.run(row(given.folder, given.postgres, quick=given.quick)))
