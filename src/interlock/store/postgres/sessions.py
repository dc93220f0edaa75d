"""The connections that read, and write what is small: handed out one by one, and replaced when they break.

A question may be asked again when its connection broke, so it is, until the server is back or patience ends. A write is
not: whoever wrote is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.patience import Patience
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.troubles import explained, is_lost, outcome_unknown, was_undone

T = TypeVar("T")
Act: TypeAlias = Callable[[Session], Awaitable[T]]

SESSIONS_MAX: Final = 4


class Sessions:
    """Owns a few connections. Made, used and closed in one event loop."""

    def __init__(self, address: PostgresAddress, *, patience: Patience) -> None:
        self._address = address
        self._patience = patience
        self._idle: list[Session] = []
        self._turns = asyncio.Semaphore(SESSIONS_MAX)
        self._is_closed = False

    async def ask(self, question: Act[T]) -> T:
        """The answer to a question, which may be asked several times."""
        with explained(self._address):
            return await self._patience.wait_for(lambda: self._once(question))

    async def do(self, deed: Act[T]) -> T:
        """What a deed returned. `PlaceError` says so if nobody knows whether it was done."""
        with explained(self._address):
            # To connect may be tried again; what is done on the connection may not.
            session = await self._patience.wait_for(self._taken)
            try:
                return await self._used(session, deed)
            except Exception as error:
                if is_lost(error):
                    raise outcome_unknown(error, self._address) from error
                raise

    async def close(self) -> None:
        """Let what is being asked end, then close the connections."""
        self._is_closed = True
        for _ in range(SESSIONS_MAX):
            await self._turns.acquire()
        idle, self._idle = self._idle, []
        for session in idle:
            await end(session)

    async def _once(self, question: Act[T]) -> T:
        return await self._used(await self._taken(), question)

    async def _used(self, session: Session, act: Act[T]) -> T:
        try:
            return await self._undone_again(session, act)
        except asyncio.CancelledError:
            # What is still to come on it was not asked for by whoever would be given it next.
            session.terminate()
            raise
        finally:
            self._give_back(session)

    async def _undone_again(self, session: Session, act: Act[T]) -> T:
        """What the server has undone for the sake of another process is done again, a few times."""
        for _ in range(3):
            try:
                return await act(session)
            except Exception as error:
                if not was_undone(error):
                    raise
        return await act(session)

    async def _taken(self) -> Session:
        await self._turns.acquire()
        try:
            while self._idle:
                session = self._idle.pop()
                if not session.is_closed():
                    return session
            return await connect(self._address)
        except BaseException:
            self._turns.release()
            raise

    def _give_back(self, session: Session) -> None:
        if not session.is_closed():
            self._idle.append(session)
        self._turns.release()


async def end(session: Session) -> None:
    """Close a connection, whatever state it is in."""
    try:
        await session.close(timeout=1)
    except Exception as error:
        if not is_lost(error):
            raise
        session.terminate()
