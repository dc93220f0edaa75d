"""A store that waits for a real server, for a loop on which no time passes.

It lives on a loop of its own, in another thread. Each call of it blocks the loop that makes it until it is answered, so
on that loop it takes no time at all, and nothing happens in between: just as with a store in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from threading import Thread
from types import TracebackType
from typing import Any, Self, cast

from interlock.store.event_store import Clock, EventStore

PARTS = frozenset({"records", "queue", "retention"})


class StoppedClock:
    """The time of the loop that calls, as it was when it called: the other thread's loop has another one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = 0

    def look(self) -> None:
        """Take the time of the loop that runs here."""
        self._now = self._clock()

    def now(self) -> int:
        """The time that was taken last."""
        return self._now


class BlockingStore:
    """Another store, or a part of one, on another loop."""

    def __init__(self, inner: object, loop: asyncio.AbstractEventLoop, clock: StoppedClock) -> None:
        self._inner = inner
        self._loop = loop
        self._clock = clock

    def as_store(self) -> EventStore:
        """It has whatever the other has."""
        return cast("EventStore", self)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other store has by that name
        found = getattr(self._inner, name)
        if name in PARTS:
            return BlockingStore(found, self._loop, self._clock)
        return self._blocking(found) if callable(found) else found

    async def __aenter__(self) -> Self:
        await self._blocking(cast("EventStore", self._inner).open)()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._blocking(cast("EventStore", self._inner).close)()

    def _blocking(self, call: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def answered(*values: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the other store takes
            self._clock.look()
            asked = asyncio.run_coroutine_threadsafe(_awaited(call, values, named), self._loop)
            return asked.result()

        return answered


async def _awaited(call: Callable[..., Any], values: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
    return await call(*values, **named)


@contextmanager
def loop_in_thread() -> Generator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="blocking-store")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
