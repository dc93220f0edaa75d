"""What became of something that was asked of a run."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import RunRow


class Asked(Struct, frozen=True, kw_only=True):
    """A request that was not refused."""

    run: RunRow
    recorded: bool
    """Whether it is on record already; if not, the process that drives the run records it at once."""


class Repeat(Struct, frozen=True, kw_only=True):
    """An effect that would be done once more."""

    path: str
    tool: str
    effect_class: str
    effect: str


class Estimate(Struct, frozen=True, kw_only=True):
    """What doing it would take, judged by what it took before."""

    usd: int
    """What the nodes that would run again have cost in the run itself, in millionths of a dollar."""
    micros: int
    """How long they took, one after the other."""


class ForkPlan(Struct, frozen=True, kw_only=True):
    """What another course of a run would be made of; nothing is done yet."""

    parent: str
    start: str
    set: list[str]
    """The inputs and results that are other ones."""
    changed: list[str]
    gone: list[str]
    taken_over: list[str]
    """Nodes whose results are reused."""
    runs_again: list[str]
    done_again: list[Repeat]
    """Effects that were done before, and would be done once more."""
    asked_anew: list[str]
    estimate: Estimate
    token: str
    """What the call that makes the fork presents: it holds while the plan does."""


class Replayed(Struct, frozen=True, kw_only=True):
    """What deciding a run anew from its record came to: `same`, or the first thing that does not hold."""

    run: str
    verdict: str
    what: str
    seq: int | None
    events: int
    status: str
    state: str


class MeantRuns(Struct, frozen=True, kw_only=True):
    """How many runs of a graph and a status are meant."""

    graph: str
    status: str
    runs: int


class ActPlan(Struct, frozen=True, kw_only=True):
    """How many runs an act would be asked of; nothing is done yet."""

    act: str
    runs: int
    meant: list[MeantRuns]
    is_more: bool | UnsetType = UNSET
    """Whether there are more runs than were counted."""
    token: str | UnsetType = UNSET
    """What the call that does it presents: runs that are started after the plan are not meant by it."""


class RefusedRun(Struct, frozen=True, kw_only=True):
    """A run that could not do it, and why."""

    run: str
    became: Literal["refused", "failed"]
    why: str


class ActReport(Struct, frozen=True, kw_only=True):
    """What became of asking many runs."""

    act: str
    runs: int
    """How many were asked."""
    became: dict[str, int]
    """How many of them did what: `done`, `recorded` for whoever drives them, `left`, `started`, `refused`, `failed`."""
    started: dict[str, str]
    """New runs by those that they go on from."""
    refused: list[RefusedRun]
    next: str | UnsetType | None = UNSET
    """More runs are meant than are asked at once: present it as `cursor` with the same token; null: these were all."""
