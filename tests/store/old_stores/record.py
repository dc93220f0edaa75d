"""Records the stores of today, for the releases to come: `python -m tests.store.old_stores.record`.

To be done before their tables change: made later, of what a later release writes, it would only show that that release
agrees with itself. So what was recorded is never written over.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from dev.postgres import running_postgres
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.store import PostgresEventStore
from interlock.store.postgres.tables import VERSION as POSTGRES_VERSION
from interlock.store.sqlite.store import SqliteEventStore
from interlock.store.sqlite.tables import VERSION as SQLITE_VERSION
from tests.store.old_stores.story import write

FOLDER: Final = Path(__file__).parent
RECORDED_SCHEMA: Final = "recorded_store"
"""Where a store in PostgreSQL lay when it was recorded."""


def record_sqlite(target: Path) -> None:
    """Run the story in a file, and keep it as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "runs.db"
        asyncio.run(write(str(file), SqliteEventStore(file, clock=lambda: 1)))
        with closing(sqlite3.connect(file)) as connection:
            target.write_text("".join(f"{line}\n" for line in connection.iterdump()), encoding="utf-8")


def record_postgres(target: Path) -> None:
    """Run the story on a server, and keep it as SQL that any server understands."""
    with running_postgres() as server:
        place = f"{server.address}?schema={RECORDED_SCHEMA}"
        asyncio.run(write(place, PostgresEventStore(PostgresAddress.parse(place), clock=lambda: 1)))
        options = ["--inserts", "--no-owner", "--no-comments", f"--schema={RECORDED_SCHEMA}"]
        dump = subprocess.run(
            [server.programs / "pg_dump", *options, server.address], capture_output=True, text=True, check=True
        ).stdout
    # What only pg_dump's own restoring knows, and settings that older servers do not have.
    kept = [
        line
        for line in dump.splitlines()
        if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_"))
    ]
    target.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


if __name__ == "__main__":
    for target, record in [
        (FOLDER / "sqlite" / f"{SQLITE_VERSION}.sql", record_sqlite),
        (FOLDER / "postgres" / f"{POSTGRES_VERSION}.sql", record_postgres),
    ]:
        if not target.exists():
            record(target)
