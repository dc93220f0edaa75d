"""Beginning an agent's steps within its limits: a spent one stops it, or a person is asked to grant as much again."""

from __future__ import annotations

import asyncio

from interlock.core.event_parts import Error, Question
from interlock.core.events import EffectIntended, StepKind
from interlock.core.evolving.journal import RAISE, STOP
from interlock.core.values import Value
from interlock.engine.agents.deadline import Deadline
from interlock.engine.agents.halt import Halt, Halted
from interlock.engine.agents.loop_steps import LoopSteps
from interlock.engine.journaling import StepRefused


class Granting:
    """Begins the steps of one loop, and asks people for it."""

    def __init__(self, steps: LoopSteps, halt: Halt, deadline: Deadline) -> None:
        self._steps = steps
        self._halt = halt
        self._deadline = deadline
        self._asked = 0
        self._asking = asyncio.Lock()

    async def begin(self, intended: EffectIntended) -> None:
        """Put the intent of a step on record, with all that is carried."""
        if await self._wants_more(intended) is None:
            return
        # Of steps that a limit refuses at once one asks: the others see first whether enough was granted for them too.
        async with self._asking:
            while (refused := await self._wants_more(intended)) is not None:
                await self._ask_to_raise(refused)

    async def _wants_more(self, intended: EffectIntended) -> StepRefused | None:
        """Begin it. If a limit is spent about which a person is asked: that."""
        self._halt.check()
        try:
            await self._steps.record(intended)
        except StepRefused as refused:
            if refused.limit is None or not refused.asks:
                raise
            return refused
        return None

    async def _ask_to_raise(self, refused: StepRefused) -> None:
        """Each question of a loop has a number, so that one that was asked before a crash is not asked again."""
        self._asked += 1
        limit = refused.limit or ""
        text = f"{refused.error.message}{_told_where(limit, self._steps.path)}: grant as much again?"
        given = await self.answer_to(
            Question(text, (RAISE, STOP)), key=f"limit {self._asked}", kind="limit", raises=limit
        )
        if given["choice"] != RAISE:
            raise Spent(Error("exhausted", f"{refused.error.message}, and no more was granted", self._steps.path))

    async def answer_to(
        self, question: Question, *, key: str, kind: StepKind, raises: str = "", digest: str = ""
    ) -> Value:
        """A person's answer: the one on record to that very question, or the one that comes."""
        known = self._steps.find(key, (kind,))
        if known is not None and known.digest != digest:
            known = None
        if known is not None and known.status == "done":
            return known.out
        ordinal = self._steps.take() if known is None else known.ordinal
        if known is None:
            effect = self._steps.effect(ordinal)
            await self._steps.record(
                EffectIntended(ordinal, effect, kind, digest, key, question=question, kind=kind, raises=raises)
            )
        return await self._wait(ordinal)

    async def _wait(self, ordinal: int) -> Value:
        waiting = asyncio.ensure_future(self._steps.journal.answered(ordinal))
        with self._deadline.standing_still(), self._halt.heard_by(waiting.cancel):
            try:
                return await waiting
            except asyncio.CancelledError:
                self._halt.check()
                raise
            finally:
                waiting.cancel()


def _told_where(limit: str, path: str) -> str:
    """What a limit is spent for, as whoever is asked at a path reads it: nothing where it is that node's own."""
    if limit == path or path.startswith(f"{limit}."):
        return ""
    return f" for everything in {limit.removesuffix('/')}" if limit else " for the whole run"


class Spent(Halted):
    """A limit is spent, and a person has granted no more."""
