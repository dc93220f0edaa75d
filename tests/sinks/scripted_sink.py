"""A sink in memory that takes what it is given, but for what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from interlock.sinks.cloud_event import CloudEvent
from interlock.sinks.errors import EventRefusedError, TryAgainError


class AnswerLostError(TryAgainError):
    """The sink has taken everything, and nobody heard it say so."""


@dataclass
class ScriptedSink:
    """`trouble` is raised by the next deliveries, one each; a delivery with an event of `refused` in it is refused."""

    trouble: list[BaseException | None] = field(default_factory=list[BaseException | None])
    refused: set[str] = field(default_factory=set[str])
    taken: list[CloudEvent] = field(default_factory=list[CloudEvent])
    rounds: list[int] = field(default_factory=list[int])
    """How often others have their turn while each of the next deliveries is under way."""
    deliveries: int = 0
    is_closed: bool = False

    async def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Take the events, unless the script says otherwise."""
        self.deliveries += 1
        for _ in range(self.rounds.pop(0) if self.rounds else 0):
            await asyncio.sleep(0)
        trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, AnswerLostError):
            self.taken += events
        if trouble is not None:
            raise trouble
        if not self.refused.isdisjoint(event.id for event in events):
            raise EventRefusedError("ops answered 422")
        self.taken += events

    async def close(self) -> None:
        """Note that it was let go."""
        self.is_closed = True

    @property
    def ids(self) -> list[str]:
        """What it has taken, as often as it has."""
        return [event.id for event in self.taken]
