"""The journal port: how a running tool's steps are put on record, as the engine sees to it.

The tool door says what to record and reads what was recorded; when and where it is stored is the engine's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from interlock.core.events import EffectDone, EffectFailed, EffectIntended, EffectUnknown, Error, Question
from interlock.core.values import Value

StepEvent: TypeAlias = EffectIntended | EffectDone | EffectFailed | EffectUnknown
StepStatus: TypeAlias = Literal["intended", "done", "failed", "unknown", "not_done"]


class JournaledStep(Struct, frozen=True, kw_only=True):
    """What is on record of a step of this attempt.

    `intended`: nothing came of it yet. `unknown`: recorded as in doubt, and not settled. `not_done`: it was in doubt
    and did not happen, so it is called again under the same id. A question that was answered is `done`, and its `out`
    is the answer.
    """

    ordinal: int
    effect: str
    name: str
    key: str = ""
    status: StepStatus = "intended"
    out: Value = None
    error: Error | None = None
    question: Question | None = None


class Journal(Protocol):
    """The record of one attempt, and of the tries of it that were broken off before."""

    @property
    def steps(self) -> Sequence[JournaledStep]:
        """What was on record when this try began, in the order of the ordinals."""
        ...

    @property
    def last_heartbeat(self) -> Value:
        """The details of the last heartbeat of an earlier try or attempt; null if there was none."""
        ...

    async def record(self, body: StepEvent) -> None:
        """Return when the event is durably recorded."""
        ...

    async def answered(self, ordinal: int) -> Value:
        """The person's answer to the question of that step, as the core keeps it: a map of `choice`, `form` and `why`.

        The engine records the answer; the tool door does not.
        """
        ...

    def progress(self, fraction: float | None, text: str) -> None:
        """Show how far the tool is. Live only, never recorded."""
        ...

    def heartbeat(self, details: Value) -> None:
        """Keep the details for a next try."""
        ...
