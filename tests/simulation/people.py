"""The people of a simulation: what they could say of what waits for them, and how they get in the way.

They look at the state of a run and ask; whether what they ask is still possible is for the door to say.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal, Protocol, TypeAlias

from interlock.core import requests as r
from interlock.core.admit import unknown_effects, waits
from interlock.core.plan import Plan
from interlock.core.state import Live, Opened, RunState, Waiting
from tests.simulation.random_leaves import EVENTS
from tests.simulation.steps import questions_in

NAMES: Final = ("ada", "ben", "cyd")

Asked: TypeAlias = tuple[r.Request, str]
"""A request, and who made it."""
Act: TypeAlias = Literal["retry", "edit", "skip", "fail"]


class KnownTruth(Protocol):
    """Where people go and look what became of an effect."""

    def is_looked_for(self, effect: str) -> bool:
        """Whether its tool is asked just now."""
        ...

    def settle(self, effect: str, *, by: str) -> r.SettleEffect:
        """What really became of it."""
        ...


class People:
    """Everybody outside of the run. `is_eager`: they only say what brings it to its end."""

    def __init__(self, dice: Random, plan: Plan, world: KnownTruth) -> None:
        self.dice = dice
        self.plan = plan
        self.world = world
        self.is_eager = False
        self._sent = 0

    def could_say(self, state: RunState) -> list[Asked]:
        """One thing about each thing that waits for people or other systems."""
        asked = [said for path, live in waits(self.plan, state) if (said := self._about(path, live)) is not None]
        asked += [self._answer(path, question.choices) for path, question in questions_in(self.plan, state)]
        unknown = [effect for effect in unknown_effects(self.plan, state) if not self.world.is_looked_for(effect)]
        asked += [(self.world.settle(effect, by="cyd"), "cyd") for effect in unknown]
        if state.is_paused:
            asked.append((r.ResumeRun(), "ada"))
        return asked

    def _about(self, path: str, live: Waiting) -> Asked | None:
        by = self.dice.choice(NAMES)
        match live.reason:
            case "person" | "approval" | "budget" if live.question is not None:
                return self._answer(path, live.question.choices)
            case "hold":
                verdict = self.dice.choice(("promote", "promote", "block", "rollback"))
                return r.GiveVerdict(path=path, by=by, verdict=verdict), by
            case "failure":
                acts: tuple[Act, ...] = (
                    ("skip", "fail") if self.is_eager else ("retry", "retry", "edit", "skip", "fail")
                )
                return r.GiveRemedy(path=path, by=by, act=self.dice.choice(acts), input={"a": 1}), by
            case "event" if self.is_eager or self.dice.random() < 0.3:
                return self._event(live.event)
            case _:
                return None

    def _answer(self, path: str, choices: tuple[str, ...]) -> Asked:
        by = self.dice.choice(NAMES)
        if choices:
            return r.Answer(path=path, by=by, choice=self.dice.choice(choices)), by
        return r.Answer(path=path, by=by, form={"note": "fine"}), by

    def _event(self, name: str) -> Asked:
        """An event; now and then one that was sent before."""
        self._sent += 1
        number = self.dice.randint(1, self._sent) if self.dice.random() < 0.1 else self._sent
        data = self.dice.choice(({"key": 1}, {"key": 2}, {"key": 0}, {}, "text", None))
        return r.SendEvent(id=f"event {number}", name=name, data=data), "outside"

    # --- what gets in the way ---

    def any_event(self) -> Asked:
        """An event, whether somebody waits for it or not."""
        return self._event(self.dice.choice(EVENTS))

    def some_cancel(self, state: RunState) -> Asked:
        """A cancel of the run or of any node, or the wish that an `each` ends with what it has."""
        if self.dice.random() < 0.3:
            return r.CancelRun(rollback=self.dice.random() < 0.5), "ben"
        nodes = self._open_nodes(state)
        holders = [path for path, live in nodes if isinstance(live, Opened)]
        if holders and self.dice.random() < 0.5:
            return r.CompleteNode(path=self.dice.choice(holders)), "ben"
        return r.CancelNode(path=self.dice.choice(nodes)[0]), "ben"

    def _open_nodes(self, state: RunState) -> list[tuple[str, Live | None]]:
        found: list[tuple[str, Live | None]] = []
        for scope in state.scopes.values():
            body = self.plan.scopes[scope.body]
            for node in body.nodes:
                path = scope.key if body.single else scope.key + node.name
                found.append((path, scope.live.get(node.index)))
        return found

    def some_mode(self) -> Asked:
        """Another mode for the run."""
        return r.SetMode(mode=self.dice.choice(("normal", "degraded", "minimal"))), "ada"
