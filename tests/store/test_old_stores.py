"""What older releases have left in their stores is read, verified and gone on with by this one.

The stores were recorded by the releases themselves, before any of their tables changed: see old_stores.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.migrating import PostgresSchema
from interlock.store.postgres.tables import VERSION
from tests.store.event_loop import in_event_loop
from tests.store.old_stores.story import LONG, echo
from tests.store.schemas import recorded_versions, restore_on_server, restored


def in_a_file(version: str, request: pytest.FixtureRequest) -> str:
    """Whoever opens it brings it up to date."""
    folder: Path = request.getfixturevalue("tmp_path")
    return str(restored(version, folder / "runs.db"))


def on_a_server(version: str, request: pytest.FixtureRequest) -> str:
    """Brought up to date with `interlock store upgrade`."""
    url: str = request.getfixturevalue("postgres_url")
    address = PostgresAddress.parse(url)
    asyncio.run(restore_on_server(version, address))
    asyncio.run(PostgresSchema(address).migrate(VERSION))
    return url


OLD_STORES = [
    *[pytest.param((in_a_file, version), id=f"file-{version}") for version in recorded_versions("sqlite")],
    *[pytest.param((on_a_server, version), id=f"server-{version}") for version in recorded_versions("postgres")],
]


@pytest.fixture
def old(request: pytest.FixtureRequest) -> str:
    """Where a recorded store lies, as a client is told."""
    restored_there, version = request.param
    return restored_there(version, request)


@pytest.mark.parametrize("old", OLD_STORES, indirect=True)
@in_event_loop
async def test_what_ended_long_ago_is_read_and_verifies(old: str) -> None:
    """The log is why anybody keeps the file at all."""
    async with Interlock(old, tools=[echo]) as interlock:
        ended = await interlock.find_by_key("ended")

        assert ended is not None
        result = await ended.result()
        assert (result.status, result.outputs) == ("succeeded", {"text": LONG})
        assert (await ended.row()).labels == {"team": "a"}
        assert (await ended.replay()).verdict == "same"


@pytest.mark.parametrize("old", OLD_STORES, indirect=True)
@in_event_loop
async def test_what_waited_for_a_person_goes_on(old: str) -> None:
    """A release may come between a question and its answer."""
    async with Interlock(old, tools=[echo]) as interlock:
        waits = await interlock.find_by_key("waits")
        assert waits is not None

        await waits.answer("ask", choice="yes", by="ben")
        await waits.send("go", by="ben")

        assert (await waits.wait()).outputs == {"text": LONG}


@pytest.mark.parametrize("old", OLD_STORES, indirect=True)
@in_event_loop
async def test_what_was_left_for_a_process_that_died_is_taken_up(old: str) -> None:
    """Requests and leases are in no log, so only the tables can bring them over."""
    async with Interlock(old, tools=[echo]) as interlock:
        found = await interlock.find_by_key("hears")
        assert found is not None

        hears = await interlock.take_up(found.id)
        await hears.answer("ask", choice="yes", by="ben")

        assert (await hears.wait()).outputs == {"text": LONG}
        assert [event.actor async for event in hears.events() if event.type == "event.received"] == ["ada"]
