"""The watcher of agents' steps: what is on record is not begun again, and nothing is begun twice without a word."""

# ruff: noqa: D102 - `see` does what the protocol says

from __future__ import annotations

from msgspec import Struct

from interlock.core import events as e
from interlock.core.paths import node_of_step
from tests.simulation.broken_rule import BrokenRule


class Begun(Struct):
    """What the log says of one step."""

    tries: int
    status: str = "intended"


class BeginsNoneAgain:
    """Rule 5: a step that is done or has failed stays so; one is begun again only after it was said to be lost."""

    def __init__(self) -> None:
        self.steps: dict[str, Begun] = {}
        self.attempts: dict[str, str] = {}
        """By the path of a node: the effect of its attempt."""
        self.meant: dict[tuple[str, str, str, str], str] = {}
        """By the attempt and what a step is for: its effect. One thing is done by one step."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeStarted() as body:
                self.attempts[event.path] = body.effect
            case e.EffectIntended() as body if body.kind != "":
                self._see_meaning(event, body)
                if body.question is None:
                    self._see_intent(event, body)
            case e.EffectDone() | e.EffectFailed() as body if body.effect in self.steps:
                self._see_end(event, body)
            case e.EffectUnknown() as body if body.effect in self.steps:
                self.steps[body.effect].status = "unknown"
            case e.EffectSettled() as body if body.effect in self.steps:
                self.steps[body.effect].status = body.status
            case e.DecisionMade(error=e.Error()) as body if body.effect in self.steps:
                raise BrokenRule(5, f"{event.path} refuses step {body.ordinal}, which was begun before")
            case _:
                pass

    def _see_meaning(self, event: e.Event, body: e.EffectIntended) -> None:
        attempt = self.attempts[node_of_step(event.path)]
        known = self.meant.setdefault((attempt, event.path, body.key, body.kind), body.effect)
        if known != body.effect:
            raise BrokenRule(5, f"{event.path} does `{body.key}` in step {body.ordinal}, as another has done before")

    def _see_intent(self, event: e.Event, body: e.EffectIntended) -> None:
        before = self.steps.get(body.effect)
        if before is not None and before.status not in {"unknown", "not_done"}:
            raise BrokenRule(5, f"{event.path} begins step {body.ordinal} again, of which is known: {before.status}")
        if body.tries != (1 if before is None else before.tries + 1):
            raise BrokenRule(5, f"{event.path} begins step {body.ordinal} for the {body.tries}. time, after {before}")
        if before is not None and body.effect_class == "once" and before.status != "not_done":
            raise BrokenRule(5, f"{event.path} repeats a `once` step of which nobody knows what became")
        self.steps[body.effect] = Begun(body.tries)

    def _see_end(self, event: e.Event, body: e.EffectDone | e.EffectFailed) -> None:
        known = self.steps[body.effect]
        if known.status in {"done", "failed"}:
            raise BrokenRule(5, f"{event.path} ends step {body.ordinal} twice")
        known.status = "done" if isinstance(body, e.EffectDone) else "failed"
