"""Records in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from interlock.store.errors import RecordChangedError
from interlock.store.event_store import Clock
from interlock.store.postgres.access import Ask, Do
from interlock.store.postgres.session import Session
from interlock.store.records import RECORDS_LISTED, Record

# One statement each: what is expected is compared while the row is locked, so of two who come at once the second fails.
_PUT: Final = """
    insert into record(tenant, kind, key, version, data, at) values ($1, $2, $3, 1, $4, $5)
    on conflict (tenant, kind, key) do update
        set version = record.version + 1, data = excluded.data, at = excluded.at
    returning version"""
_MAKE: Final = """
    insert into record(tenant, kind, key, version, data, at) values ($1, $2, $3, 1, $4, $5)
    on conflict do nothing returning version"""
_CHANGE: Final = """
    update record set version = version + 1, data = $4, at = $5
    where tenant = $1 and kind = $2 and key = $3 and version = $6 returning version"""
_DROP: Final = """
    delete from record where tenant = $1 and kind = $2 and key = $3 and ($4::int8 is null or version = $4)
    returning version"""
_VERSION: Final = "select version from record where tenant = $1 and kind = $2 and key = $3"
_FIND: Final = "select kind, key, version, data, at from record where tenant = $1 and kind = $2 and key = $3"
_LISTED: Final = """
    select kind, key, version, data, at from record
    where tenant = $1 and kind = $2 and key > $3 order by key limit $4"""


class PostgresRecords:
    """The records of a store in PostgreSQL."""

    def __init__(self, ask: Ask, do: Do, clock: Clock, *, on_commit: Callable[[], None]) -> None:
        self._ask = ask
        self._do = do
        self._clock = clock
        self._on_commit = on_commit

    async def put(self, tenant: str, kind: str, key: str, data: bytes, *, expected: int | None = None) -> int:
        """Keep a record."""

        async def deed(session: Session) -> int | None:
            values = (tenant, kind, key, data, self._clock())
            if expected is None:
                return await session.fetchval(_PUT, *values)
            if expected == 0:
                return await session.fetchval(_MAKE, *values)
            return await session.fetchval(_CHANGE, *values, expected)

        version = await self._do(deed)
        if version is None:
            raise await self._changed(tenant, kind, key, expected or 0)
        self._on_commit()
        return version

    async def find(self, tenant: str, kind: str, key: str) -> Record | None:
        """A record, if there is one."""
        row = await self._ask(lambda session: session.fetchrow(_FIND, tenant, kind, key))
        return None if row is None else Record(*row)

    async def listed(self, tenant: str, kind: str, *, after: str = "", limit: int = RECORDS_LISTED) -> list[Record]:
        """Records of a kind by their keys."""
        rows = await self._ask(lambda session: session.fetch(_LISTED, tenant, kind, after, limit))
        return [Record(*row) for row in rows]

    async def drop(self, tenant: str, kind: str, key: str, *, expected: int | None = None) -> None:
        """Forget a record."""
        dropped = await self._do(lambda session: session.fetchval(_DROP, tenant, kind, key, expected))
        if dropped is not None:
            self._on_commit()
        elif expected is not None:
            changed = await self._changed(tenant, kind, key, expected)
            if changed.actual != expected:
                raise changed

    async def _changed(self, tenant: str, kind: str, key: str, expected: int) -> RecordChangedError:
        actual = await self._ask(lambda session: session.fetchval(_VERSION, tenant, kind, key))
        return RecordChangedError(kind, key, expected=expected, actual=actual or 0)
