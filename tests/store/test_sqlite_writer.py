"""What writes a file: what waits together is committed together, and everybody gets an answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from interlock.store import Lease, PlaceError, StoreClosedError
from interlock.store.sqlite import leasing
from interlock.store.sqlite.opening import open_file
from interlock.store.sqlite.writer import SqliteWriter
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, append, started


class Traced:
    """A writer on a new file, and what it has SQLite execute."""

    def __init__(self, path: Path) -> None:
        self.connection = open_file(path)
        self.statements: list[str] = []
        self.connection.set_trace_callback(self.statements.append)
        self.writer = SqliteWriter(self.connection, path, secrets.token_bytes)

    async def lease(self, run: str) -> Lease:
        """The right to drive a run."""
        wanted = Lease(TENANT, run, epoch=0, expires_at=NOON, owner=WORKER)
        return await self.writer.do(lambda file: leasing.take(file, wanted, at=0, is_running=lambda _: True))

    def commits(self) -> int:
        """How many transactions were committed until now."""
        return self.statements.count("commit")


@asynccontextmanager
async def traced(path: Path) -> AsyncGenerator[Traced]:
    """A writer that is closed at the end."""
    place = Traced(path)
    try:
        yield place
    finally:
        await place.writer.close()


@in_event_loop
async def test_appends_of_many_runs_share_their_commits(tmp_path: Path) -> None:
    """A commit costs a disk's patience: what five hundred runs wait for together is paid once or twice."""
    async with traced(tmp_path / "runs.db") as place:
        leases = await asyncio.gather(*[place.lease(f"r{n}") for n in range(500)])
        before = place.commits()

        await asyncio.gather(*[place.writer.append(append(lease, started())) for lease in leases])

        assert place.connection.execute("select count(*) from event").fetchone() == (500,)
        assert place.commits() - before <= 3


@in_event_loop
async def test_an_append_that_cannot_be_written_at_all_fails_alone(tmp_path: Path) -> None:
    """Whatever was wrong with it, the runs that happened to share its commit have done nothing."""
    async with traced(tmp_path / "runs.db") as place:
        leases = [await place.lease(f"r{n}") for n in range(3)]
        appends = [append(lease, started()) for lease in leases]
        appends[1] = replace(appends[1], due=2**70)

        answers = await asyncio.gather(*map(place.writer.append, appends), return_exceptions=True)

        assert [type(answer) for answer in answers] == [type(None), OverflowError, type(None)]
        assert place.connection.execute("select run from run order by run").fetchall() == [("r0",), ("r2",)]


@in_event_loop
async def test_when_the_disk_is_full_everyone_who_waits_is_told_and_work_goes_on_once_there_is_room(
    tmp_path: Path,
) -> None:
    """Nobody may believe that something was kept, and nobody has to start again."""
    async with traced(tmp_path / "runs.db") as place:
        leases = [await place.lease(f"r{n}") for n in range(3)]
        large = {"ab" * 32: secrets.token_bytes(2_000_000)}
        await place.writer.do(lambda file: file.execute("pragma max_page_count = 100"))

        answers = await asyncio.gather(
            *[place.writer.append(append(lease, started(), blobs=large)) for lease in leases], return_exceptions=True
        )
        await place.writer.do(lambda file: file.execute("pragma max_page_count = 1000000"))
        await place.writer.append(append(leases[0], started(), blobs=large))

        assert [answer.reason for answer in answers if isinstance(answer, PlaceError)] == ["full"] * 3
        assert place.connection.execute("select run from run").fetchall() == [("r0",)]


@in_event_loop
async def test_when_nothing_can_be_written_any_more_everyone_who_waits_is_told(tmp_path: Path) -> None:
    """And who comes later as well: an append that is never answered would hold its run for ever."""
    async with traced(tmp_path / "runs.db") as place:
        leases = [await place.lease("r1"), await place.lease("r2")]
        place.connection.close()

        answers = await asyncio.gather(
            *[place.writer.append(append(lease, started())) for lease in leases], return_exceptions=True
        )

        assert [answer.reason for answer in answers if isinstance(answer, PlaceError)] == ["broken", "broken"]
        with pytest.raises(StoreClosedError):
            await place.writer.append(append(leases[0], started()))


@in_event_loop
async def test_closing_commits_what_was_asked_for_before(tmp_path: Path) -> None:
    """Whoever waits for an append while the program ends gets their answer."""
    async with traced(tmp_path / "runs.db") as place:
        leases = [await place.lease(f"r{n}") for n in range(20)]
        waiting = [asyncio.ensure_future(place.writer.append(append(lease, started()))) for lease in leases]
        await asyncio.sleep(0)

        await place.writer.close()

        assert await asyncio.gather(*waiting) == [None] * 20
        reopened = open_file(tmp_path / "runs.db")
        assert reopened.execute("select count(*) from event").fetchone() == (20,)
        reopened.close()
