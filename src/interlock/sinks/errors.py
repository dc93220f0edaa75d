"""Why events could not be delivered, and what follows from it, as one small tree.

SinkError
├── TryAgainError      not now: the same events are delivered again later
├── EventRefusedError  the sink will never take what it was given: each event is looked at alone
├── SinkGoneError      the sink is there no more: nothing is delivered until somebody says so
└── SinkUnusableError  the sink is declared in a way that cannot work
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class SinkError(InterlockError):
    """Something about a sink; the message says which and why."""


class TryAgainError(SinkError):
    """The sink could not take the events now. Whether it has them is unknown, so they are delivered again."""

    def __init__(self, why: str, *, after_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        """How long the sink wants to be left alone; 0 if it did not say."""


class EventRefusedError(SinkError):
    """The sink looked at what it was given and will not take it, however often it is asked."""


class SinkGoneError(SinkError):
    """The sink says that it was taken away for good. To go on asking would be of no use to anybody."""


class SinkUnusableError(SinkError):
    """A sink is declared in a way that cannot work; the message says what to write instead."""
