"""Whether a call that an agent asks for may be made: the policy says so, or a person, or it was said before a crash.

What is refused is on record, and what stands in its place is told to the agent.
"""

from __future__ import annotations

from contextlib import suppress

from interlock.agents.observations import ToolAnswer
from interlock.core.deciding.permitting import APPROVE, DENY
from interlock.core.event_parts import Error, Question
from interlock.core.events import DecisionMade, EffectFailed
from interlock.core.values import Value, digest_of
from interlock.core.verdicts import Verdict
from interlock.engine.agents.answers import no_answer, shown
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.granting import Granting
from interlock.engine.agents.judging import decision_of, refusal_of
from interlock.engine.agents.loop_steps import LoopSteps
from interlock.engine.agents.meaning import Meant
from interlock.engine.journaling import StepRefused
from interlock.tools.journal import JournaledStep


class Permitting:
    """Has the calls of one agent's loop judged."""

    def __init__(self, crew: Crew, call: AgentCall, steps: LoopSteps, granting: Granting) -> None:
        self._crew = crew
        self._call = call
        self._steps = steps
        self._granting = granting

    async def permitted(self, meant: Meant) -> Meant | ToolAnswer:
        """The call, if it may be made: by what was said of it before, by the policy, or by a person."""
        known = self._steps.find(meant.call.id, (meant.kind, "refusal", "approval"))
        if known is None:
            return await self._follow(meant, self._crew.judge(meant.movement))
        if known.kind == "refusal":
            return no_answer(meant.call, known.error or Error("refused", "it was not allowed"), effect=meant.effect)
        if known.kind == "approval":
            return await self._judge_anew(meant, known)
        return meant  # it was begun before: what was allowed then is not asked again

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
