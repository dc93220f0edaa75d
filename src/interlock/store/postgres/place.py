"""The place of a store in a database: whose it is, which version it has, and its tables, made where there are none.

Two who open a new place at once do not meet: the second waits until the first has made it. What an older release has
made is refused, and not changed here: see migrating.py.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import asyncpg

from interlock.store.errors import PlaceError
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.tables import TABLES, VERSION
from interlock.store.postgres.troubles import explained
from interlock.store.schema import VERSION_TABLE

OLDEST_SERVER: Final = 14
_OLDEST_NUMBER: Final = OLDEST_SERVER * 10_000

_TABLES_THERE: Final = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p')"""
_SETTING_UP: Final = "select pg_advisory_xact_lock(hashtextextended('interlock.' || $1, 0))"


async def open_place(address: PostgresAddress) -> Session:
    """A connection to a store's place, which is made if there is none. Raises `PlaceError`."""
    with explained(address):
        session = await connect(address)
        try:
            await _check_server(session, address)
            version = await version_at(session, address)
            if version is None:
                await _make(session, address)
            else:
                _refuse_older(version, address)
        except BaseException:
            session.terminate()
            raise
        return session


async def version_at(session: Session, address: PostgresAddress, *, newest: str = VERSION) -> str | None:
    """The version of the store's schema; None if there is none. `PlaceError` if it is not a store's, or too new."""
    tables = {name for (name,) in await session.fetch(_TABLES_THERE, address.schema)}
    if not tables:
        return None
    if VERSION_TABLE not in tables:
        raise PlaceError(
            address.shown,
            "foreign",
            f"the schema {address.schema} is another program's: name one of your own with ?schema=NAME",
        )
    version: str | None = await session.fetchval(f'select version_num from "{address.schema}".{VERSION_TABLE}')
    if version is None:
        what = "the store does not say which version it has: restore it from a backup"
        raise PlaceError(address.shown, "damaged", what)
    if version > newest:
        what = f"the store has schema {version}, this release knows up to {newest}: use a newer Interlock"
        raise PlaceError(address.shown, "newer", what)
    return version


def _refuse_older(version: str, address: PostgresAddress) -> None:
    if version != VERSION:
        what = (
            f"the store has schema {version}, this release works with {VERSION}: end whoever works with it, then bring "
            "it up to date with `interlock store upgrade`"
        )
        raise PlaceError(address.shown, "older", what)


async def _check_server(session: Session, address: PostgresAddress) -> None:
    number = int(await session.fetchval("show server_version_num"))
    if number < _OLDEST_NUMBER:
        what = f"the server is PostgreSQL {number // 10_000}; a store needs {OLDEST_SERVER} or newer: upgrade it"
        raise PlaceError(address.shown, "too_old", what)


async def _make(session: Session, address: PostgresAddress) -> None:
    try:
        async with _alone(session):
            await session.execute(_SETTING_UP, address.schema)
            # Somebody else may have made them since they were looked for.
            if await version_at(session, address) is None:
                await session.execute(f'create schema if not exists "{address.schema}"')
                await session.execute(TABLES)
                await session.execute("insert into interlock_version values ($1)", VERSION)
    except asyncpg.InsufficientPrivilegeError as error:
        what = (
            f"the user may not make the schema {address.schema}: let its owner say "
            f"`create schema {address.schema} authorization USER`, or name one that the user owns with ?schema=NAME"
        )
        raise PlaceError(address.shown, "no_access", what) from error


def _alone(session: Session) -> AbstractAsyncContextManager[Any]:
    return session.transaction()
