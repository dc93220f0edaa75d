"""What wakes the one task that waits for it. A step of a run waits here once, so it is as light as waiting can be."""

from __future__ import annotations

import asyncio


class Wake:
    """Set by anybody, waited for by one task at a time, cleared by that task once it is awake."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Wake who waits, or whoever waits next."""
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        """Forget that it was set."""
        self._is_set = False

    def wait(self) -> asyncio.Future[None]:
        """Done as soon as it is set."""
        self._waiter = asyncio.get_running_loop().create_future()
        if self._is_set:
            self._waiter.set_result(None)
        return self._waiter
