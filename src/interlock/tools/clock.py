"""The clock of the tool door: what time it is, and being woken at a time. Whatever waits here goes through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

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


class LoopClock:
    """The machine's time, waiting on the running event loop."""

    def now(self) -> Micros:
        """The time, now."""
        return time.time_ns() // 1000

    def call_at(self, due: Micros, wake: Callable[[], None]) -> Timer:
        """Call `wake` on the running event loop once `due` is reached."""
        return asyncio.get_running_loop().call_later(max(0, due - self.now()) / 1_000_000, wake)
