"""An event loop in which time passes several times as quickly, although what it talks to is real: sockets, processes.

What waits for a minute is seen in a few seconds. What takes time by itself takes as long as ever, and so longer by the
time of the loop: it is not for what has to be quick.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class HurriedSelector(selectors.DefaultSelector):
    """Waits for as many times less as its loop is quicker."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, or nothing once the time of the loop is over."""
        return super().select(None if timeout is None else timeout / self._times)


class HurriedLoop(asyncio.SelectorEventLoop):
    """Its time passes `times` as quickly as that of the machine."""

    def __init__(self, times: int) -> None:
        super().__init__(HurriedSelector(times))
        self._times = times

    def time(self) -> float:
        """The time of the loop."""
        return super().time() * self._times


def hurried(story: Callable[[], Coroutine[Any, Any, T]], *, times: int) -> T:
    """What a story comes to in such a loop."""
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(times)) as runner:
        return runner.run(story())
