"""One instant at which to be called: a later word replaces an earlier one."""

from __future__ import annotations

from collections.abc import Callable

from interlock.core.plan import Micros
from interlock.tools.clock import Clock, Timer


class Alarm:
    """Set to an instant of a clock, or to none."""

    def __init__(self, clock: Clock, on_due: Callable[[], None]) -> None:
        self._clock = clock
        self._on_due: Callable[[], None] | None = on_due
        self._due: Micros | None = None
        self._timer: Timer | None = None

    def set(self, due: Micros | None) -> None:
        """Go off at that instant, and at no other."""
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None if due is None else self._clock.call_at(due, self._goes_off)

    def end(self) -> None:
        """Go off no more, and hold nobody who was to be called."""
        self.set(None)
        self._on_due = None

    def _goes_off(self) -> None:
        self._due = self._timer = None
        if self._on_due is not None:
            self._on_due()
