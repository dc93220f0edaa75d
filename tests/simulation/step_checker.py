"""The watcher of steps that may happen only once: none is forgotten while nobody knows what became of it (rule 5)."""

# ruff: noqa: D102 - `see` does what the protocol says

from __future__ import annotations

from typing import Final

from interlock.core import events as e
from interlock.core.paths import split_step
from tests.simulation.broken_rule import BrokenRule

ENDS: Final = (e.NodeFailed, e.NodeCancelled, e.NodeSkipped, e.UndoFailed)
"""How a node, or what takes one back, ends without having been done."""


class TellsOfSteps:
    """Rule 5: before a node ends, or makes another attempt, every `once` step of the last one is known."""

    def __init__(self) -> None:
        self.open: dict[str, dict[str, str]] = {}
        """By path: the `once` steps of its attempt of which nobody knows what became, and what is on record of each."""
        self.effect: dict[str, str] = {}
        """The effect of the attempt that each path is in."""

    def see(self, event: e.Event) -> None:
        path = event.path
        match event.body:
            case e.EffectIntended(effect_class="once", question=None) as body:
                self.open.setdefault(path, {})[body.effect] = "intended"
            case e.EffectUnknown() as body:
                self.open.setdefault(path, {})[body.effect] = "unknown"
            case e.EffectDone() | e.EffectFailed() as body:
                self.open.get(path, {}).pop(body.effect, None)
            case e.EffectSettled() as body:
                self._see_settled(path, body)
            case e.NodeResult(status="done") | e.UndoResult(status="done"):
                self.open.pop(path, None)
            case e.NodeStarted() | e.UndoStarted() as body:
                if self.effect.get(path, body.effect) != body.effect:
                    self._check(event)
                self.effect[path] = body.effect
            case body if isinstance(body, ENDS):
                self._check(event)
            case e.RunEnded():
                for left in list(self.open):
                    self._check(event, left)
            case _:
                pass

    def _see_settled(self, path: str, body: e.EffectSettled) -> None:
        """Word on a step; or word that a whole call was done, and all that it did in steps with it."""
        step = split_step(path)
        if step is not None:
            self.open.get(step[0], {}).pop(body.effect, None)
        elif body.status == "done":
            self.open.pop(path, None)

    def _check(self, event: e.Event, path: str | None = None) -> None:
        at = event.path if path is None else path
        left = self.open.pop(at, {})
        if left:
            raise BrokenRule(5, f"{event.type} {event.path}: nobody knows what became of these steps of {at}: {left}")
