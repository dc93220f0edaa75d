"""What giving up means in a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from interlock.core import events as e
from interlock.core.values import Packer, encode
from interlock.store import EventStore, MissingError
from interlock.store.sqlite.retention import SqliteRetention
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, ended, started
from tests.store.places import SqlitePlace

T = TypeVar("T")

PRIVATE = "what nobody may read any more"


@in_event_loop
async def test_what_was_erased_stands_nowhere_in_the_file(tmp_path: Path) -> None:
    """A page that is free again still holds what stood on it, unless it was written over."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        said = ("a", e.NodeResult("effect-1", "done", {"said": [PRIVATE] * 300}))
        await store.append(append(lease, started(), said, ended("failed", error=PRIVATE)))
    assert PRIVATE.encode() in place.path.read_bytes()

    async with place.store() as store:
        await store.retention.erase_payloads(TENANT, "r1")

    assert PRIVATE.encode() not in place.path.read_bytes()


@in_event_loop
async def test_a_drop_that_was_cut_off_is_done_by_the_next(tmp_path: Path) -> None:
    """A long run goes in several commits, and a crash may come between two of them."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        steps = [("a", e.NodeResult("effect-1", "done", number)) for number in range(5_000)]
        await store.append(append(lease, started(), *steps, ended()))
        dropping = asyncio.ensure_future(store.retention.drop_run(TENANT, "r1"))
        await asyncio.wait_for(_until_some_is_gone(store), timeout=10)
        dropping.cancel()

        half = await store.read_sealed(TENANT, "r1")
        await store.retention.drop_run(TENANT, "r1")

        assert 0 < len(half) < 5_002
        assert await store.read_sealed(TENANT, "r1") == []
        assert await store.find_run(TENANT, "r1") is None


async def _until_some_is_gone(store: EventStore) -> None:
    while len(await store.read_sealed(TENANT, "r1")) == 5_002:  # noqa: ASYNC110 - commits are waited for
        await asyncio.sleep(0)


@in_event_loop
async def test_a_value_that_comes_again_between_the_search_and_the_end_of_it_is_spared(tmp_path: Path) -> None:
    """The search keeps nobody from writing: what was written behind its back is looked at before anything goes."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        packer = Packer(await store.blob_key(TENANT))
        kept, gone = packer.put_aside(encode([PRIVATE] * 2_000)), packer.put_aside(encode([PRIVATE] * 3_000))
        outer = packer.put_aside(encode([kept]))
        blobs = packer.take_fresh()
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        said = ("a", e.NodeResult("effect-1", "done", [outer, gone]))
        await store.append(append(lease, started(), said, ended(), blobs=blobs))
        await store.retention.drop_run(TENANT, "r1")

        async def search(question: Callable[[sqlite3.Connection], T]) -> T:
            found = in_place(place.path, question)
            other = await store.acquire_lease(TENANT, "r2", owner=WORKER)
            again = ("a", e.NodeResult("effect-1", "done", outer))
            await store.append(append(other, started(), again, blobs={outer.digest: blobs[outer.digest]}))
            return found

        async def do(deed: Callable[[sqlite3.Connection], T]) -> T:
            return in_place(place.path, deed)

        freed = await SqliteRetention(do, search).drop_unmentioned_blobs(TENANT)

        assert freed.blobs == 1
        assert len(await store.blobs(TENANT, [outer.digest, kept.digest])) == 2
        with pytest.raises(MissingError):
            await store.blobs(TENANT, [gone.digest])


def in_place(path: Path, ask: Callable[[sqlite3.Connection], T]) -> T:
    """The answer over a connection of one's own, in a transaction."""
    with closing(sqlite3.connect(path)) as file, file:
        return ask(file)
