"""The port behind which models are: one request to one model, answered, or failed in a way that says what to do.

A provider does not retry, does not choose, knows no price and no limit but the times it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from interlock.core.event_parts import ErrorClass
from interlock.core.messages import AskedCall, Finish, ModelRequest
from interlock.core.plan import Micros
from interlock.models.facts import Structured
from interlock.models.usage_checks import NOT_SAID, SaidUsage

OnToken: TypeAlias = Callable[[str], None]
"""Whoever listens while an answer is made. What they are told is never kept."""

Billed: TypeAlias = Literal["nothing", "heard", "worst"]
"""What a failed request may cost: nothing, its input and what was heard of the answer, or the most that it could."""

RETRYABLE: Final[frozenset[ErrorClass]] = frozenset({"timeout", "unavailable", "rate_limited", "failed"})
"""What another attempt may mend."""
AILING: Final[frozenset[ErrorClass]] = frozenset({"timeout", "unavailable", "failed"})
"""What speaks of a model that is ill, and not of the request or of how often it is asked."""


class Asking(Struct, frozen=True, kw_only=True):
    """One request to one model."""

    model: str
    """As its provider calls it."""
    request: ModelRequest
    structured: Structured = "told"
    call_id: str
    attempt: int = 1
    agent: str = ""
    first_token: Micros
    whole: Micros
    on_token: OnToken | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a model has answered."""

    text: str
    calls: tuple[AskedCall, ...] = ()
    finish: Finish = "stop"
    usage: SaidUsage = NOT_SAID


class RequestFailed(Exception):
    """A request that was not answered: of which class that is, what it may cost, and when to ask again."""

    def __init__(
        self,
        kind: ErrorClass,
        message: str,
        *,
        billed: Billed = "nothing",
        heard: str = "",
        retry_after: Micros | None = None,
        may_repeat: bool = True,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorClass = kind
        self.message = message
        self.billed: Billed = billed
        self.heard = heard
        """What came of the answer before it broke off."""
        self.retry_after = retry_after
        self.may_repeat = may_repeat
        """Whether the same model may be asked again in the same call, if the kind of failure allows it."""


class Provider(Protocol):
    """Whoever answers for models."""

    async def ask(self, asking: Asking) -> Answer:
        """The answer, or `RequestFailed`."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...
