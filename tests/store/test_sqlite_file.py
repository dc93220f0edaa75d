"""What lies in a store's file, seen by others who open it: rows that can be dropped, blobs, and commits under way."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from interlock.core import events as e
from interlock.store import ErasedError, EventStore, Lease, LedgerRow, QuestionRow, RunRow
from interlock.store.salts import Salts
from interlock.store.sqlite.appends import AppendBatch
from interlock.store.sqlite.place import connect
from interlock.store.sqlite.standings import Standings
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, started, step
from tests.store.places import SqlitePlace

ASK = e.NodeWaiting("person", question=e.Question("Release?", ("release", "reject")))


@pytest.fixture
def place(tmp_path: Path) -> SqlitePlace:
    """A new, empty file."""
    return SqlitePlace(tmp_path / "runs.db")


async def derived(store: EventStore) -> tuple[RunRow, list[LedgerRow], list[QuestionRow]]:
    """All that is kept of `r1` beside its log."""
    return await store.get_run(TENANT, "r1"), await store.ledger(TENANT, "r1"), await store.questions(TENANT)


@in_event_loop
async def test_rows_that_were_lost_or_wrong_come_back_from_the_log(place: SqlitePlace) -> None:
    """A fault in what is derived is mended by deriving it again, never by hand."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(key="pr-7"), *step(0), *step(1), ("ask", ASK), due=5))
        before = await derived(store)
        with closing(connect(place.path)) as hand:
            hand.execute("delete from ledger")
            hand.execute("update question set reason = 'hold'")
            hand.execute("update run set seq = 99, head = x'00', graph = '?', status = '?', key = '?', error = '?'")

        await store.rebuild(TENANT, "r1", status="running", due=5)

        assert await derived(store) == before


@in_event_loop
async def test_an_erased_run_is_not_rebuilt(place: SqlitePlace) -> None:
    """What its events said is gone: rows made of the rest would say less than those that are there."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), *step(0)))
        before = await derived(store)
        with closing(connect(place.path)) as hand:
            hand.execute("update event set salt = x'', payload = null where seq = 2")

        with pytest.raises(ErasedError):
            await store.rebuild(TENANT, "r1", status="running", due=None)

        assert await derived(store) == before


@in_event_loop
async def test_a_blob_is_stored_once_and_compressed(place: SqlitePlace) -> None:
    """An agent's history is long, repeats itself, and is passed on from step to step."""
    text = b"the same sentence again and again, " * 10_000
    async with place.store() as store:
        digest = hmac.digest(await store.blob_key(TENANT), text, "sha256").hex()
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), blobs={digest: text}))
        await store.append(append(lease, *step(0), after=1, blobs={digest: text}))

        with closing(connect(place.path)) as other:
            sizes = [size for (size,) in other.execute("select length(data) from blob")]

        assert len(sizes) == 1
        assert sizes[0] < len(text) / 50


@in_event_loop
async def test_who_follows_the_feed_misses_nothing_of_a_slow_commit_of_another_process(place: SqlitePlace) -> None:
    """What is not committed has no position yet: it cannot come to stand before what was seen already."""
    async with place.store() as store:
        slow, quick = [await store.acquire_lease(TENANT, run, owner=WORKER) for run in ("slow", "quick")]
        with closing(connect(place.path)) as other:
            _append_uncommitted(other, slow)
            waiting = asyncio.ensure_future(store.append(append(quick, started())))
            await asyncio.sleep(0)
            meanwhile = await store.feed(TENANT)
            other.execute("commit")
        await waiting

        entries = await store.feed(TENANT)

        assert meanwhile == []
        assert [(entry.run, entry.position) for entry in entries] == [("slow", 1), ("quick", 2)]


def _append_uncommitted(connection: sqlite3.Connection, lease: Lease) -> None:
    """Another process in the middle of its transaction."""
    connection.execute("begin immediate")
    batch = AppendBatch(connection, Salts(secrets.token_bytes), Standings(connection))
    batch.add(append(lease, started()))
    batch.flush()
