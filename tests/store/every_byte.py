"""Everything that a store holds, to be searched: each field of each row, and blobs as they were before packing."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import asyncpg

from interlock.store.postgres.address import PostgresAddress, is_address

_ZLIB = b"\x01"


async def every_byte(store: str) -> bytes:
    """All of a store in a file, or in a schema of PostgreSQL."""
    fields = await _in_postgresql(PostgresAddress.parse(store)) if is_address(store) else _in_file(store)
    return b"\n".join(_searchable(field) for field in fields)


def _in_file(store: str) -> list[object]:
    with closing(sqlite3.connect(store)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return [field for table in tables for row in connection.execute(f'select * from "{table}"') for field in row]  # noqa: S608


async def _in_postgresql(address: PostgresAddress) -> list[object]:
    driver: Any = asyncpg  # which hardly types what it offers
    connection = await driver.connect(address.url)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = $1", address.schema)
        names: Iterable[str] = [row["tablename"] for row in tables]
        rows = [await connection.fetch(f'select * from {address.schema}."{name}"') for name in names]  # noqa: S608
    finally:
        await connection.close()
    return [field for table in rows for row in table for field in row]


def _searchable(field: object) -> bytes:
    if not isinstance(field, bytes):
        return str(field).encode()
    return field + zlib.decompress(field[1:]) if field[:2] == _ZLIB + b"x" else field
