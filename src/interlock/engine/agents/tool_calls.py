"""The calls that an agent asks for, made together: each is judged, its intent put on record, and then they are made.

Their numbers follow from their order alone, so that whoever takes the agent up again finds each where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, NoReturn, TypeAlias, TypeVar

from msgspec import Struct

from interlock.agents.actions import CallTools
from interlock.agents.memory_tools import memory_contracts
from interlock.agents.observations import ToolAnswer, ToolsAnswered
from interlock.agents.offering import allowed_tools
from interlock.core.agent_contract import AGENT_DEPTH_MAX, AGENT_TOOL, GRAPH_TOOL, MEMORY_TOOLS
from interlock.core.compiling.node_limits import limits_of_agent
from interlock.core.event_parts import Error, Question
from interlock.core.events import DecisionMade, EffectDone, EffectFailed, EffectIntended, EffectUnknown
from interlock.core.in_doubt import doubt
from interlock.core.messages import AskedCall
from interlock.core.plan import EffectClass, ToolTerms
from interlock.core.schemas import compile_schema
from interlock.core.spending import Spending
from interlock.core.values import Value, digest_of
from interlock.core.verdicts import Movement, Verdict
from interlock.engine.agents.answers import answer, no_answer, shown
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.granting import Granting
from interlock.engine.agents.halt import Halt, Halted
from interlock.engine.agents.judging import Asker, decision_of, refusal_of
from interlock.engine.agents.loop_steps import LoopSteps
from interlock.engine.agents.memory.door import MemoryCall
from interlock.engine.agents.memory.entries import has_tainted
from interlock.engine.effects import CallTool
from interlock.engine.journaling import StepRefused
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal, JournaledStep
from interlock.tools.marking import told_to_model
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown

T = TypeVar("T")

APPROVE: Final = "approve"
DENY: Final = "deny"
TAINTED_MEMORY: Final = "memory"
"""Where it comes from, what a memory holds that somebody outside may have written."""
RunAgent: TypeAlias = Callable[[AgentCall, Journal], Awaitable[ToolOutcome]]


class InDoubt(Exception):
    """A step that may be made only once was begun, and nobody knows what came of it: a person has to say."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.error = error


class Meant(Struct, frozen=True):
    """A call that an agent asks for, and what it means."""

    call: AskedCall
    kind: Literal["tool", "agent", "graph", "memory"]
    name: str
    effect: EffectClass
    movement: Movement
    terms: ToolTerms
    foreign_source: str = ""
    """Where its results come from, if somebody outside may have written them."""


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
        self._contract = crew.plan.agents[call.agent]
        self._call = call
        self._steps = steps
        self._granting = granting
        self._halt = halt
        self._run_agent = run_agent
        self._toolbox = crew.toolbox(self._contract)
        self._allowed = frozenset(
            [*allowed_tools(self._contract), *(wanted.tool for wanted in self._contract.context.prefetch)]
        )
        self._ids: set[str] = set()
        """Of all calls so far: each is found on record by its own."""
        self._out = 0
        """How many of the calls of one turn have not ended."""
        self.is_simulated = False
        self.is_tainted = call.is_tainted
        """Whether the agent has read what somebody outside may have written, or was given what others made of it."""

    async def make(self, action: CallTools) -> ToolsAnswered:
        """Make all of them, and tell what came of each."""
        judged = [await self._judged(each) for each in action.calls]
        self._out = sum(isinstance(each, Meant) for each in judged)
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

    # --- what it means ---

    def _meaning_of(self, call: AskedCall) -> Meant | Error:
        """What a call means here: a tool or another agent of what the run is pinned to, and of the agent's contract."""
        if (wrong := self._why_not(call)) is not None:
            return wrong
        asker = Asker(self._crew, self._call.agent, self._call.path, self.is_tainted)
        if call.tool.startswith(AGENT_TOOL):
            if len(self._call.chain) + 1 >= AGENT_DEPTH_MAX:
                message = f"agents call agents at most {AGENT_DEPTH_MAX} deep, and `{call.tool}` would be deeper"
                return Error("exhausted", message, self._call.path)
            name = call.tool.removeprefix(AGENT_TOOL)
            return Meant(call, "agent", name, "idempotent", asker.about_inner(call.tool, call.arguments), ToolTerms())
        if call.tool.startswith(GRAPH_TOOL):
            name = call.tool.removeprefix(GRAPH_TOOL)
            return Meant(call, "graph", name, "idempotent", asker.about_inner(call.tool, call.arguments), ToolTerms())
        if call.tool in MEMORY_TOOLS and self._contract.memory:
            return self._meaning_of_memory(call, asker)
        contract, tool = self._crew.plan.tools[call.tool], self._crew.performer.find(call.tool)
        needs = tool.permissions(call.arguments) if tool else None
        movement = asker.about_tool(contract, needs, call.arguments)
        source = tool.source if tool is not None and tool.is_foreign else ""
        return Meant(call, "tool", call.tool, contract.effect, movement, contract.terms or ToolTerms(), source)

    def _why_not(self, call: AskedCall) -> Error | None:
        """Why a call means nothing here: a step of an agent's own may hand on whatever a model has asked for."""
        if call.id in self._ids:
            return Error(
                "invalid", f"two calls of the agent have the id `{call.id}`: give each its own", self._call.path
            )
        if call.tool not in self._toolbox:
            return Error("unavailable", f"there is no tool `{call.tool}` here", self._call.path)
        if call.tool not in self._allowed:
            return Error("refused", f"the contract of `{self._call.agent}` has no tool `{call.tool}`", self._call.path)
        return None

    def _meaning_of_memory(self, call: AskedCall, asker: Asker) -> Meant | Error:
        tool = memory_contracts(self._contract)[call.tool]
        problems = compile_schema(tool.input or {}).problems(call.arguments, where="arguments")
        if problems:
            return Error("invalid", f"`{call.tool}` cannot be called so: {'; '.join(problems)}", self._call.path)
        movement = asker.about_memory(tool, call.arguments["memory"], call.arguments)
        return Meant(call, "memory", call.tool, tool.effect, movement, ToolTerms())

    # --- may it be made ---

    async def _judged(self, call: AskedCall) -> Meant | ToolAnswer:
        """The call, if it may be made: by what was said of it before, by the policy, or by a person."""
        meant = self._meaning_of(call)
        self._ids.add(call.id)
        if isinstance(meant, Error):
            return no_answer(call, meant, effect="read")
        known = self._steps.find(call.id, (meant.kind, "refusal", "approval"))
        if known is None:
            return await self._judge(meant)
        if known.kind == "refusal":
            return no_answer(call, known.error or Error("refused", "it was not allowed"), effect=meant.effect)
        if known.kind == "approval":
            return await self._judge_anew(meant, known)
        return meant  # it was begun before: what was allowed then is not asked again

    async def _judge(self, meant: Meant) -> Meant | ToolAnswer:
        return await self._follow(meant, self._crew.judge(meant.movement))

    async def _judge_anew(self, meant: Meant, asked: JournaledStep) -> Meant | ToolAnswer:
        """A person was asked, and the call has not begun: a no stands, a yes holds under the policy that asked."""
        if asked.status == "done" and asked.out["choice"] != APPROVE:
            return self._not_allowed(meant, asked.out)
        verdict = self._crew.judge(meant.movement)
        if verdict.verdict == "ask" and self._binding(meant, verdict) == asked.digest:
            return await self._ask_person(meant, asked.question or Question(""), asked.digest)
        if asked.status == "intended":
            overtaken = Error("cancelled", "another policy is in force by now", self._steps.at(asked.ordinal))
            with suppress(StepRefused):  # somebody has answered just now, under the rules of before
                await self._steps.record(EffectFailed(asked.ordinal, asked.effect, overtaken, tries=asked.tries))
        return await self._follow(meant, verdict)

    async def _follow(self, meant: Meant, verdict: Verdict) -> Meant | ToolAnswer:
        call, decision = meant.call, decision_of(verdict)
        if verdict.verdict == "deny":
            ordinal = self._steps.take()
            error = refusal_of(verdict, f"`{meant.name}`", self._steps.at(ordinal))
            self._steps.carry(DecisionMade(decision, ordinal, self._steps.effect(ordinal), meant.name, call.id, error))
            return no_answer(call, error, effect=meant.effect)
        self._steps.carry(DecisionMade(decision, name=meant.name, key=call.id))
        if verdict.verdict == "allow":
            return meant
        why = f" ({verdict.why})" if verdict.why else ""
        text = f"May the agent `{self._call.agent}` call `{meant.name}` with {shown(call.arguments)}?{why}"
        return await self._ask_person(meant, Question(text, (APPROVE, DENY)), self._binding(meant, verdict))

    def _binding(self, meant: Meant, verdict: Verdict) -> str:
        """What a person's word on a call binds to: the very call, and the policy that asked for it."""
        return digest_of([self._crew.run, self._call.path, meant.name, meant.call.arguments, verdict.policy])

    async def _ask_person(self, meant: Meant, question: Question, binds: str) -> Meant | ToolAnswer:
        given = await self._granting.answer_to(question, key=meant.call.id, kind="approval", digest=binds)
        return meant if given["choice"] == APPROVE else self._not_allowed(meant, given)

    def _not_allowed(self, meant: Meant, given: Value) -> ToolAnswer:
        why = f": {given['why']}" if given["why"] else ""
        error = Error("refused", f"a person does not allow `{meant.name}`{why}", self._call.path)
        return no_answer(meant.call, error, effect=meant.effect)

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
