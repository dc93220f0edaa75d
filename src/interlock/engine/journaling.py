"""The journal of one attempt, kept in the run's log: a step counts once the event about it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from interlock.core.events import Error
from interlock.core.paths import step_path
from interlock.core.requests import CancelNode, Refused, StepNoted
from interlock.core.state import Step
from interlock.core.values import Value
from interlock.tools.journal import GraphEnded, JournaledStep, Noted, StepEvent


class RunLine(Protocol):
    """What a journal needs of the run's driver."""

    def recorded_steps(self, path: str) -> Mapping[int, Step]:
        """The steps on record of the attempt that is under way there."""
        ...

    def submit(self, request: StepNoted | CancelNode) -> Awaitable[Refused | None]:
        """Record a step; done when it is durable, with the reason if it was refused."""
        ...

    def until_over(self, path: str, ordinal: int) -> Awaitable[Step]:
        """A step, once it was answered or the graph that it has called has ended."""
        ...

    async def whole(self, value: Value) -> Value:
        """A value with everything in it that is kept elsewhere."""
        ...

    def show_progress(self, path: str, fraction: float | None, text: str) -> None:
        """Tell whoever watches."""
        ...

    def refuse_waiting(self, path: str) -> None:
        """Refuse the steps of an attempt that wait until they may be made."""
        ...

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches."""
        ...

    def show_words(self, path: str, text: str) -> None:
        """Tell whoever watches what a model is just saying."""
        ...

    def keep_heartbeat(self, path: str, details: Value) -> None:
        """Keep what a tool said last of itself."""
        ...

    @property
    def is_leaving(self) -> bool:
        """Whether the run is just being left to whoever drives it next."""
        ...

    def heartbeat_of(self, path: str) -> Value:
        """What a tool said last of itself, in an earlier try."""
        ...


class StepRefused(Exception):
    """A step was not recorded, so it must not be made. `limit` names the one that is spent, if that is why."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.limit = refused.limit
        self.asks = refused.asks
        self.error = Error("cancelled" if refused.limit is None else "exhausted", refused.reason)


class RunJournal:
    """One attempt's journal."""

    def __init__(self, line: RunLine, path: str) -> None:
        self._line = line
        self._path = path
        self.steps: Sequence[JournaledStep] = ()
        """The steps that the state holds for it already, once it is open."""

    async def open(self) -> None:
        """Read what earlier tries have recorded; to be awaited when the attempt begins."""
        recorded = self._line.recorded_steps(self._path)
        steps = [journaled(ordinal, step) for ordinal, step in recorded.items()]
        self.steps = await made_whole(steps, self._line.whole)

    @property
    def last_heartbeat(self) -> Value:
        """What the tool said last of itself, in an earlier try."""
        return self._line.heartbeat_of(self._path)

    async def record(self, body: StepEvent) -> None:
        """Return when a step is durable; `StepRefused` if it must not be made."""
        await self.record_all([Noted(body)])

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Return when all are durable; `StepRefused` by the first that must not be made. They ride on one append."""
        asked = [self._line.submit(StepNoted(path=self._path + each.within, step=each.body)) for each in noted]
        for refused in await asyncio.gather(*asked):
            if refused is not None:
                raise StepRefused(refused)

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """What became of the graph that a step has called, whenever it ends."""
        ended = await self._line.until_over(self._path + within, ordinal)
        return GraphEnded(await self._line.whole(ended.out), ended.error, ended.tainted)

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:
        """Ask the graph that a step has called to stop. Where it has ended meanwhile, that is that."""
        if self._line.is_leaving:
            return False
        await self._line.submit(CancelNode(path=step_path(self._path + within, ordinal), why="its agent was stopped"))
        return True

    async def answered(self, ordinal: int, *, within: str = "") -> Value:
        """The answer to the question of a step, whenever it comes."""
        answered = await self._line.until_over(self._path + within, ordinal)
        return await self._line.whole(answered.out)

    def progress(self, fraction: float | None, text: str) -> None:
        """Show how far the tool is; on no record."""
        self._line.show_progress(self._path, fraction, text)

    def stop_waiting(self) -> None:
        """Refuse the steps of this attempt that wait until they may be made."""
        self._line.refuse_waiting(self._path)

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens to what models say, just now."""
        return self._line.is_watched

    @property
    def is_leaving(self) -> bool:
        """Whether the run is just being left to whoever drives it next."""
        return self._line.is_leaving

    def says(self, text: str) -> None:
        """Show what a model is just saying; on no record."""
        self._line.show_words(self._path, text)

    def heartbeat(self, details: Value) -> None:
        """Keep what the tool says of itself for its next try."""
        self._line.keep_heartbeat(self._path, details)


async def made_whole(
    steps: Sequence[JournaledStep], whole: Callable[[Value], Awaitable[Value]]
) -> tuple[JournaledStep, ...]:
    """The steps with everything in their results that is kept elsewhere: a tool is given what it was given before."""
    return tuple(
        [replace(step, out=await whole(step.out), inside=await made_whole(step.inside, whole)) for step in steps]
    )


def journaled(ordinal: int, step: Step) -> JournaledStep:
    """A step of the state, as a journal shows it."""
    return JournaledStep(
        ordinal=ordinal,
        effect=step.effect,
        name=step.name,
        key=step.key,
        digest=step.digest,
        status=step.status,
        out=step.out,
        error=step.error,
        question=step.question,
        kind=step.kind,
        tries=step.tries,
        inside=tuple(journaled(inner, each) for inner, each in step.steps.items()),
    )
