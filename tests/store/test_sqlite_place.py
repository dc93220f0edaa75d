"""The file of a store: how it is made, and what people are told when it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock.store import PlaceError
from interlock.store.sqlite.opening import open_file
from interlock.store.sqlite.place import execute_when_free, explain
from interlock.store.sqlite.tables import VERSION


def trouble_with(path: Path) -> PlaceError:
    """What opening a store there is refused with."""
    with pytest.raises(PlaceError) as refusal:
        open_file(path)
    return refusal.value


def test_a_new_file_is_made_and_commits_reach_the_disk(tmp_path: Path) -> None:
    """The two settings on which every acknowledgement rests."""
    connection = open_file(tmp_path / "runs.db")

    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    assert connection.execute("pragma synchronous").fetchone() == (2,)
    connection.close()


def test_a_file_may_be_opened_by_many_at_once_also_when_it_is_new(tmp_path: Path) -> None:
    """Two commands started together in a fresh project must both work."""
    with ThreadPoolExecutor(4) as threads:
        connections = list(threads.map(open_file, [tmp_path / "runs.db"] * 4))

    version = "select version_num from interlock_version"
    versions = [connection.execute(version).fetchall() for connection in connections]
    assert versions == [[(VERSION,)]] * 4
    for connection in connections:
        connection.close()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    """SQLite would only say that it cannot open the file."""
    trouble = trouble_with(tmp_path / "no" / "runs.db")

    assert trouble.reason == "missing_folder"
    assert str(trouble).endswith(f"the folder {tmp_path / 'no'} does not exist: make it first")


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    """It can be opened by nobody."""
    assert trouble_with(tmp_path).reason == "no_access"


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """It is somebody's work."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but " * 100)

    trouble = trouble_with(path)

    assert str(trouble) == f"{path}: the file is no database: move it away, or name another place"
    assert path.read_text() == "not a database, but " * 100


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """Nobody wants our tables among theirs."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("create table recipe(name text)")
    theirs.close()
    before = path.read_bytes()

    trouble = trouble_with(path)

    assert str(trouble) == f"{path}: the file is a database of another program: name another place"
    assert path.read_bytes() == before


def test_a_file_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    """What that release has promised there cannot be kept by this one."""
    path = tmp_path / "runs.db"
    connection = open_file(path)
    connection.execute("update interlock_version set version_num = '0700'")
    connection.close()

    trouble = trouble_with(path)

    assert trouble.reason == "newer"
    assert f"the file has schema 0700, this release knows up to {VERSION}: use a newer Interlock" in str(trouble)


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    """Rather than to hold no runs."""
    path = tmp_path / "runs.db"
    open_file(path).close()
    damaged = bytearray(path.read_bytes())
    damaged[100:4000] = b"\xff" * 3900
    path.write_bytes(damaged)

    assert trouble_with(path).reason == "damaged"


def test_a_file_that_another_process_keeps_locked_is_waited_for_within_bounds(tmp_path: Path) -> None:
    """A short turn of somebody else is not worth a word; one without end is."""
    path = tmp_path / "runs.db"
    mine, theirs = open_file(path), open_file(path)
    theirs.execute("begin immediate")

    with pytest.raises(sqlite3.OperationalError) as refusal:
        execute_when_free(mine, "begin immediate", tries=3)
    theirs.execute("rollback")
    execute_when_free(mine, "begin immediate", tries=3)

    trouble = explain(refusal.value, path)
    assert trouble is not None
    assert trouble.reason == "busy"
    mine.close()
    theirs.close()


def write_to_what_may_only_be_read(connection: sqlite3.Connection) -> None:
    """As on a disk that is mounted read-only."""
    connection.execute("pragma query_only = on")
    connection.execute("delete from event")


def fill_the_disk(connection: sqlite3.Connection) -> None:
    """As on a disk with no room left."""
    connection.execute("pragma max_page_count = 1")
    connection.execute("insert into bundle values ('local', 'b', zeroblob(1000000))")


@pytest.mark.parametrize(
    ("act", "reason", "advice"),
    [
        (write_to_what_may_only_be_read, "read_only", "make it and its folder writable"),
        (fill_the_disk, "full", "make room, then try again; what was acknowledged is safe"),
    ],
)
def test_what_goes_wrong_later_is_told_with_what_to_do(
    tmp_path: Path, act: Callable[[sqlite3.Connection], None], reason: str, advice: str
) -> None:
    """Disks fill up in the middle of the night: the message is all that is left in the morning."""
    path = tmp_path / "runs.db"
    connection = open_file(path)

    with pytest.raises(sqlite3.OperationalError) as failure:
        act(connection)

    trouble = explain(failure.value, path)
    assert trouble is not None
    assert (trouble.place, trouble.reason) == (str(path), reason)
    assert advice in str(trouble)
    connection.close()
