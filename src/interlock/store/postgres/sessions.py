"""The connections that read, and write what is small: handed out one by one, and replaced when they break.

A question may be asked again when its connection broke, so it is, until the server is back or patience ends. A write is
not: whoever wrote is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.troubles import explained, is_lost, outcome_unknown, was_undone

T = TypeVar("T")
Act: TypeAlias = Callable[[Session], Awaitable[T]]

SESSIONS_MAX: Final = 4
PATIENCE_SECONDS: Final = 10.0
"""How long a server that is away is waited for by whoever had reached it before."""
FIRST_PAUSE_SECONDS: Final = 0.05
PAUSE_MAX_SECONDS: Final = 1.0


class Sessions:
    """Owns a few connections. Made, used and closed in one event loop."""

    def __init__(self, address: PostgresAddress, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._address = address
        self._patience_seconds = patience_seconds
        self._idle: list[Session] = []
        self._turns = asyncio.Semaphore(SESSIONS_MAX)
        self._is_closed = False

    async def ask(self, question: Act[T]) -> T:
        """The answer to a question, which may be asked several times."""
        with explained(self._address):
            return await patiently(lambda: self._once(question), seconds=self._patience_seconds)

    async def do(self, deed: Act[T]) -> T:
        """What a deed returned. `PlaceError` says so if nobody knows whether it was done."""
        with explained(self._address):
            # To connect may be tried again; what is done on the connection may not.
            session = await patiently(self._taken, seconds=self._patience_seconds)
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


async def patiently(attempt: Callable[[], Awaitable[T]], *, seconds: float) -> T:
    """Try until the server is back, for so long at most; then what was wrong last is raised.

    It is tried twice at least: a connection that has fallen silent may use up all patience, and a new one work.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause, has_failed = FIRST_PAUSE_SECONDS, False
    while True:
        try:
            return await attempt()
        except Exception as error:
            if not is_lost(error) or (has_failed and loop.time() + pause > deadline):
                raise
        has_failed = True
        await asyncio.sleep(pause)
        pause = min(2 * pause, PAUSE_MAX_SECONDS)


async def end(session: Session) -> None:
    """Close a connection, whatever state it is in."""
    try:
        await session.close(timeout=1)
    except Exception as error:
        if not is_lost(error):
            raise
        session.terminate()
