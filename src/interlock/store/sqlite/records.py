"""Records in a SQLite file."""

from __future__ import annotations

import sqlite3
from typing import Final

from interlock.store.errors import RecordChangedError
from interlock.store.event_store import Clock
from interlock.store.records import RECORDS_LISTED, Record
from interlock.store.sqlite.access import Do, Look

_VERSION: Final = "select version from record where tenant = ? and kind = ? and key = ?"
_PUT: Final = "insert or replace into record values (?, ?, ?, ?, ?, ?)"
_DROP: Final = "delete from record where tenant = ? and kind = ? and key = ?"
_FIND: Final = "select kind, key, version, data, at from record where tenant = ? and kind = ? and key = ?"
_LISTED: Final = """
    select kind, key, version, data, at from record where tenant = ? and kind = ? and key > ? order by key limit ?"""


class SqliteRecords:
    """The records of a SQLite store."""

    def __init__(self, do: Do, look: Look, clock: Clock) -> None:
        self._do = do
        self._look = look
        self._clock = clock

    async def put(self, tenant: str, kind: str, key: str, data: bytes, *, expected: int | None = None) -> int:
        """Keep a record."""

        def deed(file: sqlite3.Connection) -> int:
            version = _checked_version(file, tenant, kind, key, expected) + 1
            file.execute(_PUT, (tenant, kind, key, version, data, self._clock()))
            return version

        return await self._do(deed)

    async def find(self, tenant: str, kind: str, key: str) -> Record | None:
        """A record, if there is one."""
        found = self._look(lambda file: file.execute(_FIND, (tenant, kind, key)).fetchone())
        return Record(*found) if found else None

    async def listed(self, tenant: str, kind: str, *, after: str = "", limit: int = RECORDS_LISTED) -> list[Record]:
        """Records of a kind by their keys."""
        return [Record(*row) for row in self._look(lambda file: _rows(file, tenant, kind, after, limit))]

    async def drop(self, tenant: str, kind: str, key: str, *, expected: int | None = None) -> None:
        """Forget a record."""

        def deed(file: sqlite3.Connection) -> None:
            _checked_version(file, tenant, kind, key, expected)
            file.execute(_DROP, (tenant, kind, key))

        await self._do(deed)


def _checked_version(file: sqlite3.Connection, tenant: str, kind: str, key: str, expected: int | None) -> int:
    found = file.execute(_VERSION, (tenant, kind, key)).fetchone()
    version: int = found[0] if found else 0
    if expected not in {None, version}:
        raise RecordChangedError(kind, key, expected=expected or 0, actual=version)
    return version


def _rows(
    file: sqlite3.Connection, tenant: str, kind: str, after: str, limit: int
) -> list[tuple[str, str, int, bytes, int]]:
    return file.execute(_LISTED, (tenant, kind, after, limit)).fetchall()
