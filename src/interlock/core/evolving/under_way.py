"""What is under way at a path: the attempt of a node or an undo, and the steps inside it, at any depth.

Reads the state and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from interlock.core.paths import node_at, node_of_step, path_of, split_step
from interlock.core.plan import Plan
from interlock.core.state import Attempt, BackingOff, Calling, RunState, Step, Waiting, all_steps


def attempt_at(plan: Plan, state: RunState, path: str) -> Attempt | None:
    """The attempt that a live node or an undo is in, or will repeat."""
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return undoing.attempt if undoing is not None else None
    found = node_at(plan, state, path)
    if found is None:
        return None
    live = found[0].live.get(found[1].index)
    return live.attempt if isinstance(live, Calling | BackingOff | Waiting) else None


def attempt_in_flight(plan: Plan, state: RunState, path: str) -> Attempt | None:
    """The attempt of a node or an undo whose call is out, and may journal steps. `path` may be that of a step in it."""
    path = node_of_step(path)
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return undoing.attempt if undoing is not None and not undoing.waiting else None
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    return live.attempt if isinstance(live, Calling) else None


def steps_at(plan: Plan, state: RunState, path: str) -> dict[int, Step] | None:
    """The steps inside the attempt of a node or an undo, or inside a step of it."""
    if split_step(path) is not None:
        step = step_at(plan, state, path)
        return None if step is None else step.steps
    attempt = attempt_at(plan, state, path)
    return None if attempt is None else attempt.steps


def step_at(plan: Plan, state: RunState, path: str) -> Step | None:
    """The step that a path names."""
    address = split_step(path)
    steps = steps_at(plan, state, address[0]) if address else None
    return steps.get(address[1]) if address and steps else None


def asking_steps(plan: Plan, state: RunState) -> Iterator[tuple[str, Step]]:
    """Every step that asks a person, at any depth, by its path."""
    for scope in state.scopes.values():
        for index, live in scope.live.items():
            if isinstance(live, Calling | BackingOff | Waiting) and live.attempt is not None and live.attempt.steps:
                path = path_of(plan, scope, index)
                for at, step in all_steps(live.attempt.steps):
                    if step.question is not None and step.status == "intended":
                        yield f"{path}.{at}", step
