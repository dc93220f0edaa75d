"""Bringing a store in PostgreSQL from one version of its schema to another, up or down, in one transaction.

Whoever does that is alone with the store: every connection of a store holds a lock of the server's on it for as long as
it is open, so a process that works with the old tables is never passed over. Which statements are executed say the
revisions in the folder beside this module. No copy is made: that is the server's administrator's to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from interlock.store.errors import PlaceError
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.place import version_at
from interlock.store.postgres.session import Session, connect_to_migrate
from interlock.store.postgres.sessions import end
from interlock.store.postgres.tables import VERSION
from interlock.store.postgres.troubles import explain, explained
from interlock.store.schema import Migration

REVISIONS: Final = Path(__file__).with_name("migrations")

_TRIES_MAX: Final = 20
_PAUSE_SECONDS: Final = 0.1
"""After two seconds in all, who only looks at a store is gone; who works with it is not."""

_BE_ALONE: Final = "select pg_try_advisory_xact_lock(hashtextextended('interlock.use.' || $1, 0))"


class PostgresSchema:
    """A `StoreSchema` in PostgreSQL, which has to be there."""

    def __init__(self, address: PostgresAddress, *, revisions: Path = REVISIONS, newest: str = VERSION) -> None:
        self._address = address
        self._revisions = revisions
        self._newest = newest

    @property
    def newest(self) -> str:
        """The version that this release works with."""
        return self._newest

    async def version(self) -> str:
        """The version that the store has."""
        async with _session(self._address) as session:
            return await self._version(session)

    async def plan(self, to: str) -> list[str]:
        """The statements that would lead to another version."""
        return await self._statements(await self.version(), to)

    async def migrate(self, to: str) -> Migration:
        """Go to another version. `PlaceError`: as busy, if others work with it; whatever fails leaves it as it was."""
        async with _session(self._address) as session:
            while True:
                before = await self._version(session)
                # Written before the transaction: loading Alembic takes longer than many a migration.
                statements = await self._statements(before, to)
                if not statements:
                    return Migration(before, to)
                async with session.transaction():
                    await self._be_alone(session)
                    # Else somebody went first, and it is another way from there.
                    if await self._version(session) == before:
                        await self._execute(session, statements, before, to)
                        return Migration(before, to)

    async def _version(self, session: Session) -> str:
        version = await version_at(session, self._address, newest=self._newest)
        if version is None:
            what = f"there is no store in the schema {self._address.schema}: name another with ?schema=NAME"
            raise PlaceError(self._address.shown, "foreign", what)
        return version

    async def _statements(self, before: str, to: str) -> list[str]:
        return await asyncio.to_thread(_written, self._revisions, before, to)

    async def _be_alone(self, session: Session) -> None:
        for _ in range(_TRIES_MAX):
            if await session.fetchval(_BE_ALONE, self._address.schema):
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        what = "its schema cannot change while other processes work with the store: end them, then try again"
        raise PlaceError(self._address.shown, "busy", what)

    async def _execute(self, session: Session, statements: list[str], before: str, to: str) -> None:
        try:
            # All in one piece: the driver cannot execute what is only a comment.
            await session.execute("\n\n".join(statements))
        except asyncpg.PostgresError as error:
            trouble = explain(error, self._address)
            if trouble is not None and trouble.reason not in {"broken", "damaged"}:
                raise
            what = f"it could not go from schema {before} to {to} ({error}), and is as it was before"
            raise PlaceError(self._address.shown, "broken", what) from error


def _written(revisions: Path, before: str, to: str) -> list[str]:
    # Alembic takes longer to load than most commands take as a whole.
    from interlock.store.migrating import statements_between  # noqa: PLC0415

    return statements_between(revisions, before, to)


@asynccontextmanager
async def _session(address: PostgresAddress) -> AsyncGenerator[Session]:
    with explained(address):
        session = await connect_to_migrate(address)
        try:
            yield session
        finally:
            await end(session)
