"""What a store's file holds, in a form in which two files can be compared."""

from __future__ import annotations

import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import connect_to_migrate
from interlock.store.postgres.sessions import end
from tests.store.old_stores.record import RECORDED_SCHEMA

OLD_STORES = Path(__file__).parent / "old_stores"
HOW_TO_SAY_A_VERSION = frozenset({"schema_version", "interlock_version"})


def schema_of(file: Path) -> dict[str, str]:
    """Each table, index and view, as it was made, however that is spaced; without how the version is said."""
    with closing(sqlite3.connect(file)) as connection:
        made = connection.execute("select name, sql from sqlite_master where sql is not null").fetchall()
    return {name: _respaced(sql) for name, sql in made if name not in HOW_TO_SAY_A_VERSION}


def rows_of(file: Path) -> dict[str, list[Any]]:
    """Every row of every table; without how the version is said."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        names = sorted(name for (name,) in tables if name not in HOW_TO_SAY_A_VERSION)
        return {name: sorted(connection.execute(f"select * from {name}").fetchall(), key=repr) for name in names}  # noqa: S608


def version_of(file: Path) -> str:
    """The version that a file says it has."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("select version_num from interlock_version").fetchone()[0]


def restored(version: str, file: Path) -> Path:
    """A store as a release wrote it whose tables had that version."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(recorded("sqlite", version))
    return file


async def restore_on_server(version: str, address: PostgresAddress) -> None:
    """The same on a server, in the schema of one test."""
    session = await connect_to_migrate(address)
    await session.execute(recorded("postgres", version).replace(RECORDED_SCHEMA, address.schema))
    await end(session)


def recorded(kind: str, version: str) -> str:
    """A recorded store as SQL: one in a file (`sqlite`) or on a server (`postgres`)."""
    return (OLD_STORES / kind / f"{version}.sql").read_text(encoding="utf-8")


def recorded_versions(kind: str) -> list[str]:
    """Of which versions a store was recorded."""
    return sorted(file.stem for file in (OLD_STORES / kind).glob("*.sql"))


def script_from_nothing(revisions: Path, version: str) -> str:
    """What the revisions together would execute to make a store of a version where there is none."""
    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(revisions))
    command.upgrade(config, version, sql=True)
    return written.getvalue()


def _respaced(sql: str) -> str:
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", sql)).strip().lower()
