"""Bringing a store's file from one version of its schema to another, up or down.

Whoever does that is alone with the file: every connection of a store holds a lock on it for as long as it is open, so a
process that works with the old tables is never passed over. All statements are one transaction, and before it a copy is
made. Which statements they are say the revisions in the folder beside this module.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from interlock.store.errors import PlaceError
from interlock.store.schema import Migration
from interlock.store.sqlite.place import (
    BEFORE_ALEMBIC,
    closed_on_failure,
    explain,
    explained,
    is_busy,
    statements_in,
    unready_connection,
    version_in,
)
from interlock.store.sqlite.tables import VERSION

REVISIONS: Final = Path(__file__).with_name("migrations")

TRIES_MAX: Final = 100
PAUSE_SECONDS: Final = 0.01
"""After a second in all, who only looks at a file is gone; who works with it is not."""

_ADOPT: Final = """\
create table interlock_version(
    version_num varchar(32) not null, constraint interlock_version_pkc primary key (version_num));
insert into interlock_version values ('0001');
drop table schema_version;
"""
"""What a file lacks that is older than Alembic is here."""


class SqliteSchema:
    """A `StoreSchema` in one file, which has to be there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def newest(self) -> str:
        """The version that this release works with."""
        return VERSION

    async def version(self) -> str:
        """The version that the file has."""
        return await asyncio.to_thread(_version_at, self._path)

    async def plan(self, to: str) -> list[str]:
        """The statements that would lead to another version."""
        return await asyncio.to_thread(_plan_at, self._path, to)

    async def migrate(self, to: str) -> Migration:
        """Go to another version; the file as it was is kept beside it."""
        return await asyncio.to_thread(migrate, self._path, to)


def migrate(path: Path, to: str) -> Migration:
    """Bring a file to a version. `PlaceError`: as busy, if others have it open; whatever fails leaves it as it was."""
    for _ in range(TRIES_MAX):
        done = migrate_if_alone(path, to)
        if done is not None:
            return done
        time.sleep(PAUSE_SECONDS)
    what = "its schema cannot change while another process has the file open: end that process, then try again"
    raise PlaceError(str(path), "busy", what)


def migrate_if_alone(path: Path, to: str) -> Migration | None:
    """The same, once. None, and nothing is changed, if others have the file open at the moment."""
    with explained(path):
        connection = _claimed(path)
        if connection is None:
            return None
        with closing(connection):
            return _migrate(connection, path, to)


def _migrate(connection: sqlite3.Connection, path: Path, to: str) -> Migration:
    before = _version(connection, path)
    statements = _statements(connection, before, to)
    if not statements:
        return Migration(before, to)
    copy = _copied(connection, path, before)
    try:
        _execute(connection, statements)
    except sqlite3.Error as error:
        copy.unlink()
        raise _failure(error, path, before, to) from error
    return Migration(before, to, copy)


def _version_at(path: Path) -> str:
    with explained(path), closing(unready_connection(path)) as connection:
        return _version(connection, path)


def _plan_at(path: Path, to: str) -> list[str]:
    with explained(path), closing(unready_connection(path)) as connection:
        return _statements(connection, _version(connection, path), to)


def _version(connection: sqlite3.Connection, path: Path) -> str:
    version = version_in(connection, path)
    if version is None:
        raise PlaceError(str(path), "foreign", "there is no store in the file: name another place")
    return version


def _statements(connection: sqlite3.Connection, before: str, to: str) -> list[str]:
    # Alembic takes longer to load than most commands take as a whole.
    from interlock.store.migrating import statements_between  # noqa: PLC0415

    is_unadopted = connection.execute("select 1 from sqlite_master where name = ?", (BEFORE_ALEMBIC,)).fetchone()
    return [*([_ADOPT] if is_unadopted else []), *statements_between(REVISIONS, before, to)]


def _claimed(path: Path) -> sqlite3.Connection | None:
    """A connection with nobody beside it: as long as it is open nobody else can so much as read."""
    with closed_on_failure(unready_connection(path)) as connection:
        try:
            connection.execute("pragma locking_mode = exclusive")
            # Only who is alone with a file can take it out of write-ahead logging. The lock that this needs is kept.
            connection.execute("pragma journal_mode = delete")
            connection.execute("begin exclusive")
            connection.execute("commit")
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            # Closed, or two who want to be alone would wait for each other.
            connection.close()
            return None
        return connection


def _copied(connection: sqlite3.Connection, path: Path, version: str) -> Path:
    """A copy beside the file, under a name that was free; half of one never has that name."""
    names = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    candidates = (path.with_name(f"{path.name}.schema-{version}{suffix}") for suffix in names)
    copy = next(candidate for candidate in candidates if not candidate.exists())
    partial = copy.with_name(f"{copy.name}.partial")
    try:
        # A process that died in the middle may have left one.
        partial.unlink(missing_ok=True)
        # Nobody may read in the copy who may not read in the file.
        partial.touch(mode=0o600)
        with closing(sqlite3.connect(partial)) as target:
            connection.backup(target)
        shutil.copymode(path, partial)
        return partial.replace(copy)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _execute(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    connection.execute("begin exclusive")
    try:
        for statement in itertools.chain.from_iterable(map(statements_in, statements)):
            connection.execute(statement)
        connection.execute("commit")
    except BaseException:
        # Some errors make SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _failure(error: sqlite3.Error, path: Path, before: str, to: str) -> PlaceError:
    """What to say of a migration that failed: the disk's trouble if it is that, else the revision's."""
    trouble = explain(error, path)
    if trouble is not None and trouble.reason != "broken":
        return trouble
    return PlaceError(
        str(path), "broken", f"it could not go from schema {before} to {to} ({error}), and is as it was before"
    )
