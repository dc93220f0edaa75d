"""A stored run is believed only as far as its bytes are those that were written: what is not is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interlock import Interlock, tool
from interlock.core.events import Event
from interlock.store import DamagedError, PlaceError
from interlock.store.sqlite.tables import VERSION
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop


@tool(effect="read")
async def make(size: int) -> str:
    """Something of a size that does not compress."""
    return random.Random(1).randbytes(size // 2).hex()  # noqa: S311 - the same each time


GRAPH = graph({"a": {"tool": "make", "input": {"size": 100_000}}, "b": {"value": "${a}"}})


async def stored_run(place: Path) -> str:
    """A run that has ended, and its id."""
    async with Interlock(place, tools=[make]) as interlock:
        run = await interlock.start(GRAPH)
        await run.wait()
    await assert_sound(place)
    return run.id


async def noted(events: AsyncIterator[Event], seen: list[int]) -> None:
    """The numbers of events, as far as they come."""
    async for event in events:
        seen.append(event.seq)  # noqa: PERF401 - what came before an error is wanted too


def flip(place: Path, table: str, column: str, where: str) -> None:
    """Change one bit in the middle of a column."""
    with sqlite3.connect(place) as file:
        (data,) = file.execute(f"select {column} from {table} where {where}").fetchone()  # noqa: S608 - the test's own
        middle = len(data) // 2
        damaged = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        file.execute(f"update {table} set {column} = ? where {where}", (damaged,))  # noqa: S608 - as above
    file.close()


@pytest.mark.parametrize(
    ("table", "column", "where", "told"),
    [
        ("event", "payload", "seq = 2", "event 2 of run {run}"),
        ("event", "salt", "seq = 3", "event 3 of run {run}"),
        ("event", "header", "seq = 3", "event 3 of run {run}"),
        ("event", "header", "seq = 5", "event 5 of run {run}"),
        ("event", "header", "seq = 1", "event 1 of run {run}"),
        ("run", "head", "no = 1", "event 5 of run {run}"),
        ("bundle", "data", "true", "bundle "),
        ("blob", "data", "true", "blob "),
    ],
)
def test_a_changed_byte_is_found_and_named_when_the_run_is_loaded(
    tmp_path: Path, table: str, column: str, where: str, told: str
) -> None:
    """Disks rot, and people edit: nobody may be told a story that did not happen, nor may a run go on from one."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        flip(place, table, column, where)

        async with Interlock(place, tools=[make]) as interlock:
            with pytest.raises(DamagedError) as damaged:
                await (await interlock.open(run)).view()

        assert told.format(run=run) in str(damaged.value)
        assert "restore the data from a backup" in str(damaged.value)

    story()


@in_event_loop
async def test_a_lost_end_of_a_log_is_found(tmp_path: Path) -> None:
    """Else a run would go on from where it was, and do again what it has done."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    with sqlite3.connect(place) as file:
        file.execute("delete from event where seq = 5")
    file.close()

    async with Interlock(place, tools=[make]) as interlock:
        with pytest.raises(DamagedError, match=f"event 4 of run {run}"):
            await (await interlock.open(run)).view()


@pytest.mark.parametrize(
    ("spoil", "after", "given", "told"),
    [
        ("delete from event where seq = 3", 0, [1, 2], "event 3 of run {run} (event 3 is missing: event 4 stands"),
        ("delete from event where seq = 3", 2, [], "event 3 of run {run} (event 3 is missing: event 4 stands"),
        ("delete from event where seq = 3", 3, [], "event 3 of run {run} (it is missing)"),
        ("delete from event where seq = 5", 0, [1, 2, 3, 4], "event 5 of run {run} (it is missing)"),
        ("delete from event", 0, [], "event 1 of run {run} (it is missing)"),
        ("update event set header = x'00' where seq = 2", 0, [1], "event 2 of run {run} (the header in place 2 cannot"),
        ("update event set payload = x'00' where seq = 2", 0, [1], "event 2 of run {run} (the payload of event 2"),
    ],
)
def test_who_reads_events_one_by_one_gets_those_before_the_first_that_is_not_what_was_stored(
    tmp_path: Path, spoil: str, after: int, given: list[int], told: str
) -> None:
    """A list that goes on 1, 2, 4 as if nothing were wrong is believed."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        with sqlite3.connect(place) as file:
            file.execute(spoil)
        file.close()

        seen: list[int] = []
        async with Interlock(place, tools=[make]) as interlock:
            handle = await interlock.open(run)
            with pytest.raises(DamagedError) as damaged:
                await noted(handle.events(after=after), seen)
            with pytest.raises(DamagedError, match=f"of run {run}"):
                _ = [cause async for cause in handle.causes()]

        assert seen == given
        assert str(damaged.value).startswith(told.format(run=run))

    story()


@in_event_loop
async def test_a_changed_header_is_found_by_whoever_reads_the_events_one_by_one(tmp_path: Path) -> None:
    """Who did it, and when, stands in the header."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    flip(place, "event", "header", "seq = 3")

    async with Interlock(place, tools=[make]) as interlock:
        with pytest.raises(DamagedError, match=f"event 3 of run {run}"):
            _ = [event.seq async for event in (await interlock.open(run)).events()]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("status", "'failed'", "its status is failed there and succeeded by its log"),
        ("graph", "'other'", "its graph is other there and workshop by its log"),
        ("started_at", "0", "its start is 0 there and "),
        ("ended_at", "null", "its end is none there and "),
    ],
)
def test_replaying_a_run_finds_that_lists_tell_something_else_of_it(
    tmp_path: Path, column: str, value: str, told: str
) -> None:
    """The row follows from the log: two answers to how a run ended are one too many."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        with sqlite3.connect(place) as file:
            file.execute(f"update run set {column} = {value}")  # noqa: S608 - the test's own
        file.close()

        async with Interlock(place, tools=[make]) as interlock:
            replayed = await (await interlock.open(run)).replay()

        assert (replayed.verdict, replayed.seq, replayed.events) == ("damaged", None, 5)
        assert replayed.what.startswith("the log holds, and the row that lists show is not what follows from it: its ")
        assert told in replayed.what
        assert replayed.what.endswith(": restore the data from a backup")

    story()


@in_event_loop
async def test_a_damaged_run_leaves_the_others_alone(tmp_path: Path) -> None:
    """One bad sector is no reason to stop everything."""
    place = tmp_path / "interlock.db"
    await stored_run(place)
    flip(place, "event", "payload", "seq = 2")

    async with Interlock(place, tools=[make]) as interlock:
        result = await interlock.run_async(GRAPH)

        assert (result.status, len(await interlock.runs())) == ("succeeded", 2)


def truncate(place: Path) -> None:
    """Cut the file off in the middle of a page."""
    data = place.read_bytes()
    place.write_bytes(data[: len(data) // 3])


def overwrite(place: Path) -> None:
    """Put something else where the file was."""
    place.write_bytes(b"this is a letter, not a database. " * 200)


def take_another_programs(place: Path) -> None:
    """Put another program's database where the file was."""
    place.unlink()
    with sqlite3.connect(place) as file:
        file.execute("create table recipe(name text)")
    file.close()


def make_newer(place: Path) -> None:
    """Let the file be of a release to come."""
    with sqlite3.connect(place) as file:
        file.execute("update interlock_version set version_num = '9999'")
    file.close()


@pytest.mark.parametrize(
    ("spoil", "reason", "told"),
    [
        (truncate, "damaged", "the file is damaged: restore it from a backup"),
        (overwrite, "foreign", "the file is no database: move it away, or name another place"),
        (take_another_programs, "foreign", "the file is a database of another program: name another place"),
        (make_newer, "newer", f"the file has schema 9999, this release knows up to {VERSION}: use a newer Interlock"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_to_be_what_it_is(
    tmp_path: Path, spoil: object, reason: str, told: str
) -> None:
    """And it stays as it is: it may be all that somebody has left."""
    place = tmp_path / "interlock.db"
    assert callable(spoil)

    @in_event_loop
    async def story() -> None:
        await stored_run(place)
        spoil(place)
        before = place.read_bytes()

        with pytest.raises(PlaceError) as refused:
            await Interlock(place, tools=[make]).run_async(GRAPH)

        assert (refused.value.reason, str(refused.value)) == (reason, f"{place}: {told}")
        assert place.read_bytes() == before

    story()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody may write, not even root")
@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("/proc/interlock.db", "the file cannot be opened: check that it and its folder may be written"),
        ("/proc/runs/interlock.db", "its folder cannot be made (No such file or directory): name another place, or"),
    ],
)
def test_a_folder_in_which_nothing_may_be_written_is_told_as_such(place: str, told: str) -> None:
    """The first thing that goes wrong on a new machine: the message names the place and what to do."""
    with pytest.raises(PlaceError) as refused:
        Interlock(place).run(graph({"a": {"value": 1}}))

    assert refused.value.reason == "no_access"
    assert str(refused.value).startswith(f"{place}: {told}")
