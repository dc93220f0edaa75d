"""`interlock store …`: people see which version a store has, what a change would execute, and what was done."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from interlock.store.postgres.tables import VERSION as POSTGRES_VERSION
from interlock.store.sqlite.place import connect
from interlock.store.sqlite.tables import VERSION
from tests.cli.command_line import CommandLine
from tests.store.schemas import restored, schema_of, version_of


@pytest.fixture
def old(interlock: CommandLine) -> Path:
    """The project's store, as the first release wrote it."""
    folder = interlock.folder / ".interlock"
    folder.mkdir()
    return restored("0001", folder / "interlock.db")


def test_the_version_of_an_old_store_is_told_with_what_to_do(interlock: CommandLine, old: Path) -> None:
    """To ask changes nothing: whoever asks has not decided yet."""
    before = schema_of(old)

    said = interlock("store", "version")

    assert said.out.splitlines() == [
        f"{old} has schema 0001, this release works with {VERSION}",
        "next:",
        "  interlock store upgrade",
    ]
    assert interlock("store", "version", "--json").json == {"store": str(old), "schema": "0001", "newest": VERSION}
    assert schema_of(old) == before


def test_what_to_do_about_another_store_names_that_store(interlock: CommandLine, old: Path) -> None:
    """The line is copied, and must not bring the project's own store up to date instead."""
    said = interlock("store", "version", "--store", str(old))

    assert said.out.splitlines()[-1] == f"  interlock store upgrade --store {old}"


def test_an_upgrade_tells_from_where_to_where_and_where_the_copy_is(interlock: CommandLine, old: Path) -> None:
    """All that one has to know when it turns out to have been a mistake."""
    copy = f"{old}.schema-0001"

    first, second = interlock("store", "upgrade"), interlock("store", "upgrade", "--json")

    assert first.out == f"{old} went from schema 0001 to {VERSION}; as it was before: {copy}\n"
    assert second.json == {"store": str(old), "before": VERSION, "after": VERSION, "copy": None}
    assert interlock("store", "version").out == f"{old} has schema {VERSION}, the one that this release works with\n"


def test_a_plan_is_what_would_be_executed(interlock: CommandLine, old: Path) -> None:
    """An administrator reads it first, or executes it with a tool of the database's own."""
    planned = interlock("store", "upgrade", "--to", "0002", "--plan")

    assert tables_of_version(old) == []
    with closing(sqlite3.connect(old)) as by_hand:
        by_hand.executescript(planned.out)
    assert version_of(old) == "0002"
    assert interlock("store", "downgrade", "--to", "0001", "--plan", "--json").json["statements"][1:2] == [
        "drop table record;"
    ]


def test_a_downgrade_goes_back_as_far_as_it_is_told(interlock: CommandLine, old: Path) -> None:
    """For an older release that has to take over again."""
    interlock("store", "upgrade")

    said = interlock("store", "downgrade", "--to", "0001", "--json")

    assert said.json == {"store": str(old), "before": VERSION, "after": "0001", "copy": f"{old}.schema-{VERSION}"}
    assert version_of(old) == "0001"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("upgrade --to 0001", 2, "schema 0001 is older than 0002, which {} has: use `interlock store downgrade --to"),
        ("downgrade --to 0003", 2, "schema 0003 is newer than 0002, which {} has: use `interlock store upgrade`"),
        ("downgrade --to x", 1, "there is no schema x: there are 0001, 0002"),
        ("upgrade --to 0000", 1, "there is no schema 0000: there are 0001, 0002"),
        ("upgrade --to 9999", 1, "there is no schema 9999: there are 0001, 0002"),
        ("downgrade --to 0000", 1, "there is no schema 0000: there are 0001, 0002"),
    ],
)
def test_a_version_that_lies_elsewhere_is_refused_with_the_way_there(
    interlock: CommandLine, old: Path, words: str, code: int, told: str
) -> None:
    """Up and down are two words, so that nobody loses a table by a typing error."""
    interlock("store", "upgrade", "--to", "0002")

    said = interlock("store", *words.split())

    assert said.code == code
    assert told.format(old) in said.err
    assert version_of(old) == "0002"


def test_a_store_that_is_in_use_stays_as_it_is(interlock: CommandLine, old: Path) -> None:
    """A worker of the older release is still at it."""
    with closing(connect(old)) as worker:
        worker.execute("select count(*) from run").fetchone()

        said = interlock("store", "upgrade")

    assert said.code == 1
    assert said.err == (
        f"error: {old}: its schema cannot change while another process has the file open: end that process, then try "
        "again\n"
    )
    assert tables_of_version(old) == []


def test_where_nothing_was_run_there_is_no_schema(interlock: CommandLine) -> None:
    """And asking makes no store."""
    said = interlock("store", "version")

    assert said.code == 2
    assert "nothing was run here yet" in said.err
    assert not (interlock.folder / ".interlock").exists()


def test_a_store_on_a_server_is_told_of_without_its_password(interlock: CommandLine, postgres_url: str) -> None:
    """It has a schema as a file has one; what is printed ends up in reports."""
    interlock.write("graphs/one.yaml", "graph: one\nlanguage: 1\nnodes:\n  a: {value: 1}\n")
    password = urlsplit(postgres_url).password or "none was needed"
    interlock("run", "one", "--store", postgres_url)

    said = interlock("store", "version", "--store", postgres_url)
    upgraded = interlock("store", "upgrade", "--store", postgres_url)
    planned = interlock("store", "upgrade", "--store", postgres_url, "--plan")

    assert f"has schema {POSTGRES_VERSION}, the one that this release works with" in said.out
    assert f"has schema {POSTGRES_VERSION} already" in upgraded.out
    assert (planned.code, planned.out) == (0, "")
    assert password not in said.out + upgraded.out


def tables_of_version(file: Path) -> list[str]:
    """The table in which a version is said, if there is one already."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("select name from sqlite_master where name = 'interlock_version'").fetchall()
    return [name for (name,) in found]
