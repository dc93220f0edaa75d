"""The calls that an agent asks for, made together: each is judged, its intent put on record, and then they are made.

Their numbers follow from their order alone, so that whoever takes the agent up again finds each where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from msgspec import Struct

from interlock.agents.actions import CallTools
from interlock.agents.observations import ToolAnswer, ToolsAnswered
from interlock.core.compiling.node_limits import limits_of_agent
from interlock.core.event_parts import Error
from interlock.core.events import EffectDone, EffectFailed, EffectIntended, EffectUnknown
from interlock.core.in_doubt import doubt
from interlock.core.messages import AskedCall
from interlock.core.spending import Spending
from interlock.core.values import Value, digest_of
from interlock.engine.agents.answers import answer, no_answer
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.granting import Granting
from interlock.engine.agents.halt import Halt, Halted
from interlock.engine.agents.loop_steps import LoopSteps
from interlock.engine.agents.meaning import Meanings, Meant
from interlock.engine.agents.memory.door import MemoryCall
from interlock.engine.agents.memory.entries import has_tainted
from interlock.engine.agents.permitting import Permitting
from interlock.engine.effects import CallTool
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal, JournaledStep
from interlock.tools.marking import told_to_model
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown

T = TypeVar("T")

TAINTED_MEMORY: Final = "memory"
"""Where it comes from, what a memory holds that somebody outside may have written."""
RunAgent: TypeAlias = Callable[[AgentCall, Journal], Awaitable[ToolOutcome]]


class InDoubt(Exception):
    """A step that may be made only once was begun, and nobody knows what came of it: a person has to say."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.error = error


class Begun(Struct, frozen=True):
    """A call whose intent is on record."""

    meant: Meant
    ordinal: int
    effect: str
    known: JournaledStep | None = None
    """What was on record of it before, if it was begun before."""
    tries: int = 1


async def together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all of it at once, each to its end; then the first thing that went wrong is raised."""
    came = await asyncio.gather(*work, return_exceptions=True)
    for each in came:
        if isinstance(each, BaseException):
            raise each
    return [each for each in came if not isinstance(each, BaseException)]


class ToolCalls:
    """Makes the calls of one agent's loop."""

    def __init__(
        self, crew: Crew, call: AgentCall, steps: LoopSteps, granting: Granting, halt: Halt, *, run_agent: RunAgent
    ) -> None:
        self._crew = crew
        self._call = call
        self._steps = steps
        self._granting = granting
        self._halt = halt
        self._run_agent = run_agent
        self._meanings = Meanings(crew, call)
        self._permitting = Permitting(crew, call, steps, granting)
        self._out = 0
        """How many of the calls of one turn have not ended."""
        self.in_vain = 0
        """How often in a row none of the calls that were asked for together could be made."""
        self.is_simulated = False
        self.is_tainted = call.is_tainted
        """Whether the agent has read what somebody outside may have written, or was given what others made of it."""

    async def make(self, action: CallTools) -> ToolsAnswered:
        """Make all of them, and tell what came of each."""
        judged = [await self._judged(each) for each in action.calls]
        self._out = sum(isinstance(each, Meant) for each in judged)
        self.in_vain = 0 if self._out else self.in_vain + 1
        # Their intents are asked for at once, in their order, and ride on one append. One that has to wait for what
        # others hold keeps none of them from being made: it would wait for ever.
        return ToolsAnswered(tuple(await together([self._answered(each) for each in judged])))

    async def _answered(self, meant: Meant | ToolAnswer) -> ToolAnswer:
        if isinstance(meant, ToolAnswer):
            return meant
        begun = await self._begun(meant)
        made = await self._make(begun) if isinstance(begun, Begun) else begun
        self._out -= 1
        if self._out:
            await self._steps.record()  # the others may take long: what has come of this one is kept by then
        return made

    # --- may it be made ---

    async def _judged(self, call: AskedCall) -> Meant | ToolAnswer:
        """The call, if it means something here and may be made."""
        meant = self._meanings.of(call, tainted=self.is_tainted)
        if isinstance(meant, Error):
            return no_answer(call, meant, effect="read")
        return await self._permitting.permitted(meant)

    # --- putting its intent on record ---

    async def _begun(self, meant: Meant) -> Begun | ToolAnswer:
        known = self._steps.find(meant.call.id, (meant.kind,))
        match known:
            case JournaledStep(status="done", out=out):
                return self._answer(meant, known.effect, out)
            case JournaledStep(status="failed", error=error):
                return self._no_answer(meant, known.effect, error or Error("failed", "the call failed"))
            case JournaledStep() if meant.kind != "tool":
                return Begun(meant, known.ordinal, known.effect, known)
            case JournaledStep():
                return await self._begun_once_more(meant, known)
            case None:
                return await self._begin(meant, self._steps.take(), None)

    async def _begin(self, meant: Meant, ordinal: int, known: JournaledStep | None) -> Begun:
        effect = self._steps.effect(ordinal) if known is None else known.effect
        intended = EffectIntended(
            ordinal,
            effect,
            meant.name,
            digest=digest_of([meant.name, meant.call.arguments]),
            key=meant.call.id,
            effect_class=meant.effect,
            kind=meant.kind,
            input=meant.call.arguments,
            reserve=_price_of(meant),
            limits=limits_of_agent(self._crew.plan.agents[meant.name]) if meant.kind == "agent" else None,
            tries=1 if known is None else known.tries + 1,
        )
        await self._granting.begin(intended)
        return Begun(meant, ordinal, effect, known, intended.tries)

    async def _begun_once_more(self, meant: Meant, known: JournaledStep) -> Begun | ToolAnswer:
        """A call that was lost with its worker. One that may be made only once has to be known first."""
        ordinal, effect = known.ordinal, known.effect
        if known.status != "not_done":
            lost = doubt("lost", self._call.path, ordinal, known.name, known.key)
            self._steps.carry(EffectUnknown(ordinal, effect, lost, tries=known.tries))
            if meant.effect == "once":
                raise InDoubt(lost)
        return await self._begin(meant, ordinal, known)

    # --- making it ---

    async def _make(self, one: Begun) -> ToolAnswer:
        if self._halt.error is not None and one.meant.kind == "tool":
            self._leave_unmade(one, self._halt.error)
        self._steps.made += one.meant.kind == "tool"
        outcome = await self._outcome(one)
        self.is_simulated |= outcome.simulated
        meant, ordinal, effect = one.meant, one.ordinal, one.effect
        price = _price_of(meant) if outcome.calls else None
        if not isinstance(outcome, Done):
            self._leave_if_stopped(one, outcome)
        match outcome:
            case Done(out=out, simulated=simulated):
                tainted = meant.kind == "memory" and has_tainted(out)
                done = EffectDone(ordinal, effect, out, price, simulated=simulated, tries=one.tries, tainted=tainted)
                self._steps.carry(done)
                return self._answer(meant, effect, out)
            case Failed(error=error, simulated=simulated):
                self._steps.carry(EffectFailed(ordinal, effect, error, price, simulated=simulated, tries=one.tries))
                return self._no_answer(meant, effect, error)
            case Unknown(error=error) if meant.kind == "agent":
                raise InDoubt(error)
            case Unknown(error=error) if meant.effect == "once":
                await self._steps.record(EffectUnknown(ordinal, effect, error, tries=one.tries))
                raise InDoubt(Error(error.kind, error.message, self._steps.at(ordinal)))
            case Unknown(error=error):
                self._steps.carry(EffectFailed(ordinal, effect, error, price, tries=one.tries))
                return self._no_answer(meant, effect, error)

    def _leave_unmade(self, one: Begun, halted: Error) -> NoReturn:
        """A call that was not made although its intent is on record: nobody has to be asked what became of it."""
        error = Error("cancelled", f"`{one.meant.name}` was not called: the agent was asked to stop")
        if one.meant.effect == "once":
            self._steps.carry(EffectFailed(one.ordinal, one.effect, error, tries=one.tries))
        else:
            self._steps.carry(EffectUnknown(one.ordinal, one.effect, error, tries=one.tries))
        raise Halted(halted)

    def _leave_if_stopped(self, one: Begun, outcome: Failed | Unknown) -> None:
        """A call that was broken off since the agent is to stop has not failed: who takes it up begins it again."""
        halted, meant = self._halt.error, one.meant
        if halted is None:
            return
        if meant.kind == "agent" and outcome.error is halted:
            raise Halted(halted)
        if meant.kind == "tool" and meant.effect != "once" and outcome.error.kind in {"cancelled", "timeout"}:
            self._steps.carry(EffectUnknown(one.ordinal, one.effect, outcome.error, tries=one.tries))
            raise Halted(halted)

    async def _outcome(self, one: Begun) -> ToolOutcome:
        match one.meant.kind:
            case "tool":
                return await self._call_tool(one)
            case "agent":
                return await self._call_agent(one)
            case "graph":
                return await self._await_graph(one)
            case "memory":
                return await self._crew.performer.memory.call(self._memory_call(one))

    def _memory_call(self, one: Begun) -> MemoryCall:
        return MemoryCall(
            run=self._crew.run,
            agent=self._call.agent,
            path=self._steps.at(one.ordinal),
            attempt=self._call.attempt,
            effect=one.effect,
            tool=one.meant.name,
            arguments=one.meant.call.arguments,
            tainted=self.is_tainted,
        )

    async def _await_graph(self, one: Begun) -> ToolOutcome:
        """The graph runs inside this step, driven with the run: it is waited for, also where it was asked to stop."""
        journal, ordinal = self._steps.journal, one.ordinal
        waiting = asyncio.ensure_future(journal.graph_ended(ordinal))
        asked: list[asyncio.Future[None]] = []

        async def stop() -> None:
            if not await journal.stop_graph(ordinal):
                waiting.cancel()

        stands_still = self._call.deadline.standing_still()  # a graph has a timeout of its own
        with stands_still, self._halt.heard_by(lambda: asked.append(asyncio.ensure_future(stop()))):
            try:
                ended = await waiting
            except asyncio.CancelledError:
                self._halt.check()
                raise
            finally:
                waiting.cancel()
                await asyncio.gather(*asked, return_exceptions=True)
        self.is_tainted |= ended.is_tainted
        if ended.error is None:
            return Done(ended.out, calls=0)
        return Failed(ended.error, retryable=False, calls=0)

    async def _call_tool(self, one: Begun) -> ToolOutcome:
        ended: asyncio.Future[ToolOutcome] = asyncio.get_running_loop().create_future()
        calling: InFlight[ToolOutcome] = InFlight(ended.set_result)
        effect = CallTool(
            self._steps.at(one.ordinal),
            one.meant.name,
            one.effect,
            self._call.attempt,
            one.meant.call.arguments,
            self._call.deadline.due,
            first_attempt=self._call.attempt,
        )
        journal = self._steps.inside(one.ordinal, one.known)
        calling.carry(self._crew.performer.call(self._crew.run, effect, journal, self._crew.whole, calling))
        with self._halt.heard_by(calling.stop):
            return await ended

    async def _call_agent(self, one: Begun) -> ToolOutcome:
        call = AgentCall(
            agent=one.meant.name,
            path=self._steps.at(one.ordinal),
            attempt=self._call.attempt,
            input=one.meant.call.arguments,
            deadline=self._call.deadline,
            chain=(*self._call.chain, self._call.agent),
            is_tainted=self.is_tainted,
        )
        return await self._run_agent(call, self._steps.inside(one.ordinal, one.known))

    def _answer(self, meant: Meant, effect: str, out: Value) -> ToolAnswer:
        """What the model is to read: what somebody outside may have written is marked as theirs."""
        source = TAINTED_MEMORY if meant.kind == "memory" and has_tainted(out) else meant.foreign_source
        text = ""
        if source:
            self.is_tainted = True
            text = told_to_model(out, tool=meant.name, source=source, mark=effect)
        return answer(meant.call, out, effect=meant.effect, text=text)

    def _no_answer(self, meant: Meant, effect: str, error: Error) -> ToolAnswer:
        """Why there is no result: what somebody outside says of that is theirs as much as a result."""
        text = ""
        if meant.foreign_source:
            self.is_tainted = True
            said = f"{error.kind}: {error.message}"
            text = told_to_model(said, tool=meant.name, source=meant.foreign_source, mark=effect)
        return no_answer(meant.call, error, effect=meant.effect, text=text)


def _price_of(meant: Meant) -> Spending | None:
    """What a call costs by the terms of its tool."""
    return Spending(usd=meant.terms.usd) if meant.terms.usd else None
