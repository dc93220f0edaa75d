"""A run of one agent that is driven by whoever waits for its answer, with two appends from its start to its end.

The first holds the start and what is about to be asked, the second what came of it and the end: so nothing is asked
that is not on record, and a call that was lost with its process is taken up by another as any run is. It is for agents
that ask a model and nothing else; whatever such a run is asked to do meanwhile is recorded, and a cancel breaks it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from interlock.core.event_parts import Error
from interlock.core.events import EffectIntended, Event, NodeFailed
from interlock.core.plan import Plan
from interlock.core.requests import CancelRun, Refused, StartRun, StepNoted
from interlock.core.values import Value
from interlock.engine.agents.crew import AgentCall, crew_of
from interlock.engine.agents.deadline import Deadline
from interlock.engine.agents.halt import Halt
from interlock.engine.agents.loop import AgentLoop
from interlock.engine.effects import CallTool
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.errors import RequestRefusedError
from interlock.engine.journaling import StepRefused
from interlock.engine.performing import Performer, result
from interlock.store.errors import StoreError
from interlock.tools.clock import Clock
from interlock.tools.journal import JournaledStep, Noted
from interlock.tools.outcome import Failed, ToolOutcome


class DirectCall:
    """One such run, from its start on."""

    def __init__(
        self,
        engine: Engine,
        performer: Performer,
        clock: Clock,
        run: RunInHand,
        *,
        says: Callable[[str], None] | None,
    ) -> None:
        """`says` is told what the model says, where somebody listens."""
        self.run = run
        self._engine = engine
        self._performer = performer
        self._clock = clock
        self._says = says
        self._halt = Halt()
        self._turn = asyncio.Lock()
        self._unrecorded: Sequence[Event] = ()
        self._too_early: list[Arrival] = []
        """What was asked of the run before it had begun."""

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.run.state.run

    @property
    def plan(self) -> Plan:
        """What the run is pinned to."""
        return self.run.plan

    @property
    def is_on_record(self) -> bool:
        """Whether anything of it is, and with it the lease under which it is driven."""
        return self.run.state.seq > len(self._unrecorded)

    async def outcome(self, start: StartRun, given: Value) -> ToolOutcome:
        """What comes of it, once that is on record. `given` is what the agent is given.

        Raises `RequestRefusedError` where it may not start, and `StoreError` where it cannot be recorded.
        """
        begun = await self._engine.begin_unrecorded(self.run, Arrival(start, start.by))
        if begun.refused is not None:
            raise RequestRefusedError(self.run_id, begun.refused.reason)
        self._unrecorded = begun.events
        calls = [effect for effect in begun.effects if isinstance(effect, CallTool)]
        try:
            for arrival in self._too_early:
                await self.hear(arrival)
            return await self._performed(calls[0], given) if calls else await self._not_begun(begun.events)
        finally:
            await self._let_go()

    async def hear(self, arrival: Arrival) -> None:
        """Record what somebody asks of the run. A cancel breaks the call off."""
        if not self.run.state.seq:
            self._too_early.append(arrival)
            return
        async with self._turn:
            (refused,) = await self._record([arrival])
        if refused is None and isinstance(arrival.request, CancelRun):
            self._halt.ask(Error("cancelled", arrival.request.why or "the call was given up"))

    async def _performed(self, effect: CallTool, given: Value) -> ToolOutcome:
        crew = crew_of(self._engine, self._performer, self._clock, self.plan, self.run_id)
        late = Error("timeout", f"no model has answered {effect.path} in time", effect.path)
        deadline = Deadline(effect.due, self._clock, lambda: self._halt.ask(late))
        call = AgentCall(
            agent=effect.tool, path=effect.path, attempt=effect.first_attempt, input=given, deadline=deadline
        )
        journal = _HeldJournal(effect.path, self._note, self._says)
        try:
            outcome = await AgentLoop(crew, call, journal, self._halt).outcome()
        finally:
            deadline.end()
        async with self._turn:
            await self._record([*journal.held, Arrival(result(effect, outcome))])
        return outcome

    async def _not_begun(self, events: Sequence[Event]) -> Failed:
        """The policy in force keeps the node from its agent, or wants a person to be asked first."""
        async with self._turn:
            await self._record([])
        failed = [event.body.error for event in events if isinstance(event.body, NodeFailed)]
        waits = Error("refused", f"the policy wants a person to be asked first: run {self.run_id} waits for that")
        return Failed(failed[0] if failed else waits, retryable=False, calls=0)

    async def _note(self, arrivals: Sequence[Arrival]) -> None:
        """Put steps on record, or raise why the first of them must not be made."""
        async with self._turn:
            for refused in await self._record(arrivals):
                if refused is not None:
                    raise StepRefused(refused)

    async def _record(self, arrivals: Sequence[Arrival]) -> Sequence[Refused | None]:
        unrecorded, self._unrecorded = self._unrecorded, ()
        return (await self._engine.advance(self.run, arrivals, unrecorded=unrecorded, may_move=False)).refused

    async def _let_go(self) -> None:
        """A run that did not end here is left to whoever takes it up."""
        is_held = self.is_on_record and not (self.run.has_ended or self.run.is_released)
        if is_held:
            with suppress(StoreError):
                await self._engine.store.release_lease(self.run.lease)


class _HeldJournal:
    """The journal of an agent that asks a model and nothing else: what need not be on record yet waits for the end."""

    def __init__(
        self, path: str, note: Callable[[Sequence[Arrival]], Awaitable[None]], says: Callable[[str], None] | None
    ) -> None:
        self.steps: Sequence[JournaledStep] = ()
        self.held: list[Arrival] = []
        """What is still to be recorded."""
        self._path = path
        self._note = note
        self._says = says

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Hold them, or put them on record where something is about to be done."""
        self.held += [Arrival(StepNoted(path=self._path + each.within, step=each.body)) for each in noted]
        if any(isinstance(each.body, EffectIntended) for each in noted):
            held, self.held = self.held, []
            await self._note(held)

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return self._says is not None

    def says(self, text: str) -> None:
        """Tell whoever listens."""
        if self._says is not None:
            self._says(text)

    def stop_waiting(self) -> None:
        """Nothing waits."""

    # --- what such an agent never wants ---

    @property
    def last_heartbeat(self) -> Value:
        """It has none."""
        return None

    async def record(self, body: object) -> NoReturn:
        """It has no steps but those of its loop."""
        raise AssertionError(body)

    @property
    def is_leaving(self) -> bool:
        """It is left to nobody."""
        return False

    async def graph_ended(self, ordinal: int, *, within: str = "") -> NoReturn:
        """It calls no graph."""
        raise AssertionError(within, ordinal)

    async def stop_graph(self, ordinal: int, *, within: str = "") -> NoReturn:
        """It calls no graph."""
        raise AssertionError(within, ordinal)

    async def answered(self, ordinal: int, *, within: str = "") -> NoReturn:
        """It asks nobody."""
        raise AssertionError(within, ordinal)

    def progress(self, fraction: float | None, text: str) -> None:
        """Nobody watches."""

    def heartbeat(self, details: Value) -> None:
        """Nothing is kept."""
