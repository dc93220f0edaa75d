"""How the models of a process stand: how often each was asked, what that came to, and whether it is left alone now.

It counts what the gateway has done since the process began, whoever asked. What counts for budgets and bills is on
record in the runs, and not here.
"""

from __future__ import annotations

from msgspec import Struct

from interlock.core.spending import MicroUsd
from interlock.models.outcomes import ModelAnswered, ModelOutcome


class ModelStanding(Struct, frozen=True, kw_only=True):
    """One model that was asked."""

    model: str
    """`provider/model`, as it is declared."""
    answered: int = 0
    failed: int = 0
    from_memory: int = 0
    """How often nobody was asked, because the answer was known."""
    input: int = 0
    """Tokens that it has read, as far as its provider said."""
    output: int = 0
    cached: int = 0
    usd: MicroUsd = 0
    simulated: bool = False
    """Whether nothing real answers under that name."""
    resting: str | None = None
    """Why it is left alone for now, if it is."""


class _Counts(Struct):
    answered: int = 0
    failed: int = 0
    from_memory: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    usd: MicroUsd = 0
    simulated: bool = False


class ModelTally:
    """What was asked of models since a process began. There are no more of them than are declared."""

    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = {}

    def note(self, outcome: ModelOutcome) -> None:
        """A call is over."""
        if isinstance(outcome, ModelAnswered) and outcome.cached:
            self._of(outcome.reply.model).from_memory += 1
            return
        for each in outcome.tries:
            counts = self._of(each.model)
            counts.usd += each.spent.usd
            if each.error is None:
                counts.answered += 1
            else:
                counts.failed += 1
        if isinstance(outcome, ModelAnswered):
            self._note_reply(outcome)

    def standing(self, model: str, *, resting: str | None) -> ModelStanding:
        """How a model stands."""
        counts = self._of(model)
        return ModelStanding(
            model=model,
            answered=counts.answered,
            failed=counts.failed,
            from_memory=counts.from_memory,
            input=counts.input,
            output=counts.output,
            cached=counts.cached,
            usd=counts.usd,
            simulated=counts.simulated,
            resting=resting,
        )

    def _note_reply(self, answered: ModelAnswered) -> None:
        reply = answered.reply
        counts = self._of(reply.model)
        counts.input += reply.usage.input
        counts.output += reply.usage.output
        counts.cached += reply.usage.cached
        counts.simulated = counts.simulated or reply.simulated

    def _of(self, model: str) -> _Counts:
        return self._counts.setdefault(model, _Counts())
