"""What giving up means in a SQLite file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from interlock.core import events as e
from interlock.store import EventStore
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, ended, started
from tests.store.places import SqlitePlace

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
