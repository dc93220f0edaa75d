"""What the code of a simulated tool journals: calls of its own and questions to people, the same in every try."""

from __future__ import annotations

from random import Random
from typing import Literal

from msgspec import Struct

from interlock.core import events as e
from interlock.core.evolving.under_way import attempt_at
from interlock.core.identity import effect_id
from interlock.core.paths import undo_path
from interlock.core.plan import EffectClass, Plan
from interlock.core.state import Attempt, Calling, RunState, Step, all_steps


class PlannedStep(Struct, frozen=True):
    """One step in the code of a tool."""

    ordinal: int
    effect_class: EffectClass = "once"
    asks: bool = False


def steps_of(path: str) -> tuple[PlannedStep, ...]:
    """What the tool at a path does, each time it is called. Most do nothing but their one effect."""
    dice = Random(f"steps {path}")  # noqa: S311 - a schedule has to be the same again
    if dice.random() < 0.75:
        return ()
    classes: tuple[EffectClass, ...] = ("read", "idempotent", "once", "once")
    return tuple(
        PlannedStep(ordinal, dice.choice(classes), asks=dice.random() < 0.2)
        for ordinal in range(1, dice.randint(1, 3) + 1)
    )


def intent(run: str, path: str, first_attempt: int, step: PlannedStep) -> e.EffectIntended:
    """What is recorded before a step is made."""
    question = e.Question("Which way?", ("left", "right")) if step.asks else None
    effect = effect_id(run, path, first_attempt, step.ordinal)
    name = "ask" if step.asks else f"step {step.ordinal}"
    return e.EffectIntended(step.ordinal, effect, name, effect_class=step.effect_class, question=question)


def questions_in(plan: Plan, state: RunState) -> list[tuple[str, e.Question]]:
    """The open questions of steps, by the path under which each is answered."""
    return [
        (f"{path}.{address}", step.question)
        for path, attempt in _in_flight(plan, state)
        for address, step in all_steps(attempt.steps)
        if step.question is not None and step.status == "intended"
    ]


def _in_flight(plan: Plan, state: RunState) -> list[tuple[str, Attempt]]:
    found: list[tuple[str, Attempt]] = []
    for scope in state.scopes.values():
        body = plan.scopes[scope.body]
        for index, live in scope.live.items():
            if isinstance(live, Calling):
                path = scope.key if body.single else scope.key + body.nodes[index].name
                found.append((path, live.attempt))
        if scope.undoing is not None and not scope.undoing.waiting:
            found.append((undo_path(scope.undoing.entry.path), scope.undoing.attempt))
    return found


Next = Literal["begin", "settle", "doubt", "wait"]
"""What comes next in a call: begin a step, tell how one ended, say that nobody knows, wait for a person."""


def next_step(path: str, attempt: Attempt | None, begun: set[int]) -> tuple[Next, PlannedStep] | None:
    """Where the code of a tool stands, by what is on record; None if it has made all of its steps.

    `begun`: the steps that this very call has begun, and so knows about.
    """
    recorded: dict[int, Step] = attempt.steps if attempt is not None else {}
    for step in steps_of(path):
        on_record = recorded.get(step.ordinal)
        if on_record is None:
            return "begin", step
        match on_record.status:
            case "done" | "failed":
                continue
            case _ if step.asks:
                return "wait", step
            case _ if step.ordinal in begun:
                return "settle", step
            case "intended" | "unknown" if step.effect_class == "once":
                return "doubt", step
            case _:
                return "settle", step
    return None


def attempt_of(plan: Plan, state: RunState, path: str, effect: str) -> Attempt | None:
    """The attempt that a call belongs to, while it is still the one in flight."""
    found = attempt_at(plan, state, path)
    return found if found is not None and found.effect == effect else None
