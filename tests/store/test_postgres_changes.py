"""How a store in PostgreSQL hears of what others commit, and what it asks of an idle server: nothing.

The server's own log says what it was asked: each store here has all its statements written there.
"""

from __future__ import annotations

import asyncio

from dev.postgres import PostgresServer
from interlock.store import EventStore
from interlock.store.event_store import Topic
from interlock.store.postgres.store import PostgresEventStore
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, append, started

PATIENCE_SECONDS = 20


def logged(server: PostgresServer, schema: str) -> PostgresEventStore:
    """A store of which the server writes down each statement."""
    return PostgresEventStore(f"{server.address}?schema={schema}&log_statement=all", clock=lambda: NOON)


def statements(server: PostgresServer) -> int:
    """How many statements are written down by now."""
    return server.log.count("LOG:  execute ") + server.log.count("LOG:  statement: ")


async def mark_after(store: EventStore, seen: int, about: Topic = "anything") -> int:
    """The next mark."""
    mark = seen
    async with asyncio.timeout(PATIENCE_SECONDS):
        while mark == seen:
            await asyncio.sleep(0)
            mark = await store.change_mark(about)
    return mark


@in_event_loop
async def test_a_look_at_the_mark_asks_the_server_nothing(own_postgres: PostgresServer) -> None:
    """Whoever waits for something looks twenty times a second; ten thousand of them must not wear the server out."""
    async with logged(own_postgres, "idle") as store:
        first = await store.change_mark()
        before = statements(own_postgres)

        marks = [await store.change_mark() for _ in range(1_000)]

        assert set(marks) == {first}
        assert statements(own_postgres) == before


@in_event_loop
async def test_another_store_is_woken_by_being_told(own_postgres: PostgresServer) -> None:
    """It hears of a signal without having asked: all that the server was asked is to keep it, and to tell of it."""
    async with logged(own_postgres, "woken") as mine, logged(own_postgres, "woken") as yours:
        seen = await mine.change_mark("signals")
        await yours.unread_signals(TENANT)  # so that its connection is there
        before = statements(own_postgres)

        await yours.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")
        await mark_after(mine, seen, "signals")

        assert statements(own_postgres) - before == 2


@in_event_loop
async def test_a_mark_is_about_what_was_asked_for(own_postgres: PostgresServer) -> None:
    """Ten idle workers must not look for work at each step of a busy one."""
    async with logged(own_postgres, "topics") as mine, logged(own_postgres, "topics") as yours:
        lease = await yours.acquire_lease(TENANT, "r1", owner=WORKER)
        anything, work, signals = (
            await mine.change_mark(),
            await mine.change_mark("work"),
            await mine.change_mark("signals"),
        )

        await yours.append(append(lease, started()))
        anything = await mark_after(mine, anything)
        after_append = (await mine.change_mark("work"), await mine.change_mark("signals"))
        await yours.release_lease(lease)
        await mark_after(mine, work, "work")

        assert after_append == (work, signals)
        assert await mine.change_mark("signals") == signals


@in_event_loop
async def test_many_commits_at_once_are_told_together(own_postgres: PostgresServer) -> None:
    """To tell takes the one turn that the whole server has for that."""
    async with logged(own_postgres, "many") as store:
        leases = [await store.acquire_lease(TENANT, f"r{number}", owner=WORKER) for number in range(50)]
        before = own_postgres.log.count("pg_notify")

        await asyncio.gather(*[store.append(append(lease, started())) for lease in leases])
        await store.close()

        assert own_postgres.log.count("pg_notify") - before <= 2


@in_event_loop
async def test_what_was_committed_is_told_before_a_process_ends(own_postgres: PostgresServer) -> None:
    """`pause` in another terminal is such a process: it lives for a moment only."""
    async with logged(own_postgres, "brief") as mine:
        seen = await mine.change_mark("signals")

        async with logged(own_postgres, "brief") as brief:
            await brief.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")

        assert await mark_after(mine, seen, "signals") != seen
