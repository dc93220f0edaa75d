"""The simulated world: calls in flight, what really became of them, and what it tells of that.

It knows the truth about every effect (`took_place`), so it sees what no log can show: an effect that took place twice.
Nothing here waits; the simulator says when something is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final, Literal

from msgspec import Struct, field

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.in_doubt import doubt
from interlock.core.state import Attempt
from interlock.core.values import Value
from interlock.engine.effects import CallTool, Effect, FindOut, SendOut, StopCall
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.contracts import EFFECT_OF, TOOLS
from tests.simulation.steps import PlannedStep, intent, next_step, steps_of
from tests.simulation.truth import Truth

RECONCILING: Final = frozenset(tool.name for tool in TOOLS if tool.can_reconcile)
LABELS: Final = {tool.name: tool.labels for tool in TOOLS}
FAILURES: Final[tuple[e.ErrorClass, ...]] = ("failed", "failed", "unavailable", "rate_limited", "invalid", "refused")


class Temper(Struct, frozen=True):
    """What kind of a world it is: how often calls fail, and how often nobody knows what became of them."""

    fails: float
    vanishes: float
    odd: float
    """How often a tool gives something that graphs do not expect."""


class Flight(Struct):
    """A call that has been made, and of which nothing has been told yet."""

    path: str
    effect: str
    tool: str
    due: int | None = None
    is_undo: bool = False
    is_stopped: bool = False
    first_attempt: int = 1
    begun: set[int] = field(default_factory=set[int])
    """The steps that this call has begun."""
    is_over: bool = False
    """It makes no more steps."""
    doubt: e.Error | None = None
    """Why nobody can say what became of it: one of its steps was begun before, by a call that has vanished."""


class World:
    """Where effects go."""

    def __init__(self, run: str, dice: Random, temper: Temper) -> None:
        self.run = run
        self.dice = dice
        self.temper = temper
        self.flights: dict[str, Flight] = {}
        self.findings: list[FindOut] = []
        self.told: list[r.Result | r.UndoneResult] = []
        """What has been told: it may be told once more."""
        self.truth = Truth()

    # --- what the engine asks for ---

    def take(self, effects: Iterable[Effect]) -> None:
        """Effects that recorded events ask for."""
        for effect in effects:
            match effect:
                case CallTool():
                    self._begin(
                        Flight(
                            effect.path,
                            effect.effect,
                            effect.tool,
                            effect.due,
                            effect.is_undo,
                            first_attempt=effect.first_attempt,
                        )
                    )
                case SendOut():
                    self._begin(Flight(effect.path, effect.effect, ""))
                case StopCall():
                    if effect.path in self.flights:
                        self.flights[effect.path].is_stopped = True
                case FindOut():
                    self.findings.append(effect)

    def _begin(self, flight: Flight) -> None:
        if flight.path in self.flights:
            raise BrokenRule(5, f"{flight.path} is called while another call of it is in flight")
        self.flights[flight.path] = flight

    # --- steps ---

    def go_on(self, flight: Flight, attempt: Attempt | None) -> r.StepNoted | Literal["waits"] | None:
        """The next step of a call, as it is to be recorded; None when nothing is left but to tell what came of it."""
        is_over = flight.is_over or not flight.tool or attempt is None
        found = None if is_over else next_step(flight.path, attempt, flight.begun)
        if found is None or flight.is_stopped or self.dice.random() < 0.1:
            return None
        match found:
            case "begin", step:
                return r.StepNoted(path=flight.path, step=intent(self.run, flight.path, flight.first_attempt, step))
            case "settle", step:
                return self._settle_step(flight, attempt, step)
            case "doubt", step:
                return self._doubt_step(flight, attempt, step)
            case _:
                return "waits"

    def was_noted(self, flight: Flight, noted: r.StepNoted, *, is_refused: bool) -> None:
        """Whether a step may be made. A call whose step was refused makes no more."""
        flight.is_over |= is_refused
        if isinstance(noted.step, e.EffectIntended) and not is_refused:
            flight.begun.add(noted.step.ordinal)

    def _settle_step(self, flight: Flight, attempt: Attempt | None, step: PlannedStep) -> r.StepNoted:
        assert attempt is not None
        effect = attempt.steps[step.ordinal].effect
        if self.dice.random() < self.temper.fails and not self.truth.knows(effect):
            error = e.Error("failed", "the step broke", flight.path)
            return r.StepNoted(path=flight.path, step=e.EffectFailed(step.ordinal, effect, error))
        self.truth.happens(effect, effect, step.effect_class)
        return r.StepNoted(path=flight.path, step=e.EffectDone(step.ordinal, effect, self._out()))

    def _doubt_step(self, flight: Flight, attempt: Attempt | None, step: PlannedStep) -> r.StepNoted | None:
        """A step that may be made only once was begun by a call that has vanished: this one ends without knowing."""
        assert attempt is not None
        flight.doubt = doubt("lost", flight.path, step.ordinal, f"step {step.ordinal}", "")
        flight.is_over = True
        on_record = attempt.steps[step.ordinal]
        if on_record.status == "unknown":
            return None
        return r.StepNoted(path=flight.path, step=e.EffectUnknown(step.ordinal, on_record.effect, flight.doubt))

    def _leave_steps(self, flight: Flight) -> None:
        """A call ends, and nobody is told of the steps that it had begun: each may have taken place."""
        for step in steps_of(flight.path):
            effect = intent(self.run, flight.path, flight.first_attempt, step).effect
            if step.ordinal in flight.begun and not self.truth.knows(effect) and self.dice.random() < 0.5:
                self.truth.happens(effect, effect, step.effect_class)

    # --- what the world tells ---

    def land(self, flight: Flight, now: int) -> r.Result | r.UndoneResult:
        """What came of a call. From now on nobody asks for it."""
        del self.flights[flight.path]
        told = self._tell(flight, now) if flight.doubt is None else _told(flight, "unknown", error=flight.doubt)
        self._leave_steps(flight)
        self.told.append(told)
        return told

    def tell_again(self) -> r.Result | r.UndoneResult:
        """Something that was told before; where its effect is being repeated under its id, it answers that too."""
        told = self.dice.choice(self.told)
        flight = self.flights.get(told.path)
        if flight is not None and flight.effect == told.result.effect:
            del self.flights[told.path]
        return told

    def _tell(self, flight: Flight, now: int) -> r.Result | r.UndoneResult:
        chance = self.dice.random()
        is_late = flight.due is not None and now >= flight.due
        vanishes = self.temper.vanishes * (6 if is_late or flight.is_stopped else 1)
        if flight.tool and chance < vanishes:
            self._may_take_place(flight)
            kind: e.ErrorClass = "timeout" if is_late else "cancelled" if flight.is_stopped else "unavailable"
            return _told(flight, "unknown", error=e.Error(kind, "nobody knows", flight.path))
        if flight.tool and chance < vanishes + self.temper.fails and not self.truth.knows(flight.effect):
            kind = self.dice.choice(("cancelled", *FAILURES)) if flight.is_stopped else self.dice.choice(FAILURES)
            retryable = self.dice.random() < 0.9
            return _told(flight, "failed", error=e.Error(kind, "it broke", flight.path), retryable=retryable)
        self._takes_place(flight)
        labels = [label for label in LABELS.get(flight.tool, ()) if self.dice.random() < 0.6]
        return _told(flight, "done", out=self._out() if flight.tool else None, labels=tuple(labels))

    def _out(self) -> Value:
        if self.dice.random() < self.temper.odd:
            odd: tuple[Value, ...] = (None, 7, "text", [1, 2], {})
            return self.dice.choice(odd)
        numbers = [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 3))]
        return {"list": numbers, "n": self.dice.randint(0, 9)}

    def find_out(self, finding: FindOut) -> r.SettleEffect | None:
        """What the tool's own hook says of an effect; None if it has none, or cannot tell."""
        self.findings.remove(finding)
        if finding.tool not in RECONCILING or self.dice.random() < 0.2:
            return None
        return self.settle(finding.effect, by="reconcile")

    def is_looked_for(self, effect: str) -> bool:
        """Whether the tool of an effect is asked just now what became of it."""
        return any(finding.effect == effect for finding in self.findings)

    def settle(self, effect: str, *, by: str) -> r.SettleEffect:
        """What really became of an effect, said by somebody who went and looked."""
        took_place = self.truth.knows(effect)
        out = self._out() if took_place else None
        return r.SettleEffect(effect=effect, status="done" if took_place else "not_done", out=out, by=by)

    def stop(self) -> list[r.Result | r.UndoneResult]:
        """The worker leaves in good order: each call is stopped, and it is told how far it had come."""
        flights = list(self.flights.values())
        self.findings.clear()
        return [self._stopped(flight) for flight in flights]

    def _stopped(self, flight: Flight) -> r.Result | r.UndoneResult:
        if self.dice.random() < 0.4:
            return self.land(flight, 0)
        del self.flights[flight.path]
        error = e.Error("cancelled", "its worker leaves", flight.path)
        if not flight.begun and self.dice.random() < 0.5:
            return _told(flight, "not_done", error=error)
        self._vanish(flight)
        return _told(flight, "unknown", error=error)

    def die(self) -> None:
        """The worker dies: each call in flight may have taken place, and nobody will tell."""
        for flight in self.flights.values():
            self._vanish(flight)
        self.flights.clear()
        self.findings.clear()

    def in_flight(self) -> Sequence[tuple[str, str]]:
        """Paths and effects of all calls in flight."""
        return sorted((flight.path, flight.effect) for flight in self.flights.values())

    # --- the truth ---

    def _vanish(self, flight: Flight) -> None:
        """Nobody will tell what became of a call; one that was in doubt about a step had done nothing else."""
        if flight.doubt is None:
            self._may_take_place(flight)
        self._leave_steps(flight)

    def _may_take_place(self, flight: Flight) -> None:
        if self.dice.random() < 0.5:
            self._takes_place(flight)

    def _takes_place(self, flight: Flight) -> None:
        """An idempotent effect takes place once under its id, however often it is called; any other, each time."""
        self.truth.happens(flight.effect, flight.path, EFFECT_OF.get(flight.tool, "idempotent"))


def _told(
    flight: Flight,
    status: Literal["done", "failed", "unknown", "not_done"],
    *,
    out: Value = None,
    labels: tuple[str, ...] = (),
    error: e.Error | None = None,
    retryable: bool = True,
) -> r.Result | r.UndoneResult:
    """What is told of a call; of an undo nobody wants to know what it gave."""
    if flight.is_undo:
        return r.UndoneResult(path=flight.path, result=e.UndoResult(flight.effect, status, error, retryable))
    result = e.NodeResult(flight.effect, status, out, labels, error, retryable)
    return r.Result(path=flight.path, result=result)
