"""An agent at work: its pure step says what it wants next, and each of its contacts with the world is a journaled step.

Whoever takes the agent up after a crash runs this again: what is on record is told to the agent as it was, and nothing
of it is done a second time.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final, assert_never

import msgspec

from interlock.agents.actions import AskModel, AskPerson, CallTools, Fail, Finish
from interlock.agents.observations import ModelBroke, ModelSaid, Observation, PersonAnswered
from interlock.agents.unusable import unusable
from interlock.core.event_parts import Decision, Error
from interlock.core.events import DecisionMade, EffectDone, EffectFailed, EffectIntended, EffectUnknown
from interlock.core.in_doubt import doubt
from interlock.core.messages import ModelRequest
from interlock.core.values import copied
from interlock.engine.agents.answers import recorded_reply, reply_of
from interlock.engine.agents.asking_models import ask_and_listen, judged
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.deadline import Deadline
from interlock.engine.agents.granting import Granting
from interlock.engine.agents.halt import Halt, Halted
from interlock.engine.agents.judging import Asker
from interlock.engine.agents.loop_steps import LoopSteps
from interlock.engine.agents.model_door import Chosen, NoneChosen, Turn
from interlock.engine.agents.tool_calls import InDoubt, ToolCalls
from interlock.engine.journaling import StepRefused
from interlock.tools.journal import Journal, JournaledStep
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown

TRIES_MAX: Final = 2
"""A paid call that was lost with its worker is made once more, and then no more."""
UNUSABLE_TOLD_MAX: Final = 1_000
IN_VAIN_MAX: Final = 200
"""What cannot be called is answered at once, and costs nothing: no other limit would stop whoever goes on and on."""


class AgentLoop:
    """One call of one agent, from its input to its outcome."""

    def __init__(self, crew: Crew, call: AgentCall, journal: Journal, halt: Halt) -> None:
        self._crew = crew
        self._call = call
        self._contract = crew.plan.agents[call.agent]
        self._toolbox = crew.toolbox(self._contract)
        self._halt = halt
        self._steps = LoopSteps(journal, halt, run=crew.run, path=call.path, attempt=call.attempt)
        self._granting = Granting(self._steps, halt, call.deadline)
        self._calls = ToolCalls(crew, call, self._steps, self._granting, halt, run_agent=self._run_agent)
        self._is_simulated = False
        self._turn = 0
        self._questions = 0
        self._heard: EffectDone | None = None
        """What a model has answered just now, which is not on record yet."""

    async def outcome(self) -> ToolOutcome:
        """What becomes of the call. Whatever was decided before the end is on record by then."""
        try:
            outcome = await self._to_the_end()
        except Halted as halted:
            is_late = halted.error.kind == "timeout"
            outcome = Failed(halted.error, retryable=is_late, calls=0, simulated=self._simulated)
        except InDoubt as in_doubt:
            outcome = Unknown(in_doubt.error, calls=self._steps.made, simulated=self._simulated)
        except StepRefused as refused:
            outcome = Failed(refused.error, retryable=False, calls=self._steps.made, simulated=self._simulated)
        with suppress(StepRefused):  # where the run takes no more of them, nobody asks for what is left either
            await self._steps.record()
        return outcome

    @property
    def is_tainted(self) -> bool:
        """Whether the agent has read what somebody outside may have written, or what was made of such."""
        return self._calls.is_tainted

    async def _to_the_end(self) -> ToolOutcome:
        agent = self._crew.performer.agent(self._contract)
        if agent is None:
            message = f"the agent `{self._contract.name}` steps by code that is not here: start a worker that has it"
            return Failed(Error("unavailable", message, self._call.path), calls=0)
        state, action = agent.begin(self._toolbox, copied(self._call.input))
        while True:
            self._halt.check()
            match action:
                case Finish(out=out, labels=labels):
                    return Done(out, labels, calls=self._steps.made, simulated=self._simulated)
                case Fail(error=error):
                    made = self._steps.made
                    return Failed(self._placed(error), retryable=False, calls=made, simulated=self._simulated)
                case AskModel():
                    observation = await self._ask_model(action)
                case CallTools():
                    observation = await self._calls.make(action)
                    if self._calls.in_vain > IN_VAIN_MAX:
                        return self._got_nowhere()
                case AskPerson():
                    observation = await self._ask_person(action)
                case _ as never:
                    assert_never(never)
            state, action = agent.step(self._toolbox, state, observation)
            self._note_answer(state)

    @property
    def _simulated(self) -> bool:
        return self._is_simulated or self._calls.is_simulated

    def _got_nowhere(self) -> Failed:
        """The common step ends such an agent long before; one of its own need not."""
        what = f"asked {self._calls.in_vain} times in a row for calls of which none can be made"
        error = Error("no_progress", f"the agent `{self._contract.name}` {what}", self._call.path)
        return Failed(error, retryable=False, calls=self._steps.made, simulated=self._simulated)

    def _placed(self, error: Error) -> Error:
        return Error(error.kind, error.message, error.path or self._call.path, error.because)

    # --- models ---

    async def _ask_model(self, action: AskModel) -> Observation:
        self._turn += 1
        key = f"turn {self._turn}"
        known = self._steps.find(key, ("model", "refusal"))
        match known:
            case None:
                return await self._ask_anew(key, action)
            case JournaledStep(status="done", out=out):
                reply = reply_of(out)
                self._is_simulated |= reply.simulated
                return ModelSaid(reply)
            case JournaledStep(status="failed", error=error):
                return ModelBroke(error or Error("failed", "the model's answer failed"))
            case _:
                return await self._ask_once_more(key, known, action)

    async def _ask_once_more(self, key: str, known: JournaledStep, action: AskModel) -> Observation:
        """A call that was lost with its worker: it counts as paid for, and is made once more."""
        lost = doubt("lost", self._call.path, known.ordinal, known.name, known.key)
        if known.status == "intended":
            self._steps.carry(EffectUnknown(known.ordinal, known.effect, lost, tries=known.tries))
            if known.tries >= TRIES_MAX:
                self._steps.carry(EffectFailed(known.ordinal, known.effect, lost, tries=known.tries))
                return ModelBroke(lost)
        return await self._ask_anew(key, action, known)

    async def _ask_anew(self, key: str, action: AskModel, known: JournaledStep | None = None) -> Observation:
        ordinal = self._steps.take() if known is None else known.ordinal
        effect = self._steps.effect(ordinal) if known is None else known.effect
        chosen = self._choose(ordinal, action.request)
        if isinstance(chosen, NoneChosen):
            self._steps.carry(DecisionMade(chosen.decision, ordinal, effect, "model", key, chosen.error))
            return ModelBroke(chosen.error)
        self._steps.carry(DecisionMade(chosen.decision, ordinal))
        intended = EffectIntended(
            ordinal,
            effect,
            chosen.decision.chosen,
            digest=action.manifest.request,
            key=key,
            effect_class="paid",
            kind="model",
            manifest=msgspec.to_builtins(action.manifest),
            reserve=chosen.reserve,
            tries=1 if known is None else known.tries + 1,
        )
        await self._granting.begin(intended)
        return await self._listen(intended, chosen, action.request)

    def _choose(self, ordinal: int, request: ModelRequest) -> Chosen | NoneChosen:
        """The policy is asked about every model that could be, and then one of those that may be is chosen."""
        need, models = self._contract.model, self._crew.performer.models
        turn = Turn(self._steps.at(ordinal), self._call.attempt, self._contract.name)
        verdicts = judged(self._asker, models.candidates(need, request, turn), self._crew.judge)
        if verdicts.decision is not None:
            self._steps.carry(DecisionMade(verdicts.decision, ordinal))
        return models.choose(need, request, turn, sticky=self._crew.run, barred=verdicts.barred)

    async def _listen(self, begun: EffectIntended, chosen: Chosen, request: ModelRequest) -> Observation:
        self._steps.made += 1
        journal = self._steps.journal
        heard = await ask_and_listen(
            self._crew.performer.models,
            chosen,
            request,
            agent=self._contract.name,
            call_id=begun.effect,
            deadline=self._call.deadline.due,
            # What nobody hears is asked for in one piece, which is less work for everybody.
            says=journal.says if journal.is_heard else None,
            halt=self._halt,
        )
        ordinal, effect, tries = begun.ordinal, begun.effect, begun.tries
        self._is_simulated |= heard.simulated
        if heard.reply is None:
            error = heard.error or Error("failed", "the model's answer failed")
            if error is self._halt.error:
                # It was broken off: it counts as paid for, and who takes the agent up asks again.
                self._steps.carry(EffectUnknown(ordinal, effect, error, tries=tries))
                raise Halted(error)
            failed = EffectFailed(ordinal, effect, error, heard.spent, simulated=heard.simulated, tries=tries)
            self._steps.carry(failed)
            return ModelBroke(error)
        reply = heard.reply
        self._is_simulated |= reply.simulated
        if heard.how is not None:
            self._steps.carry(DecisionMade(heard.how, ordinal))
        self._heard = EffectDone(
            ordinal, effect, recorded_reply(reply), heard.spent, simulated=reply.simulated, tries=tries
        )
        return ModelSaid(reply)

    def _note_answer(self, state: object) -> None:
        """An answer that was just heard goes on record, with what of it could not be used: `state` is told of it."""
        heard, self._heard = self._heard, None
        if heard is None:
            return
        if problems := unusable(state):
            why = "; ".join(problems)[:UNUSABLE_TOLD_MAX]
            self._steps.carry(DecisionMade(Decision("answer", "not used", why=why), heard.ordinal))
        self._steps.carry(heard)

    @property
    def _asker(self) -> Asker:
        return Asker(self._crew, self._contract.name, self._call.path, self._calls.is_tainted)

    # --- people and other agents ---

    async def _ask_person(self, action: AskPerson) -> Observation:
        self._questions += 1
        given = await self._granting.answer_to(action.question, key=f"question {self._questions}", kind="person")
        return PersonAnswered(given["choice"] or None, given["form"], given["why"])

    async def _run_agent(self, call: AgentCall, journal: Journal) -> ToolOutcome:
        """Let another agent work, in the time that its own contract and this agent leave it."""
        halt, latency = Halt(), self._crew.plan.agents[call.agent].limits.latency
        late = Error("timeout", f"the agent `{call.agent}` did not finish in time", call.path)
        due = None if latency is None else self._crew.clock.now() + latency
        deadline = Deadline(due, self._crew.clock, lambda: halt.ask(late), within=call.deadline)
        inner = AgentLoop(self._crew, replace(call, deadline=deadline), journal, halt)
        try:
            with self._halt.heard_by(lambda: self._halt.pass_on(halt)):
                return await inner.outcome()
        finally:
            deadline.end()
            self._calls.is_tainted |= inner.is_tainted
