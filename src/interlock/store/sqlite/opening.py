"""Opening a store's file: a new one gets its tables, one of an older release is brought up to date first.

That happens only if nobody else has the file open: a process of the older release would go on with tables that have
changed under it. The file as it was is kept beside it, and what was done is logged.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path
from typing import Final

from interlock.store.errors import PlaceError
from interlock.store.sqlite.migrating import PAUSE_SECONDS, TRIES_MAX, migrate_if_alone
from interlock.store.sqlite.place import (
    closed_on_failure,
    execute_when_free,
    explained,
    set_up,
    statements_in,
    unready_connection,
    version_in,
)
from interlock.store.sqlite.tables import TABLES, VERSION

_log: Final = logging.getLogger("interlock.store")


def open_file(path: Path) -> sqlite3.Connection:
    """A connection to a store's file, which is made if there is none. Raises `PlaceError`."""
    if not path.parent.is_dir():
        raise PlaceError(str(path), "missing_folder", f"the folder {path.parent} does not exist: make it first")
    for _ in range(TRIES_MAX):
        connection = _opened(path)
        if connection is not None:
            return connection
        _bring_up_to_date(path)
    what = (
        f"the file is of an older release, and cannot be brought to schema {VERSION} while another process has it "
        "open: end that process, then try again"
    )
    raise PlaceError(str(path), "older", what)


def _opened(path: Path) -> sqlite3.Connection | None:
    """A connection ready for use; None if the file is of an older release, and nothing is changed then."""
    with explained(path), closed_on_failure(unready_connection(path)) as connection:
        # Looked at before anything is changed: the file may be another program's.
        version = version_in(connection, path)
        if version is not None and version != VERSION:
            connection.close()
            return None
        set_up(connection)
        if version is None:
            _make_tables(connection, path)
        return connection


def _bring_up_to_date(path: Path) -> None:
    """Once: somebody else may be about to do the same, and then it is looked at again."""
    done = migrate_if_alone(path, VERSION)
    if done is None:
        time.sleep(PAUSE_SECONDS)
    elif done.before != done.after:
        _log.warning("%s %s", path, done)


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    execute_when_free(connection, "begin immediate")
    # Somebody else may have made them since they were looked for.
    if version_in(connection, path) is None:
        for statement in statements_in(TABLES):
            connection.execute(statement)
        connection.execute("insert into interlock_version values (?)", (VERSION,))
    connection.execute("commit")
