"""The calls that are out, and the run's wall clock: it runs while one of them works, and stands still while all wait.

Part of `evolve`. A call waits while everything under way inside it waits for people, or for a graph that it has called.
"""

from __future__ import annotations

from collections.abc import Mapping

from interlock.core.state import Attempt, RunState, Step


def call_began(state: RunState, attempt: Attempt) -> None:
    """A call is out. What is on record of it from an earlier try may be all that it waits for."""
    was_working = is_working(state)
    state.calls_in_flight += 1
    if attempt.steps:
        _keep(state, attempt, waits=_only_waits(attempt.steps))
    if not was_working:
        _keep_wall(state, was_working=False)


def call_moved(state: RunState, attempt: Attempt) -> None:
    """Something inside a call has begun, or is over. Of one that has ended itself, people may still be heard."""
    if attempt.status:
        return
    was_working = is_working(state)
    _keep(state, attempt, waits=_only_waits(attempt.steps))
    _keep_wall(state, was_working=was_working)


def call_ended(state: RunState, attempt: Attempt) -> None:
    """A call has settled."""
    was_working = is_working(state)
    state.calls_in_flight -= 1
    if attempt.waits:
        _keep(state, attempt, waits=False)
    if was_working:
        _keep_wall(state, was_working=True)


def is_working(state: RunState) -> bool:
    """Whether a call is out that does more than wait."""
    return state.calls_in_flight > state.calls_waiting


def _only_waits(steps: Mapping[int, Step]) -> bool:
    under_way = [step for step in steps.values() if step.status == "intended"]
    return bool(under_way) and all(_waits(step) for step in under_way)


def _waits(step: Step) -> bool:
    if step.kind == "agent":
        return _only_waits(step.steps)
    return step.question is not None or step.kind == "graph"


def _keep(state: RunState, attempt: Attempt, *, waits: bool) -> None:
    state.calls_waiting += waits - attempt.waits
    attempt.waits = waits


def _keep_wall(state: RunState, *, was_working: bool) -> None:
    works = is_working(state)
    if works and not was_working:
        state.wall_since = state.at
    elif was_working and not works:
        state.wall_used += state.at - state.wall_since
        state.wall_since = 0
