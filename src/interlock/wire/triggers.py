"""Triggers of released graphs: when they start runs, what they started last, and what came of an event."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Actions


class TriggeredRun(Struct, frozen=True, kw_only=True):
    """A run that a trigger has started."""

    run: str
    due: int
    """The instant of the schedule, or the one at which the event came."""
    at: int
    by: str


class TriggerPause(Struct, frozen=True, kw_only=True):
    """Nothing is started until it is resumed."""

    at: int
    by: str
    why: str


class Trigger(Struct, frozen=True, kw_only=True):
    """A trigger of a released graph as it stands."""

    graph: str
    name: str
    version: int
    kind: Literal["cron", "event"]
    what: str
    """Its cron expression, or the name of its event."""
    zone: str
    overlap: str
    """What is done when it wants a run while one of it has not ended."""
    catch_up: str
    next: int | None
    """When it falls due next, unless it is paused."""
    last: TriggeredRun | None
    paused: TriggerPause | None
    waiting: int
    """How many runs it wants that wait for the end of one before."""
    overlapped: int
    """How often nothing was started because a run had not ended."""
    missed: int
    """How many instants were passed over because nobody was there."""
    trouble: str
    """Why the last run that it wanted could not be started."""
    actions: Actions | UnsetType = UNSET


class TriggerPage(Struct, frozen=True, kw_only=True):
    """Triggers of the versions in force. With a `next` there are more: give it as `cursor`."""

    triggers: list[Trigger]
    next: str | None = None


class OfferedEvent(Struct, frozen=True, kw_only=True):
    """What a trigger has made of an event that it wanted."""

    trigger: str
    """`GRAPH/NAME`."""
    outcome: Literal["started", "known", "waits", "overlaps", "paused", "failed"]
    """`known`: an event told apart by the same key has started the run before."""
    run: str
    why: str


class OfferedEvents(Struct, frozen=True, kw_only=True):
    """What came of an event at the triggers that wanted it; of none where nobody did."""

    triggers: list[OfferedEvent]
