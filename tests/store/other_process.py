"""What another process does with a store: started by tests as `python -m tests.store.other_process ACT PLACE`."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from interlock.store import EventStore
from interlock.store.places import parse_place
from interlock.store.postgres.store import PostgresEventStore
from interlock.store.processes import this_process
from interlock.store.sqlite.migrating import migrate
from interlock.store.sqlite.store import SqliteEventStore
from interlock.store.sqlite.tables import VERSION
from tests.store.logs import NOON, TENANT, append, started, step

RUNS = ("r0", "r1", "r2", "r3")


def store_at(place: str) -> EventStore:
    """The store at a place, whose clock stands still."""
    named = parse_place(place)
    if isinstance(named, Path):
        return SqliteEventStore(named, clock=lambda: NOON)
    return PostgresEventStore(named, clock=lambda: NOON)


async def append_for_ever(place: str, prefix: str = "") -> None:
    """Drive a few runs at once, and say of each append that it was acknowledged."""
    async with store_at(place) as store:
        await asyncio.gather(*[_drive(store, prefix + run) for run in RUNS])


async def _drive(store: EventStore, run: str) -> None:
    lease = await store.acquire_lease(TENANT, run, owner=this_process("other"))
    await store.append(append(lease, started()))
    for k in itertools.count():
        await store.append(append(lease, *step(k), after=1 + 2 * k))
        print(run, 3 + 2 * k, flush=True)  # noqa: T201 - what the test waits for


async def send_signals(place: str) -> None:
    """Leave ten requests for whoever drives `r1`."""
    async with store_at(place) as store:
        for k in range(10):
            await store.send_signal(TENANT, "r1", kind="event", body=str(k).encode(), sender="other")


async def leave_open(place: str) -> None:
    """Forget to close."""
    store = store_at(place)
    await store.open()
    await store.acquire_lease(TENANT, "r1", owner=this_process("other"))


class DyingConnection(sqlite3.Connection):
    """A connection whose process is gone before the last statement of a migration."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
        """Execute what comes before that."""
        if sql.startswith("UPDATE interlock_version"):
            # What has been changed lies in memory until there is too much of it, or a commit.
            super().execute("pragma cache_size = 1")
            super().execute("update event set header = header")
            os._exit(9)
        return super().execute(sql, parameters)


async def die_while_migrating(place: str) -> None:
    """Begin to bring a file up to date."""
    sqlite3.connect = functools.partial(sqlite3.connect, factory=DyingConnection)
    migrate(Path(place), VERSION)


if __name__ == "__main__":
    acts = {
        "append_for_ever": append_for_ever,
        "send_signals": send_signals,
        "leave_open": leave_open,
        "die_while_migrating": die_while_migrating,
    }
    asyncio.run(acts[sys.argv[1]](*sys.argv[2:]))
