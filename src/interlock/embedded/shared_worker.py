"""One worker for all who use an `Interlock` at the same time: open from the first who enters to the last who leaves.

Two lines that run graphs at once would else open one store twice, and the first to end would close it on the other.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from interlock.bootstrap import Parts, running_worker
from interlock.embedded.errors import NotOpenError, OtherLoopError
from interlock.engine.worker import Worker


class SharedWorker:
    """A worker that is there while somebody needs it. It may be opened again, also in another event loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._resources = AsyncExitStack()
        self._opening: asyncio.Task[Worker] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def worker(self) -> Worker | None:
        """The worker, if it is open."""
        opening = self._opening
        is_open = opening is not None and opening.done() and not opening.cancelled() and opening.exception() is None
        return opening.result() if opening is not None and is_open else None

    def open_for(self, what: str) -> Worker:
        """The worker; else `NotOpenError`, which names what it was wanted for."""
        worker = self.worker
        if worker is None:
            raise NotOpenError(what)
        return worker

    async def enter(self) -> None:
        """Somebody needs the worker: it is open when this returns. `OtherLoopError` if it serves another event loop."""
        loop = asyncio.get_running_loop()
        if self._users and self._loop is not loop:
            raise OtherLoopError
        self._loop = loop
        self._users += 1
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        try:
            await asyncio.shield(self._opening)
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Somebody needs it no more: who is the last waits until it is closed."""
        self._users -= 1
        if self._users == 0 and self._opening is not None:
            opening, self._opening = self._opening, None
            self._closing = asyncio.create_task(self._close(opening))
            await asyncio.shield(self._closing)

    async def _open(self) -> Worker:
        if self._closing is not None and not self._closing.done():
            await asyncio.wait([self._closing])
        return await self._resources.enter_async_context(running_worker(self._parts))

    async def _close(self, opening: asyncio.Task[Worker]) -> None:
        await asyncio.wait([opening])
        await self._resources.aclose()
