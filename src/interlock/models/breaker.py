"""A circuit breaker: a model that keeps failing is left alone for a while, then asked once, to see whether it is well.

How the states follow one another is purgatory's; the time is ours, since that library reads the system's clock, and so
is the rule that only one call tries a model out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from purgatory.domain.model import OPENED, Context, OpenedState

from interlock.core.plan import Micros

FAILURES_MAX: Final = 5
REST: Final[Micros] = 30_000_000

BreakerState: TypeAlias = Literal["closed", "open", "trying"]
Era: TypeAlias = int
"""A time between two openings: what becomes of a call that was made in an earlier one says nothing any more."""
_NO_WAIT: Final = -1
"""For purgatory an open breaker may be tried at once: when it may is judged here."""


class _Failed(Exception):
    """Stands for a failed call: purgatory counts exceptions."""


class Breaker:
    """The breaker of one model, owned by one event loop."""

    def __init__(
        self, name: str, now: Callable[[], Micros], *, failures_max: int = FAILURES_MAX, rest: Micros = REST
    ) -> None:
        self._context = Context(name, failures_max, _NO_WAIT)
        self._now = now
        self._rest = rest
        self._opened_at: Micros = 0
        self._is_trying = False
        self._era: Era = 0

    @property
    def state(self) -> BreakerState:
        """Closed: calls pass. Open: none does. Trying: one has passed, and what becomes of it decides."""
        if self._is_trying:
            return "trying"
        return "open" if self._context.state == OPENED else "closed"

    @property
    def rests_for(self) -> Micros:
        """How long no call passes yet; 0 if one may."""
        if self._context.state != OPENED:
            return 0
        # A clock that was set back must not make the rest longer than it is: it begins anew by the new time.
        self._opened_at = min(self._opened_at, self._now())
        return max(0, self._opened_at + self._rest - self._now())

    @property
    def passes(self) -> bool:
        """Whether a call may be made now."""
        return not self._is_trying and self.rests_for == 0

    def begin(self) -> Era:
        """A call is made. Of an open breaker it is the one that tries the model out."""
        if self._context.state == OPENED:
            self._context.handle_new_request()
            self._is_trying = True
            self._era += 1
        return self._era

    def succeeded(self, era: Era) -> None:
        """A call was answered: the model is well."""
        if era == self._era:
            self._is_trying = False
            self._context.handle_end_request()
            self._context.messages.clear()

    def failed(self, era: Era) -> None:
        """A call failed in a way that speaks of a model that is ill."""
        if era == self._era:
            self._is_trying = False
            self._context.handle_exception(_Failed())
            self._context.messages.clear()
            if self._context.state == OPENED:
                self._opened_at = self._now()
                self._era += 1

    def abandoned(self, era: Era) -> None:
        """A call was given up, or failed in a way that says nothing of the model: another one may try it out."""
        if era == self._era and self._is_trying:
            self._is_trying = False
            self._context.set_state(OpenedState(self._context.name))
            self._context.messages.clear()
            self._era += 1
