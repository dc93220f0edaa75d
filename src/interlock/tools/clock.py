"""The clock of the tool door: what time it is, and being woken at a time. Whatever waits here goes through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from interlock.core.plan import Micros


class Timer(Protocol):
    """A wake-up that has been asked for."""

    def cancel(self) -> None:
        """Forget it; harmless once it has fired."""
        ...


class Clock(Protocol):
    """Time in whole microseconds since 1970, UTC."""

    def now(self) -> Micros:
        """The time, now."""
        ...

    def call_at(self, due: Micros, wake: Callable[[], None]) -> Timer:
        """Call `wake` on the event loop once `due` is reached; soon, if it has passed."""
        ...


LOOK_SECONDS: Final = 30.0
"""How often it is looked again whether the time has come. The event loop counts seconds of its own, and none while the
machine sleeps: whoever puts the clock right, or opens the lid, is noticed within this time."""


class LoopClock:
    """The machine's time, waiting on the running event loop.

    What waits is woken when the machine's clock says that it is time: not before, however far the clock is put back,
    and at most `look_seconds` late if it is put forward.
    """

    def __init__(self, *, wall: Callable[[], int] = time.time_ns, look_seconds: float = LOOK_SECONDS) -> None:
        self._wall = wall
        self._look_seconds = look_seconds

    def now(self) -> Micros:
        """The time, now."""
        return self._wall() // 1000

    def call_at(self, due: Micros, wake: Callable[[], None]) -> Timer:
        """Call `wake` on the running event loop once `due` is reached."""
        return _LoopTimer(self, due, wake, look_seconds=self._look_seconds)


class _LoopTimer:
    """Looks at the clock when it should be time, and in between: the loop's own seconds may not be the clock's."""

    def __init__(self, clock: LoopClock, due: Micros, wake: Callable[[], None], *, look_seconds: float) -> None:
        self._clock = clock
        self._due = due
        self._wake = wake
        self._look_seconds = look_seconds
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(self._seconds_left(), self._look)

    def cancel(self) -> None:
        """Forget it."""
        self._handle.cancel()

    def _look(self) -> None:
        if self._clock.now() >= self._due:
            self._wake()
        else:
            self._handle = self._loop.call_later(self._seconds_left(), self._look)

    def _seconds_left(self) -> float:
        return min(max(0, self._due - self._clock.now()) / 1_000_000, self._look_seconds)
