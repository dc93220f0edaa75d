"""When an agent's time is up. It stands still while the agent waits for people, or for a graph: theirs is not its own.

So what waits ends alike whether its run is held in a process meanwhile or by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext

from interlock.core.plan import Micros
from interlock.tools.clock import Clock, Timer


class Deadline:
    """The time of an agent's call, shared by everything that it calls. `within`: that of the agent that called it."""

    def __init__(
        self, due: Micros | None, clock: Clock, strike: Callable[[], None], *, within: Deadline | None = None
    ) -> None:
        self._due = due
        self._within = within
        self._clock = clock
        self._strike = strike
        self._waiting = 0
        self._since: Micros = 0
        self._timer: Timer | None = None
        self._run()

    @property
    def due(self) -> Micros | None:
        """The instant at which it is up, as things stand; None: never."""
        around = None if self._within is None else self._within.due
        return min((each for each in (self._due, around) if each is not None), default=None)

    def end(self) -> None:
        """The call is over."""
        self._halt()

    @contextmanager
    def standing_still(self) -> Generator[None]:
        """While somebody is waited for."""
        if not self._waiting:
            self._since = self._clock.now()
            self._halt()
        self._waiting += 1
        around = nullcontext() if self._within is None else self._within.standing_still()
        try:
            with around:
                yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._put_off(self._clock.now() - self._since)
                self._run()

    def _put_off(self, span: Micros) -> None:
        if self._due is not None:
            self._due += span

    def _run(self) -> None:
        if self._due is not None:
            self._timer = self._clock.call_at(self._due, self._strike)

    def _halt(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
