"""How the models are, as seen from this process: whether they answer, how long that takes, what went wrong last."""

from __future__ import annotations

from collections.abc import Callable

from interlock.core.event_parts import Error
from interlock.core.plan import Micros
from interlock.models.breaker import Breaker, Era
from interlock.models.provider import AILING

_SMOOTHING = 4
"""A new time counts for a quarter: some slow answers are seen soon, a single one changes little."""


class Health:
    """The health of one model."""

    def __init__(self, name: str, now: Callable[[], Micros]) -> None:
        self._breaker = Breaker(name, now)
        self._latency: Micros | None = None
        self._error: Error | None = None

    @property
    def latency(self) -> Micros | None:
        """How long answers took lately; None before the first one."""
        return self._latency

    def begin(self) -> Era:
        """It is asked."""
        return self._breaker.begin()

    def answered(self, era: Era, took: Micros) -> None:
        """It has answered."""
        self._breaker.succeeded(era)
        self._error = None
        before = took if self._latency is None else self._latency
        self._latency = before + (took - before) // _SMOOTHING

    def failed(self, era: Era, error: Error) -> None:
        """It has not."""
        self._error = error
        if error.kind in AILING:
            self._breaker.failed(era)
        else:
            self._breaker.abandoned(era)

    def abandoned(self, era: Era) -> None:
        """It was not waited for."""
        self._breaker.abandoned(era)

    @property
    def resting(self) -> str | None:
        """Why it is not to be asked now, if so."""
        if self._breaker.passes:
            return None
        if self._breaker.state == "trying":
            return "it has kept failing, and another call is trying it out"
        wait = -(-self._breaker.rests_for // 1_000_000)
        why = f" ({self._error.message})" if self._error is not None else ""
        return f"it has kept failing, and is left alone for {wait} s more{why}"
