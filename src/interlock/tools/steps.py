"""The steps of one attempt, seen from the door: which may be made, which are on record already, which are in doubt.

Lives on the event loop. A step is intended on record before it is made and its result is recorded before the tool goes
on; a repeat must come to the same steps in the same order. Makes no step itself.
"""

from __future__ import annotations

import asyncio
from typing import Final

from interlock.core.events import (
    EffectDone,
    EffectFailed,
    EffectIntended,
    EffectUnknown,
    Error,
    Question,
)
from interlock.core.identity import effect_id
from interlock.core.in_doubt import doubt
from interlock.core.redaction import Redaction
from interlock.core.values import Value, copied
from interlock.tools.conversation import (
    AskPerson,
    BeginStep,
    Go,
    Over,
    Recorded,
    RecordedFailure,
    Reply,
    Request,
    StepBroke,
    StepSucceeded,
)
from interlock.tools.failure import shortened
from interlock.tools.journal import Journal, JournaledStep
from interlock.tools.outcome import Failed, ToolCall, Unknown

ASK: Final = "ask"
"""The name under which a question to a person is journaled."""


class Steps:
    """The steps of one attempt. `verdict` is the outcome of an attempt that ended itself: it stands, whatever follows.

    `made` counts the steps that were made in this try; `broken` is why the journal could not be written; once
    `is_closed`, nothing more is recorded.
    """

    def __init__(self, call: ToolCall, journal: Journal, redaction: Redaction) -> None:
        self._call = call
        self._journal = journal
        self._redaction = redaction
        self._recorded = {step.ordinal: step for step in journal.steps}
        self._ordinal = 0
        self._stopping = asyncio.get_running_loop().create_future()
        self.is_closed = False
        self.made = 0
        self.verdict: Failed | Unknown | None = None
        self.broken: Exception | None = None

    async def request(self, request: Request) -> Reply:
        """The reply to what the tool asks. A journal that fails ends the attempt: that is for the engine to see."""
        if self.verdict is not None or self.broken is not None:
            return Over("ended")
        try:
            return await self._reply(request)
        except Exception as error:  # noqa: BLE001 - kept for `perform`, which raises it where it belongs
            self.broken = error
            return Over("ended")

    async def _reply(self, request: Request) -> Reply:
        match request:
            case StepSucceeded() | StepBroke() if self.is_closed:
                return Over("stopped")
            case StepSucceeded():
                return await self._succeeded(request)
            case StepBroke():
                return await self._broke(request)
            case _ if self._stopping.done():
                return Over("stopped")
            case BeginStep():
                return await self._begin(request)
            case AskPerson():
                return await self._ask(request)

    def stop(self) -> None:
        """Begin nothing more: the tool was asked to stop. Steps in flight may still be recorded."""
        if not self._stopping.done():
            self._stopping.set_result(None)

    def close(self) -> None:
        """Record nothing more: the attempt's outcome is being reported."""
        self.stop()
        self.is_closed = True

    async def _begin(self, request: BeginStep) -> Reply:
        self._ordinal += 1
        step = self._recorded.get(self._ordinal)
        name, key = self._redaction.text(request.name), self._redaction.text(request.key)
        intended = EffectIntended(
            self._ordinal, self._id_of(self._ordinal), name, key=key, effect_class=request.effect_class
        )
        if step is None:
            return await self._intend(intended)
        if not _is_same(step, name, key, is_question=False):
            return self._out_of_order(step, _described(name, key))
        match step.status:
            case "done":
                return Recorded(copied(step.out))
            case "failed":
                return RecordedFailure(_error_of(step))
            case "intended" | "unknown" if request.effect_class == "once":
                return await self._doubt(step)
            case "not_done" if request.effect_class == "once":
                # It is known of the try before that it did not happen. Of this one nobody will know, unless it is
                # on record that it was begun.
                return await self._intend(intended)
            case "intended" | "unknown" | "not_done" | "ended":
                self.made += 1
                return Go(step.ordinal, step.effect)

    async def _intend(self, intended: EffectIntended) -> Go:
        await self._journal.record(intended)
        self.made += 1
        return Go(intended.ordinal, intended.effect)

    async def _succeeded(self, request: StepSucceeded) -> Recorded:
        # What was struck out is struck out at once: a repeat reads the same as the first try.
        out = self._redaction.value(request.out)
        await self._journal.record(EffectDone(request.ordinal, self._id_of(request.ordinal), out))
        return Recorded(copied(out))

    async def _broke(self, request: StepBroke) -> RecordedFailure:
        error = Error(request.error.kind, shortened(self._redaction.text(request.error.message)))
        await self._journal.record(EffectFailed(request.ordinal, self._id_of(request.ordinal), error))
        return RecordedFailure(error)

    async def _ask(self, request: AskPerson) -> Reply:
        self._ordinal += 1
        ordinal = self._ordinal
        question = _redacted(request.question, self._redaction)
        step = self._recorded.get(ordinal)
        key = self._redaction.text(request.key)
        if step is None:
            await self._journal.record(EffectIntended(ordinal, self._id_of(ordinal), ASK, key=key, question=question))
        elif not _is_same(step, ASK, key, is_question=True):
            return self._out_of_order(step, "a question")
        elif step.status == "failed":
            return RecordedFailure(_error_of(step))
        elif step.status == "done":
            return Recorded(_answer_to(question, step.out))
        return await self._answer(ordinal, question)

    async def _answer(self, ordinal: int, question: Question) -> Reply:
        """Wait for the person, but no longer than the tool may live."""
        answered = asyncio.ensure_future(self._journal.answered(ordinal))
        try:
            await asyncio.wait((answered, self._stopping), return_when=asyncio.FIRST_COMPLETED)
            return Recorded(_answer_to(question, answered.result())) if answered.done() else Over("stopped")
        finally:
            answered.cancel()

    async def _doubt(self, step: JournaledStep) -> Over:
        """A step that may be made only once was begun, and nobody recorded what came of it."""
        error = doubt("lost", self._call.path, step.ordinal, step.name, step.key)
        if step.status == "intended":
            await self._journal.record(EffectUnknown(step.ordinal, step.effect, error))
        self.verdict = Unknown(error, calls=1 + self.made)
        return Over("ended")

    def _out_of_order(self, step: JournaledStep, now: str) -> Over:
        before = "a question" if step.question is not None else _described(step.name, step.key)
        message = (
            f"step {step.ordinal} was {before} before and is {now} now: "
            "a tool's steps must come in the same order each time"
        )
        self.verdict = Failed(Error("invalid", message), retryable=False, calls=1 + self.made)
        return Over("ended")

    def _id_of(self, ordinal: int) -> str:
        """The id of a step: what is on record, so that a repeat under another attempt keeps it."""
        step = self._recorded.get(ordinal)
        if step is not None:
            return step.effect
        return effect_id(self._call.run, self._call.path, self._call.effect_attempt, ordinal)


def _is_same(step: JournaledStep, name: str, key: str, *, is_question: bool) -> bool:
    return (step.name, step.key, step.question is not None) == (name, key, is_question)


def _described(name: str, key: str) -> str:
    return f"`{name}` for `{key}`" if key else f"`{name}`"


def _error_of(step: JournaledStep) -> Error:
    return step.error or Error("failed", f"step {step.ordinal} `{step.name}` failed")


def _redacted(question: Question, redaction: Redaction) -> Question:
    choices = tuple(map(redaction.text, question.choices))
    return Question(redaction.text(question.text), choices, redaction.value(question.form))


def _answer_to(question: Question, answer: Value) -> Value:
    """What the tool gets of an answer as it is recorded (`choice`, `form`, `why`)."""
    return answer["choice"] if question.choices else copied(answer["form"])
