"""Files of older releases: brought up to date with everything in them, taken back again, and never left in between.

The older files were written by the releases themselves: see old_stores.
"""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from interlock.store import PlaceError, UnknownSchemaError
from interlock.store.migrating import statements_between, versions_in
from interlock.store.sqlite.migrating import REVISIONS, migrate
from interlock.store.sqlite.opening import open_file
from interlock.store.sqlite.place import connect
from interlock.store.sqlite.tables import VERSION
from tests.store.schemas import recorded_versions, restored, rows_of, schema_of, script_from_nothing, version_of

ROOT = Path(__file__).parents[2]
VERSIONS = versions_in(REVISIONS)
RECORDED = recorded_versions("sqlite")


@pytest.fixture(params=RECORDED)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of each of the older releases."""
    return restored(request.param, tmp_path / "runs.db")


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store of the first release, which is two revisions old for ever."""
    return restored("0001", tmp_path / "runs.db")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A store of today, with nothing in it."""
    file = tmp_path / "fresh.db"
    open_file(file).close()
    return file


# --- the revisions ---------------------------------------------------------------------------------------------------


def test_the_revisions_end_where_new_files_begin() -> None:
    """Two ways to the same tables: whoever changes one of them is told here that the other is missing."""
    assert VERSIONS[-1] == VERSION
    assert [f"{number:04}" for number in range(1, len(VERSIONS) + 1)] == VERSIONS


def test_a_store_of_each_earlier_version_was_recorded() -> None:
    """Before a revision is added: `python -m tests.store.old_stores.record`."""
    assert set(VERSIONS[:-1]) <= set(RECORDED)


def test_the_revisions_together_make_the_tables_of_a_new_file(fresh: Path, tmp_path: Path) -> None:
    """The first revision is the first release's tables, and what follows is all that has changed since."""
    grown = tmp_path / "grown.db"
    with closing(sqlite3.connect(grown)) as connection:
        connection.executescript(script_from_nothing(REVISIONS, VERSION))

    assert schema_of(grown) == schema_of(fresh)


# --- up --------------------------------------------------------------------------------------------------------------


def test_an_old_file_gets_the_tables_of_a_new_one(old: Path, fresh: Path) -> None:
    """Whatever is then done with it was tested with new ones."""
    open_file(old).close()

    assert schema_of(old) == schema_of(fresh)
    assert version_of(old) == VERSION


def test_a_copy_of_the_old_file_is_kept_and_told_of(first: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever regrets the new release has the way back without any tool."""
    before = schema_of(first), rows_of(first)

    with caplog.at_level(logging.WARNING, logger="interlock.store"):
        open_file(first).close()

    copy = first.with_name("runs.db.schema-0001")
    assert caplog.messages == [f"{first} went from schema 0001 to {VERSION}; as it was before: {copy}"]
    assert (schema_of(copy), rows_of(copy)) == before
    assert copy.stat().st_mode == first.stat().st_mode


def test_an_earlier_copy_is_never_written_over(first: Path) -> None:
    """It may be the only one from before a mistake."""
    first.with_name("runs.db.schema-0001").write_text("precious")

    done = migrate(first, VERSION)

    assert done.copy == first.with_name("runs.db.schema-0001-2")
    assert first.with_name("runs.db.schema-0001").read_text() == "precious"


def test_a_file_that_is_up_to_date_is_opened_without_alembic(fresh: Path) -> None:
    """Loading it takes longer than most commands may take as a whole."""
    program = (
        "import sys, pathlib; from interlock.store.sqlite.opening import open_file; "
        "open_file(pathlib.Path(sys.argv[1])).close(); print({'alembic', 'sqlalchemy'} & set(sys.modules))"
    )

    loaded = subprocess.run([sys.executable, "-c", program, str(fresh)], check=True, capture_output=True, text=True)

    assert loaded.stdout == "set()\n"


# --- down ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", RECORDED)
def test_a_file_can_be_taken_back_to_each_earlier_version(version: str, first: Path, tmp_path: Path) -> None:
    """A new release that turns out wrong must not keep anybody from the one before it."""
    never_further = restored("0001", tmp_path / "never_further.db")
    migrate(never_further, version)
    open_file(first).close()

    done = migrate(first, version)

    assert (done.before, done.after, version_of(first)) == (VERSION, version, version)
    assert schema_of(first) == schema_of(restored(version, tmp_path / "as_it_was.db"))
    assert rows_of(first) == rows_of(never_further)


def test_up_and_down_and_up_again_ends_where_up_ended(first: Path) -> None:
    """Nothing is added twice, and nothing is left behind."""
    open_file(first).close()
    once = schema_of(first), rows_of(first)

    migrate(first, "0001")
    open_file(first).close()

    assert (schema_of(first), rows_of(first)) == once


def test_a_version_that_no_revision_makes_is_refused(fresh: Path) -> None:
    """As after a typing error."""
    with pytest.raises(UnknownSchemaError) as refusal:
        migrate(fresh, "12")

    assert str(refusal.value) == f"there is no schema 12: there are {', '.join(VERSIONS)}"


def test_the_first_version_has_none_before_it() -> None:
    """To be rid of everything in a store is not what anybody means by going back."""
    with pytest.raises(UnknownSchemaError):
        statements_between(REVISIONS, "0001", "base")


# --- and never in between --------------------------------------------------------------------------------------------


def test_a_revision_that_fails_leaves_the_file_as_it_was(first: Path) -> None:
    """Half of a change would be a version that no release knows."""
    with closing(sqlite3.connect(first)) as somebody:
        somebody.execute("create table record(title text)")
    before = schema_of(first), rows_of(first)

    with pytest.raises(PlaceError) as failure:
        open_file(first)

    assert str(failure.value) == (
        f"{first}: it could not go from schema 0001 to {VERSION} (table record already exists), and is as it was before"
    )
    assert (schema_of(first), rows_of(first)) == before
    assert [file.name for file in first.parent.iterdir()] == ["runs.db"]


def test_a_process_that_dies_in_the_middle_leaves_the_file_as_it_was(first: Path) -> None:
    """The next one finds what the dead one had begun, takes it back, and does it wholly."""
    before = schema_of(first), rows_of(first)
    command = [sys.executable, "-m", "tests.store.other_process", "die_while_migrating", str(first)]

    died = subprocess.run(command, cwd=ROOT, check=False)

    assert died.returncode == 9
    assert first.with_name("runs.db-journal").stat().st_size > 0
    assert (schema_of(first), rows_of(first)) == before
    open_file(first).close()
    assert version_of(first) == VERSION


def test_of_several_that_open_an_old_file_at_once_one_changes_it_and_the_others_wait(first: Path) -> None:
    """As when all the commands of a script meet the first release that has a change."""
    with ThreadPoolExecutor(4) as threads:
        connections = list(threads.map(open_file, [first] * 4))

    assert version_of(first) == VERSION
    assert sorted(file.name for file in first.parent.glob("*.schema-*")) == ["runs.db.schema-0001"]
    for connection in connections:
        connection.close()


def test_the_tables_never_change_under_a_process_that_works_with_them(first: Path) -> None:
    """It would go on writing as its own release does, into tables of another."""
    with closing(connect(first)) as worker:
        worker.execute("select count(*) from run").fetchone()
        before = schema_of(first)

        with pytest.raises(PlaceError) as opened:
            open_file(first)
        with pytest.raises(PlaceError) as migrated:
            migrate(first, VERSION)

        assert schema_of(first) == before
    assert (opened.value.reason, migrated.value.reason) == ("older", "busy")
    assert str(opened.value).endswith("while another process has it open: end that process, then try again")
    open_file(first).close()
    assert version_of(first) == VERSION
