"""What becomes of a call to a model: an answer, or a failure that says whether to try again and what it cost."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from interlock.core.event_parts import Error
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
