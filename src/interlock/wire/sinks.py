"""Sinks: where events leave for, how far each was told, and what is held back from it."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Actions


class HeldRun(Struct, frozen=True, kw_only=True):
    """A run of which a sink refused an event: that one and all behind it are held back, so that order holds."""

    run: str
    seq: int
    """The event that was refused."""
    upto: int
    """The last one that is held back so far."""
    why: str
    since: int
    tries: int


class LeftOutEvent(Struct, frozen=True, kw_only=True):
    """An event that a sink refused and that a person has decided not to tell."""

    event: str
    """Its id: `w5nmkpqrstvx/12`."""
    why: str
    refused: str
    """Why the sink refused it."""
    by: str
    at: int


class Sink(Struct, frozen=True, kw_only=True):
    """Where events leave for, and how telling it goes."""

    sink: str
    to: str
    """Its address, without what may be secret in it."""
    told: int
    told_at: int | None
    last: str | None
    """The event that was told last."""
    behind: int
    """How many events it has not been told yet, as far as they were counted."""
    behind_is_more: bool
    oldest_untold_at: int | None
    failures: int
    """How often in a row it could not be told on."""
    failing_since: int | None
    retry_at: int | None
    is_gone: bool
    """It said that it is there no more: nothing is told until somebody delivers."""
    error: str | None
    held: list[HeldRun]
    left_out: list[LeftOutEvent]
    actions: Actions | UnsetType = UNSET


class Sinks(Struct, frozen=True, kw_only=True):
    """Every sink that is declared."""

    sinks: list[Sink]


class HeldPage(Struct, frozen=True, kw_only=True):
    """Runs that are held back from a sink. With a `next` there are more: give it as `cursor`."""

    sink: str
    held: list[HeldRun]
    next: str | None = None


class ResentRun(Struct, frozen=True, kw_only=True):
    """What became of sending again what was held back of a run."""

    run: str
    events: int
    """How many were told."""
    error: str
    """Why it was refused again, or could not be told; empty: nothing is held back of it any more."""


class Resent(Struct, frozen=True, kw_only=True):
    """What became of sending again what was held back from a sink."""

    sink: str
    resent: list[ResentRun]
