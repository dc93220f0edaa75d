"""An event loop on which time passes at once: it never sleeps, and always runs the same callbacks in one order.

When nothing is ready it jumps to the next timer. It knows no sockets, files, signals or other threads.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from interlock.core.plan import Micros

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

BEGAN: Final[Micros] = 1_000_000
"""The time at which every simulation begins."""
TURNS_MAX: Final = 2_000_000
"""How often a loop may look for what is ready, before it is taken to run for ever."""


class TimeStandsStill(Exception):
    """Nothing is ready and nothing will ever be: whoever waits here waits for ever."""


class _NoInput(selectors.BaseSelector):
    """A selector to which nothing ever comes: instead of waiting, it lets the time pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self._turns = 0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        self._keys[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return self._keys[fileobj]

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        if timeout is None or self._turns > TURNS_MAX:
            raise TimeStandsStill("nothing is ready" if timeout is None else f"{TURNS_MAX} turns are not enough")
        self.now += max(timeout, 0)
        return []

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop itself."""

    def __init__(self) -> None:
        self._no_input = _NoInput()
        super().__init__(self._no_input)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._no_input.now


class VirtualClock:
    """The engine's clock on the running virtual loop."""

    def now(self) -> Micros:
        """The time, now."""
        return BEGAN + round(asyncio.get_running_loop().time() * 1_000_000)

    def call_at(self, due: Micros, wake: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `wake` once `due` is reached."""
        return asyncio.get_running_loop().call_at((due - BEGAN) / 1_000_000, wake)


def run_at_once(main: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine to its end on a virtual loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)
