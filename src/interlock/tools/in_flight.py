"""Work in flight, as whoever began it holds it: through this it is stopped, and this tells what became of it.

Stopping is asking. The work ends when it likes, but it is reported in bounded time, and once: see the watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def always() -> bool:
    """What is in flight is nobody else's."""
    return True


class InFlight(Generic[T]):
    """One piece of work. `report` hears what became of it.

    `may_begin` says, at the last moment before the world is touched, whether it still is for who holds it to do so.
    """

    __slots__ = ("_report", "_stop", "_task", "is_over", "may_begin", "stops")

    def __init__(self, report: Callable[[T], None], may_begin: Callable[[], Awaitable[bool]] = always) -> None:
        self._report = report
        self.may_begin = may_begin
        self._stop: Callable[[], object] | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_over = False
        """Whether it was reported. The work itself may go on, if it was given up."""
        self.stops = 0
        """How often it was asked to stop."""

    def carry(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work in a task of its own, which is nobody else's to cancel."""
        self._task = asyncio.get_running_loop().create_task(work)

    def stop(self) -> None:
        """Ask the work to stop. Asked twice, it is given up."""
        self.stops += 1
        if self._stop is not None:
            self._stop()

    def on_stop(self, act: Callable[[], object]) -> None:
        """What the work does from now on when it is asked to stop."""
        self._stop = act

    def overheard(self, hear: Callable[[T], None]) -> None:
        """Also tell this of what became of it, before whoever holds it."""
        report = self._report

        def tell_both(outcome: T) -> None:
            hear(outcome)
            report(outcome)

        self._report = tell_both

    def interrupt(self) -> None:
        """Cancel what the work waits for just now, in its own task."""
        assert self._task is not None, "the work is not carried here"
        self._task.cancel()

    def over(self, outcome: T) -> None:
        """Report what became of it. Nothing that is asked of it later has a meaning."""
        assert not self.is_over, "what became of it was reported already"
        self.is_over = True
        self._stop = None
        self._report(outcome)
