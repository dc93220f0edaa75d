"""The journal port: how a running tool's steps are put on record, as the engine sees to it.

The tool door says what to record and reads what was recorded; when and where it is stored is the engine's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from interlock.core.events import (
    DecisionMade,
    EffectDone,
    EffectFailed,
    EffectIntended,
    EffectUnknown,
    Error,
    KnownKind,
    Question,
)
from interlock.core.values import Value

StepEvent: TypeAlias = EffectIntended | EffectDone | EffectFailed | EffectUnknown | DecisionMade
StepStatus: TypeAlias = Literal["intended", "done", "failed", "unknown", "not_done", "ended"]


class JournaledStep(Struct, frozen=True, kw_only=True):
    """What is on record of a step of this attempt.

    `intended`: nothing came of it yet. `unknown`: recorded as in doubt, and not settled. `not_done`: it was in doubt
    and did not happen, so it is called again under the same id. A question that was answered is `done`, and its `out`
    is the answer.
    """

    ordinal: int
    effect: str
    name: str
    key: str = ""
    digest: str = ""
    status: StepStatus = "intended"
    out: Value = None
    error: Error | None = None
    question: Question | None = None
    kind: KnownKind = ""
    tries: int = 1
    inside: tuple[JournaledStep, ...] = ()
    """The steps inside it, where it is an agent."""


class GraphEnded(Struct, frozen=True):
    """What became of a graph that a step has called: its outputs, or why there are none."""

    out: Value = None
    error: Error | None = None
    is_tainted: bool = False
    """Whether its run had read by then what somebody outside may have written."""


class Noted(Struct, frozen=True):
    """An event about a step. `within` says inside which step of the attempt it is: nothing, or `.3`."""

    body: StepEvent
    within: str = ""


class Journal(Protocol):
    """The record of one attempt, and of the tries of it that were broken off before."""

    @property
    def steps(self) -> Sequence[JournaledStep]:
        """What was on record when this try began, in the order of the ordinals."""
        ...

    @property
    def last_heartbeat(self) -> Value:
        """The details of the last heartbeat of an earlier try or attempt; null if there was none."""
        ...

    async def record(self, body: StepEvent) -> None:
        """Return when the event is durably recorded."""
        ...

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Return when all of them are durably recorded, by one append if there is no reason against it."""
        ...

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """What became of the graph that a step has called, whenever it ends."""
        ...

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:
        """Ask the graph that a step has called to stop. False if it goes on, since its run is only being left."""
        ...

    async def answered(self, ordinal: int, *, within: str = "") -> Value:
        """The person's answer to the question of that step, as the core keeps it: a map of `choice`, `form` and `why`.

        The engine records the answer; the tool door does not.
        """
        ...

    def progress(self, fraction: float | None, text: str) -> None:
        """Show how far the tool is. Live only, never recorded."""
        ...

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens to what models say, just now."""
        ...

    def says(self, text: str) -> None:
        """Show what a model is just saying. Live only, never recorded."""
        ...

    @property
    def is_leaving(self) -> bool:
        """Whether the worker leaves, so that the attempt goes on elsewhere."""
        ...

    def stop_waiting(self) -> None:
        """Refuse what waits to be recorded: whoever asked for it is to stop."""
        ...

    def heartbeat(self, details: Value) -> None:
        """Keep the details for a next try."""
        ...


class InnerJournal:
    """The journal of what is called by a step: its steps are inside that step."""

    def __init__(self, outer: Journal, within: str, steps: Sequence[JournaledStep]) -> None:
        self._outer = outer
        self._within = within
        self.steps = steps

    @property
    def last_heartbeat(self) -> Value:
        """None: what a step says of itself is kept for no next try."""
        return None

    async def record(self, body: StepEvent) -> None:
        """Return when the event is durably recorded."""
        await self._outer.record_all([Noted(body, self._within)])

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Return when all of them are durably recorded."""
        await self._outer.record_all([Noted(each.body, self._within + each.within) for each in noted])

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """What became of the graph that a step has called."""
        return await self._outer.graph_ended(ordinal, within=self._within + within)

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:
        """Ask the graph that a step has called to stop."""
        return await self._outer.stop_graph(ordinal, within=self._within + within)

    async def answered(self, ordinal: int, *, within: str = "") -> Value:
        """The person's answer to the question of that step."""
        return await self._outer.answered(ordinal, within=self._within + within)

    def progress(self, fraction: float | None, text: str) -> None:
        """Show how far it is."""
        self._outer.progress(fraction, text)

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return self._outer.is_heard

    @property
    def is_leaving(self) -> bool:
        """Whether the worker leaves."""
        return self._outer.is_leaving

    def says(self, text: str) -> None:
        """Show what a model is just saying."""
        self._outer.says(text)

    def stop_waiting(self) -> None:
        """Refuse what waits to be recorded."""
        self._outer.stop_waiting()

    def heartbeat(self, details: Value) -> None:
        """It lives; the details are kept by nobody."""
