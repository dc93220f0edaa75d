"""The watcher of limits: it counts for itself what is held and spent under each, and none is ever passed (rule 6).

It knows the limits by their addresses and what tools cost; everything else it reads from the events, never from the
state.
"""

# ruff: noqa: D102 - `see` does what the protocol says

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from interlock.core import events as e
from interlock.core.paths import split_step, step_path
from interlock.core.plan import Budget
from interlock.core.spending import NOTHING, Spending
from tests.simulation.broken_rule import BrokenRule

COUNTED = frozenset({"", "model", "tool"})
"""Steps that are contacts with the world."""


class Counted(Struct):
    """What counts against one limit."""

    limit: Budget
    grants: int = 1
    calls: int = 0
    steps: int = 0
    spent: Spending = NOTHING
    held: dict[str, Spending] = field(default_factory=dict[str, Spending])
    """By what it is held for: the path of a call or step."""

    def passed(self) -> str:
        """Which of its numbers is larger than was granted; nothing if none is."""
        held = sum(self.held.values(), NOTHING)
        counts = {
            "calls": (self.calls, self.limit.calls),
            "steps": (self.steps, self.limit.steps),
            "usd": (self.spent.usd + held.usd, self.limit.usd),
            "tokens": (self.spent.tokens + held.tokens, self.limit.tokens),
        }
        over = [name for name, (count, limit) in counts.items() if limit is not None and count > limit * self.grants]
        return ", ".join(over)


class KeepsLimits:
    """Rule 6: under any interleaving no limit is passed, and in the end nothing is held."""

    def __init__(self, limits: Mapping[str, Budget], prices: Mapping[str, Spending]) -> None:
        """`limits` by the paths of nodes, that of the run under nothing; `prices` by the tools that cost something."""
        self.counted = {address: Counted(limit) for address, limit in limits.items()}
        self._prices = prices
        self._tries: dict[str, int] = {}
        """How often each effect was begun."""
        self._inside: dict[str, str] = {}
        """By the path of a step with limits: the effect for which these are counted."""
        self._raises: dict[str, str] = {}

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.NodeStarted() as body if not body.is_agent:
                self._hold(event, event.path, self._prices.get(body.tool, NOTHING), calls=1, steps=0)
            case e.NodeResult() as body:
                self._settle_inside(event.path)
                self._settle(event.path, None if body.calls else NOTHING)
            case e.NodeWaiting(reason="budget", limit=limit):
                self._raises[event.path] = limit
            case e.EffectIntended() as body:
                self._begin(event, body)
            case e.EffectDone() | e.EffectFailed() as body:
                self._settle(step_path(event.path, body.ordinal), body.spent or NOTHING)
            case e.EffectUnknown() as body:
                self._settle(step_path(event.path, body.ordinal), None)
            case e.AnswerGiven(choice="raise", of="") if event.path in self._raises:
                self.counted[self._raises[event.path]].grants += 1
            case e.RunEnded():
                self._check_end(event)
            case _:
                pass

    def _begin(self, event: e.Event, body: e.EffectIntended) -> None:
        path = step_path(event.path, body.ordinal)
        if body.limits is not None and self._inside.get(path) != body.effect:
            self._inside[path], self.counted[path] = body.effect, Counted(body.limits)
        if body.question is not None:
            self._raises[path] = body.raises
        elif self._tries.get(body.effect, 0) < body.tries:
            self._tries[body.effect] = body.tries
            steps = int(body.kind == "model")
            self._hold(event, path, body.reserve or NOTHING, calls=int(body.kind in COUNTED), steps=steps)

    def _above(self, path: str) -> Iterator[Counted]:
        """Everything that a call at a path counts against. What a step is counts not against its own limit."""
        for address, counted in self.counted.items():
            is_inside = any(path.startswith(address + mark) for mark in ("/", ".", ":"))
            is_itself = path == address and split_step(path) is None
            if (address == "" and not path.startswith("finally/")) or is_inside or is_itself:
                yield counted

    def _hold(self, event: e.Event, path: str, held: Spending, *, calls: int, steps: int) -> None:
        for counted in self._above(path):
            counted.calls += calls
            counted.steps += steps
            counted.held[path] = held
            if over := counted.passed():
                raise BrokenRule(6, f"{event.type} {path}: {over} pass {counted}")

    def _settle(self, path: str, spent: Spending | None) -> None:
        """What was held for a call is given back, and what it cost is spent: all of it, where nobody knows."""
        for counted in self._above(path):
            if path in counted.held:
                held = counted.held.pop(path)
                counted.spent += held if spent is None else spent

    def _settle_inside(self, path: str) -> None:
        """A call has ended: what its steps held counts as spent."""
        inside = {held for counted in self.counted.values() for held in counted.held if held.startswith(path + ".")}
        for each in sorted(inside):
            self._settle(each, None)

    def _check_end(self, event: e.Event) -> None:
        for address, counted in self.counted.items():
            if counted.held:
                raise BrokenRule(6, f"{event.type}: {counted.held} is still held under {address or 'the run'}")
