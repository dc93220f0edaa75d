"""The SQLite file in which a store keeps its data: connections to it, whose it is, and its troubles told to people.

Every connection is in WAL mode and synchronous FULL, so a commit has reached the disk when it returns. No table is made
or changed here: see opening.py and migrating.py.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from interlock.store.errors import PlaceError, PlaceReason
from interlock.store.schema import FIRST_VERSION, VERSION_TABLE
from interlock.store.sqlite.tables import VERSION

TRIES_MAX: Final = 5_000
PAUSE_SECONDS: Final = 0.001
"""SQLite's own waiting backs off to a tenth of a second, and starves beside a process that commits without pause."""

_CHECKPOINT_PAGES: Final = 1_000
"""4 MB. A log that was written back is written over; one that still grows costs each commit a third more."""

BEFORE_ALEMBIC: Final = "schema_version"
"""The table in which the first files say that they have the first version, and that there is no other."""

_TROUBLES: Final[dict[int, tuple[PlaceReason, str]]] = {
    sqlite3.SQLITE_BUSY: ("busy", "another process keeps the file locked: end that process, or try again later"),
    sqlite3.SQLITE_LOCKED: ("busy", "another process keeps the file locked: end that process, or try again later"),
    sqlite3.SQLITE_FULL: ("full", "the disk is full: make room, then try again; what was acknowledged is safe"),
    sqlite3.SQLITE_IOERR: (
        "broken",
        "reading or writing it failed: check the disk and its free room, then try again; what was acknowledged is safe",
    ),
    sqlite3.SQLITE_READONLY: ("read_only", "the file can only be read: make it and its folder writable"),
    sqlite3.SQLITE_CORRUPT: ("damaged", "the file is damaged: restore it from a backup"),
    sqlite3.SQLITE_NOTADB: ("foreign", "the file is no database: move it away, or name another place"),
    sqlite3.SQLITE_CANTOPEN: ("no_access", "the file cannot be opened: check that it and its folder may be written"),
    sqlite3.SQLITE_PERM: ("no_access", "the file may not be opened: check that it and its folder may be written"),
}


def connect(path: Path) -> sqlite3.Connection:
    """Another connection to a file that was opened before. Any thread may use it, one at a time."""
    with explained(path), closed_on_failure(unready_connection(path)) as connection:
        set_up(connection)
        return connection


def unready_connection(path: Path) -> sqlite3.Connection:
    """A connection to a file that may be another program's: nothing is changed by it yet."""
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def set_up(connection: sqlite3.Connection) -> None:
    """Make a connection to a store's file what each of them has to be."""
    (mode,) = execute_when_free(connection, "pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"its folder does not allow write-ahead logging (journal mode {mode})")
    connection.execute("pragma synchronous = full")
    connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")


@contextmanager
def closed_on_failure(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """A connection that was never handed out is closed by whoever made it."""
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def execute_when_free(connection: sqlite3.Connection, statement: str, *, tries: int = TRIES_MAX) -> sqlite3.Cursor:
    """Execute as soon as no other process is in the way. After about five seconds it fails as busy."""
    for _ in range(tries):
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        time.sleep(PAUSE_SECONDS)
    return connection.execute(statement)


def statements_in(script: str) -> Iterator[str]:
    """The statements of a script, one by one: the module would commit before it executes a script."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def version_in(connection: sqlite3.Connection, path: Path) -> str | None:
    """The version of the schema; None if the file is empty. `PlaceError` if it is no store's, or a newer release's."""
    tables = {name for (name,) in execute_when_free(connection, "select name from sqlite_master where type = 'table'")}
    if not tables:
        return None
    if VERSION_TABLE in tables:
        # Between two statements somebody may have begun to change the schema: then this waits as well.
        found = execute_when_free(connection, "select version_num from interlock_version").fetchone()
        if found is None:
            raise PlaceError(
                str(path), "damaged", "the file does not say which schema it has: restore it from a backup"
            )
        return _known(found[0], path)
    if BEFORE_ALEMBIC in tables:
        return FIRST_VERSION
    raise PlaceError(str(path), "foreign", "the file is a database of another program: name another place")


def _known(version: str, path: Path) -> str:
    if version > VERSION:
        what = f"the file has schema {version}, this release knows up to {VERSION}: use a newer Interlock"
        raise PlaceError(str(path), "newer", what)
    return version


@contextmanager
def explained(path: Path) -> Generator[None]:
    """What is wrong with the place is raised as a `PlaceError`."""
    try:
        yield
    except sqlite3.Error as error:
        trouble = explain(error, path)
        if trouble is None:
            raise
        raise trouble from error


def explain(error: BaseException, path: Path) -> PlaceError | None:
    """What is wrong with the place, if that is what the error is about."""
    if not isinstance(error, sqlite3.Error):
        return None
    trouble = _TROUBLES.get(_primary_code(error))
    if trouble is not None:
        return PlaceError(str(path), *trouble)
    if isinstance(error, sqlite3.OperationalError):
        return PlaceError(str(path), "broken", f"the file cannot be used: {error}")
    return None


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection was in the way, and the same may work a moment later."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def _primary_code(error: sqlite3.Error) -> int:
    # Errors of the module itself carry no code of SQLite's.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
