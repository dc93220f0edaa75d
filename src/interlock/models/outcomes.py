"""What becomes of a call to a model: an answer, or a failure that says whether to try again and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from interlock.core.event_parts import Decision, Error, Option
from interlock.core.messages import ModelReply
from interlock.core.plan import Micros
from interlock.core.spending import NOTHING, Spending


class Try(Struct, frozen=True, gc=False, omit_defaults=True):
    """One request to one model. Without an error it was answered."""

    model: str
    took: Micros
    error: Error | None = None
    spent: Spending = NOTHING
    waited: Micros = 0
    """How long was waited before it."""


class ModelAnswered(Struct, frozen=True):
    """The model's answer. `cached`: it was given before, and cost nothing now."""

    reply: ModelReply
    spent: Spending
    tries: tuple[Try, ...] = ()
    cached: bool = False


class ModelRefused(Struct, frozen=True):
    """No provider was asked: its limits were reached, its key is missing, or no time was left."""

    error: Error
    spent: Spending = NOTHING
    retryable: bool = False
    tries: tuple[Try, ...] = ()


class ModelFailed(Struct, frozen=True):
    """Every model that was asked has failed. What may have been billed for that is in `spent`."""

    error: Error
    spent: Spending = NOTHING
    retryable: bool = False
    tries: tuple[Try, ...] = ()


ModelOutcome: TypeAlias = ModelAnswered | ModelRefused | ModelFailed


def how_answered(outcome: ModelAnswered) -> Decision | None:
    """How a call came to its answer, as it is recorded; None if the first request was answered."""
    if outcome.cached:
        return Decision("model", outcome.reply.model, why="answered from memory: nobody was asked")
    return _after_failures(outcome.tries)


def _after_failures(tries: Sequence[Try]) -> Decision | None:
    failed: dict[str, list[Try]] = {}
    for each in tries:
        if each.error is not None:
            failed.setdefault(each.model, []).append(each)
    if not failed:
        return None
    options = tuple(_failed(model, of_model) for model, of_model in failed.items())
    answered = tries[-1].model
    others = [model for model in failed if model != answered]
    why = f"{', '.join(others)} did not answer" if others else "answered when it was asked again"
    return Decision("model", answered, options, why)


def _failed(model: str, tries: Sequence[Try]) -> Option:
    """A model that was asked in vain: how often, what that may have cost, and what it said last."""
    spent, last = sum((each.spent for each in tries), start=NOTHING), tries[-1].error
    score = {"failed": len(tries)} | ({"usd": spent.usd, "tokens": spent.tokens} if spent != NOTHING else {})
    return Option(model, score, "" if last is None else f"{last.kind}: {last.message}")
