"""What the loop of an agent puts on record of its steps, as stories tell it: begun, answered, lost, refused."""

from __future__ import annotations

from msgspec import Struct

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.paths import step_path
from interlock.core.plan import Budget
from interlock.core.spending import Spending
from interlock.core.values import Value
from tests.stories.story import Story, step_id

RAISE_OR_STOP = ("raise", "stop")


class AgentSteps(Struct, frozen=True):
    """The steps of the agent at a path: of a node, or of a step that is an agent itself."""

    story: Story
    path: str

    def begins(
        self,
        ordinal: int,
        kind: e.StepKind = "model",
        name: str = "script/any",
        *,
        held: Spending | None = None,
        effect: e.StepClass | None = None,
        limits: Budget | None = None,
        tries: int = 1,
        input: Value = None,
    ) -> r.Refused | None:
        """The intent of a step. Why it is refused, or None."""
        classes: dict[str, e.StepClass] = {"model": "paid", "tool": "read", "memory": "read"}
        intended = e.EffectIntended(
            ordinal,
            step_id(self.path, ordinal),
            name,
            digest=f"digest {ordinal}",
            key=f"{kind} {ordinal}",
            effect_class=effect or classes.get(kind, "idempotent"),
            kind=kind,
            input=input,
            reserve=held,
            limits=limits,
            tries=tries,
        )
        return self.story.refusal(r.StepNoted(path=self.path, step=intended))

    def asks(self, ordinal: int, kind: e.StepKind, *choices: str, raises: str = "") -> None:
        """A question to a person."""
        question = e.Question(f"Well, {kind}?", choices)
        intended = e.EffectIntended(
            ordinal,
            step_id(self.path, ordinal),
            kind,
            key=f"{kind} {ordinal}",
            question=question,
            kind=kind,
            raises=raises,
        )
        self._notes(intended)

    def has_done(self, ordinal: int, out: Value = None, *, spent: Spending | None = None, tries: int = 1) -> None:
        """A step has settled well."""
        self._notes(e.EffectDone(ordinal, step_id(self.path, ordinal), out, spent, tries=tries))

    def has_failed(self, ordinal: int, *, spent: Spending | None = None, tries: int = 1) -> None:
        """A step is known to have failed."""
        error = e.Error("unavailable", "no line")
        self._notes(e.EffectFailed(ordinal, step_id(self.path, ordinal), error, spent, tries=tries))

    def has_lost(self, ordinal: int, *, tries: int = 1) -> None:
        """Nobody knows what became of a step."""
        self._notes(e.EffectUnknown(ordinal, step_id(self.path, ordinal), e.Error("lost", "nobody knows"), tries=tries))

    def is_allowed(self, ordinal: int, point: str = "policy", chosen: str = "allow") -> None:
        """A choice is made about a step, which may be begun."""
        options = (e.Option(chosen, "fine"),)
        self._notes(e.DecisionMade(e.Decision(point, chosen, options, "it is fine", "all", "p1"), ordinal))

    def is_refused(self, ordinal: int, name: str) -> None:
        """A step is not allowed, and never begun."""
        error = e.Error("refused", "not today", step_path(self.path, ordinal))
        decision = e.Decision("policy", "deny", rule="no_pay", digest="p1")
        self._notes(e.DecisionMade(decision, ordinal, step_id(self.path, ordinal), name, f"call {ordinal}", error))

    def _notes(self, step: e.EffectIntended | e.EffectDone | e.EffectFailed | e.EffectUnknown | e.DecisionMade) -> None:
        self.story.receives(r.StepNoted(path=self.path, step=step))
