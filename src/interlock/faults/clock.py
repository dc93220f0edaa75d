"""A clock that can be made to jump forward."""

from __future__ import annotations

from collections.abc import Callable

from interlock.core.plan import Micros
from interlock.tools.clock import Clock, Timer


class JumpingClock:
    """Another clock, which can be made to jump forward: what waits for an instant that is skipped is woken at once."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._ahead: Micros = 0
        self._timers: set[_Timer] = set()

    def now(self) -> Micros:
        """The time, with all jumps."""
        return self._inner.now() + self._ahead

    def call_at(self, due: Micros, wake: Callable[[], None]) -> Timer:
        """Wake at that time, however it comes."""
        timer = _Timer(due, wake, self._timers)
        timer.set_on(self._inner, due - self._ahead)
        return timer

    def jump(self, by: Micros) -> None:
        """It is later by so much."""
        self._ahead += by
        for timer in list(self._timers):
            timer.set_on(self._inner, timer.due - self._ahead)


class _Timer:
    def __init__(self, due: Micros, wake: Callable[[], None], timers: set[_Timer]) -> None:
        self.due = due
        self._wake = wake
        self._timers = timers
        self._inner: Timer | None = None
        timers.add(self)

    def set_on(self, clock: Clock, due: Micros) -> None:
        if self._inner is not None:
            self._inner.cancel()
        self._inner = clock.call_at(due, self._fire)

    def cancel(self) -> None:
        self._timers.discard(self)
        if self._inner is not None:
            self._inner.cancel()

    def _fire(self) -> None:
        self._timers.discard(self)
        self._wake()
