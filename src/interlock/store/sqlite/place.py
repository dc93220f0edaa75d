"""The SQLite file in which a store keeps its data: its tables, how it is opened, and its troubles told to people.

Every connection is in WAL mode and synchronous FULL, so a commit has reached the disk when it returns. This module does
not change what an older release has written: a new form of the tables comes with its own way there.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from interlock.store.errors import PlaceError, PlaceReason

SCHEMA_VERSION: Final = 1
TRIES_MAX: Final = 5_000
PAUSE_SECONDS: Final = 0.001
"""SQLite's own waiting backs off to a tenth of a second, and starves beside a process that commits without pause."""

_CHECKPOINT_PAGES: Final = 1_000
"""4 MB. A log that was written back is written over; one that still grows costs each commit a third more."""

_TABLES: Final = """
create table schema_version(version integer not null);

-- The log. Rows lie in the order of commits, so the table is the feed as well: the last event of each append says with
-- which number that append began. Positions only grow, since the last event of a feed is never deleted.
create table event(
    position integer primary key, run_no integer not null, seq integer not null, opens_at integer,
    header blob not null, salt blob not null, payload blob);
create unique index event_of_run on event(run_no, seq);

-- Derived from the log: see rows.py.
create table run(
    no integer primary key, tenant text not null, run text not null, graph text not null, graph_hash text not null,
    bundle text not null, kind text not null, parent text not null, key text not null, labels blob not null,
    started_at integer not null, status text not null, seq integer not null, head blob not null, due integer,
    ended_at integer, error text not null default '', unique(tenant, run));
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error from run;
create unique index run_of_key on run(tenant, key) where key <> '';
create index run_unfinished on run(tenant) where ended_at is null;

create table ledger(
    run_no integer not null, effect text not null, path text not null, attempt integer not null,
    ordinal integer not null, kind text not null, name text not null, digest text not null,
    intended_seq integer not null, status text not null, settled_seq integer,
    primary key(run_no, effect)) without rowid;
create index outbox on ledger(run_no, intended_seq) where kind = 'emit' and status in ('intended', 'unknown');

create table question(
    run_no integer not null, path text not null, node text not null, reason text not null, question blob not null,
    asked_seq integer not null, asked_at integer not null, due integer, primary key(run_no, path)) without rowid;

-- Not derived.
create table blob(tenant text not null, digest text not null, data blob not null, primary key(tenant, digest));
create table blob_key(tenant text primary key, key blob not null) without rowid;
create table bundle(tenant text not null, bundle text not null, data blob not null, primary key(tenant, bundle));
create table signal(
    id integer primary key autoincrement, tenant text not null, run text not null, kind text not null,
    body blob not null, sender text not null, sent_at integer not null);
create index signal_of_run on signal(tenant, run);
create table record(
    tenant text not null, kind text not null, key text not null, version integer not null, data blob not null,
    at integer not null, primary key(tenant, kind, key));
create table lease(
    tenant text not null, run text not null, epoch integer not null, expires_at integer not null, owner text, host text,
    pid integer, pid_started integer, primary key(tenant, run)) without rowid;
"""

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


def open_file(path: Path) -> sqlite3.Connection:
    """A connection to a store's file, which is made if there is none. Raises `PlaceError`."""
    if not path.parent.is_dir():
        raise PlaceError(str(path), "missing_folder", f"the folder {path.parent} does not exist: make it first")
    with explained(path), _closed_on_failure(_connection(path)) as connection:
        # Looked at before anything is changed: the file may be another program's.
        is_new = not _has_tables(connection, path)
        _set_up(connection)
        if is_new:
            _make_tables(connection, path)
        return connection


def connect(path: Path) -> sqlite3.Connection:
    """Another connection to a file that was opened before. Any thread may use it, one at a time."""
    with explained(path), _closed_on_failure(_connection(path)) as connection:
        _set_up(connection)
        return connection


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


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _set_up(connection: sqlite3.Connection) -> None:
    (mode,) = execute_when_free(connection, "pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(f"its folder does not allow write-ahead logging (journal mode {mode})")
    connection.execute("pragma synchronous = full")
    connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _has_tables(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds a store already; `PlaceError` if it holds something else."""
    tables = {name for (name,) in execute_when_free(connection, "select name from sqlite_master where type = 'table'")}
    if not tables:
        return False
    if "schema_version" not in tables:
        raise PlaceError(str(path), "foreign", "the file is a database of another program: name another place")
    (version,) = connection.execute("select version from schema_version").fetchone()
    if version > SCHEMA_VERSION:
        what = f"the file has schema {version}, this release knows up to {SCHEMA_VERSION}: use a newer Interlock"
        raise PlaceError(str(path), "newer", what)
    return True


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    execute_when_free(connection, "begin immediate")
    # Somebody else may have made them since they were looked for.
    if not _has_tables(connection, path):
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("insert into schema_version values (?)", (SCHEMA_VERSION,))
    connection.execute("commit")
