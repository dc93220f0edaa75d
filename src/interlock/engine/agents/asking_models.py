"""Asking a model for an agent: who may be asked, by the policy, and waiting for the answer while nobody stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from interlock.core.event_parts import Decision, Option
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.core.verdicts import Judge, Verdict
from interlock.engine.agents.halt import Halt
from interlock.engine.agents.judging import POLICY, Asker
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, ModelDoor


class JudgedModels(Struct, frozen=True):
    """What the policy says of every model that could be asked: one decision, and those that may not be."""

    decision: Decision | None
    barred: dict[str, str]


def judged(asker: Asker, candidates: Sequence[Candidate], judge: Judge) -> JudgedModels:
    """Ask about each. A model that may be asked only after a person has agreed is not asked by an agent."""
    if not candidates:
        return JudgedModels(None, {})
    verdicts = [(candidate.name, judge(asker.about_model(candidate))) for candidate in candidates]
    barred = {name: f"policy: {_said(verdict)}" for name, verdict in verdicts if verdict.verdict != "allow"}
    options = tuple(Option(name, verdict.verdict, verdict.rule) for name, verdict in verdicts)
    deciding = next((verdict for _, verdict in verdicts if verdict.verdict == "allow"), verdicts[0][1])
    return JudgedModels(
        Decision(POLICY, deciding.verdict, options, deciding.why, deciding.rule, deciding.policy), barred
    )


def _said(verdict: Verdict) -> str:
    word = "asks a person first" if verdict.verdict == "ask" else "does not allow it"
    return f"{verdict.rule} {word}"


async def ask_and_listen(
    models: ModelDoor,
    chosen: Chosen,
    request: ModelRequest,
    *,
    agent: str,
    call_id: str,
    deadline: Micros | None,
    says: Callable[[str], None] | None,
    halt: Halt,
) -> Heard:
    """The answer. Of a call that is broken off nobody knows what it cost, so what was held for it counts as spent."""
    asking = asyncio.ensure_future(
        models.ask(chosen, request, agent=agent, call_id=call_id, deadline=deadline, says=says)
    )
    with halt.heard_by(asking.cancel):
        try:
            return await asking
        except asyncio.CancelledError:
            if halt.error is None:
                raise
            return Heard(error=halt.error, spent=chosen.reserve)
        finally:
            asking.cancel()
