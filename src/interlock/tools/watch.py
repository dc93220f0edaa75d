"""The watch over running code: it asks the code to stop at its deadline, on a missing heartbeat or when told to.

Who does not end in the time that is left to it then is given up. Why it was stopped is said here; what that means is
said by `perform`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from interlock.core.plan import Micros
from interlock.tools.clock import Clock, Timer
from interlock.tools.running import Running

Cause: TypeAlias = Literal["timeout", "silence", "cancelled"]


class Watch:
    """Over one piece of work, until `end`. `grace` is how long it may clean up once it was asked to stop."""

    def __init__(
        self, running: Running[object], clock: Clock, *, grace: Micros, on_stop: Callable[[], None] | None = None
    ) -> None:
        self._running = running
        self._clock = clock
        self._grace = grace
        self._on_stop = on_stop
        self._timers: dict[str, Timer] = {}
        self._cancels = 0
        self._is_over = False
        self.on_given_up: Callable[[], None] | None = None
        """What happens when the work is given up: from then on nobody waits for it."""
        self.cause: Cause | None = None
        """Why the work was asked to stop; None if nobody asked."""

    def stop_at(self, deadline: Micros) -> None:
        """Stop the work at that instant."""
        self._wake_at(deadline, "deadline", lambda: self._stop("timeout"))

    def expect_heartbeat(self, within: Micros) -> None:
        """Stop the work if it is silent for so long from now."""
        self._wake_at(self._clock.now() + within, "heartbeat", lambda: self._stop("silence"))

    def cancel(self) -> None:
        """Stop the work now. A second time it is given up at once."""
        self._cancels += 1
        if self._cancels > 1:
            self._give_up()
        else:
            self._stop("cancelled")

    def end(self) -> None:
        """The work has ended, or was given up: there is nothing to watch.

        Whoever is called when it is given up holds this watch in turn. Let go, both are freed here and now; together
        they would be left, with all that the call has touched, to the garbage collector.
        """
        self._is_over = True
        self.on_given_up = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _stop(self, cause: Cause) -> None:
        if self.cause is not None or self._is_over:
            return
        self.cause = cause
        if self._on_stop is not None:
            self._on_stop()
        self._running.ask_to_stop()
        if cause == "cancelled" or self._running.cleans_up:
            self._wake_at(self._clock.now() + self._grace, "grace", self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        if self._is_over:
            return
        give_up = self.on_given_up
        self.end()
        if give_up is not None:
            give_up()

    def _wake_at(self, due: Micros, name: str, wake: Callable[[], None]) -> None:
        if self._is_over:
            return
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._clock.call_at(due, wake)
