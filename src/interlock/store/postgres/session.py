"""One connection to PostgreSQL: how it is made, and the little of the driver that the store needs, typed.

What is wrong is raised as `PlaceError` by who explains it (troubles.py); nothing is tried twice here.
"""

# ruff: noqa: ANN401 - a value may be of any type that the driver knows

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Final, Protocol, TypeAlias, cast

import asyncpg

from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.troubles import is_lost

Row: TypeAlias = Any
"""A row as the driver gives it: its values by position, as of a tuple."""

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 30
"""A server that is silent for so long is taken for gone: in the network between, nothing may say that it is."""
CALL_OFF_SECONDS: Final = 1
"""How long whoever is not wanted any more waits for a connection that is being made."""

_SETTINGS: Final = {
    "application_name": "interlock",
    # Statements find rows by their keys, however few or many there seem to be. A plan that was made while a table was
    # small would otherwise read all of it for every commit, for as long as nobody has counted its rows anew.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # Whoever was stopped in the middle of a transaction must not keep its locks for ever.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "15s",
}
_SETTINGS_TO_MIGRATE: Final = {"application_name": "interlock", "lock_timeout": "15s"}

# Held for as long as the connection is open, so that a store's tables never change under a process: see migrating.py.
_WORK_WITH_IT: Final = "select pg_advisory_lock_shared(hashtextextended('interlock.use.' || $1, 0))"


class _ImpatientConnection(asyncpg.Connection):
    """A connection that is given up as soon as it is of no use: the server was silent for too long, or has ended it.

    On the one the driver would wait, without a limit, for the end of what it has called off; the other it would take
    for open until it hears of the end.
    """

    @property
    def _driver(self) -> Any:
        """The driver's own connection, which hardly types what it offers."""
        return super()

    async def fetch(self, *query: Any, **options: Any) -> Any:
        """All rows."""
        with self._given_up_if_lost():
            return await self._driver.fetch(*query, **options)

    async def fetchrow(self, *query: Any, **options: Any) -> Any:
        """The first row."""
        with self._given_up_if_lost():
            return await self._driver.fetchrow(*query, **options)

    async def fetchval(self, *query: Any, **options: Any) -> Any:
        """The first column of the first row."""
        with self._given_up_if_lost():
            return await self._driver.fetchval(*query, **options)

    async def execute(self, *query: Any, **options: Any) -> Any:
        """What the server says was done."""
        with self._given_up_if_lost():
            return await self._driver.execute(*query, **options)

    @contextmanager
    def _given_up_if_lost(self) -> Generator[None]:
        try:
            yield
        except Exception as error:
            if is_lost(error):
                self.terminate()
            raise


class Session(Protocol):
    """A connection, used by one at a time."""

    async def fetch(self, query: str, *values: Any) -> list[Row]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *values: Any) -> Row | None:
        """The first row, if there is one."""
        ...

    async def fetchval(self, query: str, *values: Any) -> Any:
        """The first column of the first row; nothing if there is none."""
        ...

    async def execute(self, query: str, *values: Any) -> str:
        """What the server says was done. Without values it may be several statements."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """All that is executed inside happens together or not at all."""
        ...

    async def add_listener(self, channel: str, callback: Callable[[Any, int, str, str], None]) -> None:
        """Have a function called with what is notified on a channel."""
        ...

    def add_termination_listener(self, callback: Callable[[Any], None]) -> None:
        """Have a function called when the connection ends, by whomever."""
        ...

    def is_closed(self) -> bool:
        """Whether it is known to be of no use any more."""
        ...

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the driver's own
        """End it in good order."""
        ...

    def terminate(self) -> None:
        """End it here and now."""
        ...


async def connect(address: PostgresAddress) -> Session:
    """A new connection, on which names without a schema are the store's."""
    session = await _connected(address, _SETTINGS, answer_seconds=ANSWER_SECONDS)
    try:
        await session.execute(_WORK_WITH_IT, address.schema)
    except BaseException:
        session.terminate()
        raise
    return session


async def connect_to_migrate(address: PostgresAddress) -> Session:
    """A connection that is not one of those that work with the store, and waits as long as an answer takes."""
    return await _connected(address, _SETTINGS_TO_MIGRATE, answer_seconds=None)


async def _connected(address: PostgresAddress, settings: Mapping[str, str], *, answer_seconds: float | None) -> Session:
    driver: Any = asyncpg  # which hardly types what it offers
    connecting: asyncio.Future[Any] = asyncio.ensure_future(
        driver.connect(
            address.url,
            timeout=CONNECT_SECONDS,
            command_timeout=answer_seconds,
            connection_class=_ImpatientConnection,
            server_settings={**settings, "search_path": f'"{address.schema}"'},
        )
    )
    try:
        # The protocol says of the driver's own methods what its documentation does.
        return cast("Session", await asyncio.shield(connecting))
    except asyncio.CancelledError:
        await _called_off(connecting)
        raise


async def _called_off(connecting: asyncio.Future[Any]) -> None:
    """Give up a connection in the making, once it is made.

    Cancelled in its first words with the server, the driver leaves an error that nobody is told, and Python prints it.
    """
    await asyncio.wait([connecting], timeout=CALL_OFF_SECONDS)
    connecting.cancel()
    (made,) = await asyncio.gather(connecting, return_exceptions=True)
    if not isinstance(made, BaseException):
        made.terminate()
