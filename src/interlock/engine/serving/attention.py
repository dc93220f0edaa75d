"""Waiting until there is something to do: a commit that matters, an instant, or somebody who calls.

The store is asked whether anything has changed, which costs next to nothing; it is asked for nothing else meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from interlock.core.plan import Micros
from interlock.store.event_store import EventStore, Topic
from interlock.tools.clock import Clock

POLL_SECONDS: Final = 0.01
"""How often the store is asked whether anything was committed: a counter, or a word of a file that is mapped."""

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do something as a whole: whoever is cancelled meanwhile is so once it is done.

    What was taken from the store and not yet looked at would else be held by nobody until its lease has run out.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)  # what went wrong with it is of no interest any more
        raise


class Attention:
    """What one who waits has seen of the store's changes about a topic."""

    def __init__(self, store: EventStore, clock: Clock, about: Topic) -> None:
        self._store = store
        self._clock = clock
        self._about: Topic = about
        self._seen: int | None = None
        self._called = False

    def call(self) -> None:
        """There is something to do that no commit tells."""
        self._called = True

    async def note(self) -> None:
        """From now on only what is committed later counts. To be called before looking at the store."""
        self._seen = await self._store.change_mark(self._about)
        self._called = False

    async def wait(self, *, until: Micros | None, seconds_max: float) -> None:
        """Wait for a change, a call, an instant of the clock, or so many seconds."""
        ends = asyncio.get_running_loop().time() + seconds_max
        while not self._called and asyncio.get_running_loop().time() < ends:
            if until is not None and self._clock.now() >= until:
                return
            if await self._store.change_mark(self._about) != self._seen:
                return
            await asyncio.sleep(POLL_SECONDS)
