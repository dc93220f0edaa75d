"""What is known of where runs stand is never more than what is in the file."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

import pytest

from interlock.store import LeaseLostError, PlaceError
from interlock.store.sqlite import leasing
from tests.store.event_loop import in_event_loop
from tests.store.logs import append, started, step
from tests.store.test_sqlite_writer import traced


def reads_of(statements: list[str]) -> int:
    """How often it was read where a run stands."""
    return sum("left join run" in statement for statement in statements)


@in_event_loop
async def test_where_a_run_stands_is_read_once_while_nobody_else_writes(tmp_path: Path) -> None:
    """It is known from the append before: to read it for each step would cost a tenth of what a step costs."""
    async with traced(tmp_path / "runs.db") as place:
        lease = await place.lease("r1")
        await place.writer.append(append(lease, started()))
        await place.writer.append(append(lease, *step(0), after=1))

        assert reads_of(place.statements) == 1


@in_event_loop
async def test_a_lease_that_another_process_has_taken_meanwhile_is_lost_at_once(tmp_path: Path) -> None:
    """Who was held up believes that it has it still, and may write nothing."""
    async with traced(tmp_path / "runs.db") as place:
        lease = await place.lease("r1")
        await place.writer.append(append(lease, started()))
        other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
        leasing.take(other, lease, at=lease.expires_at, is_running=lambda _: False)
        other.close()

        with pytest.raises(LeaseLostError):
            await place.writer.append(append(lease, *step(0), after=1))


@in_event_loop
async def test_what_could_not_be_committed_is_not_believed(tmp_path: Path) -> None:
    """The run is where it was, and the same append is taken as soon as there is room."""
    async with traced(tmp_path / "runs.db") as place:
        lease = await place.lease("r1")
        await place.writer.append(append(lease, started()))
        large = append(lease, *step(0), after=1, blobs={"ab" * 32: secrets.token_bytes(2_000_000)})
        place.connection.execute("pragma max_page_count = 100")

        with pytest.raises(PlaceError, match="full"):
            await place.writer.append(large)
        place.connection.execute("pragma max_page_count = 1000000")
        await place.writer.append(large)

        assert place.connection.execute("select seq from run").fetchone() == (large.expected_seq + len(large.events),)
