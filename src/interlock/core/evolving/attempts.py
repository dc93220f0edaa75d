"""What one try at an effect keeps of the one before it: its steps, and how often a worker has died in it (rule 33).

Part of `evolve`. Deaths are counted in a row: what has come on between two of them is not what kills its workers.
"""

from __future__ import annotations

from interlock.core.evolving.under_way import attempt_at
from interlock.core.paths import node_at, node_of_step, split_step
from interlock.core.plan import Plan
from interlock.core.state import Attempt, RunState


def go_on_from(attempt: Attempt, before: Attempt) -> None:
    """The same effect is tried again: what is on record of it stands."""
    attempt.first, attempt.steps = before.first, before.steps
    attempt.deaths, attempt.deaths_in_a_row, attempt.moved = before.deaths, before.deaths_in_a_row, before.moved


def forget(attempt: Attempt) -> None:
    """The next try is another effect: nothing that is on record answers it."""
    attempt.effect, attempt.steps = "", {}
    attempt.deaths, attempt.deaths_in_a_row, attempt.moved = 0, 0, False


def note_death(attempt: Attempt, *, moved: bool) -> None:
    """A worker has died in it. `moved` is what the log says of that, which older logs do not."""
    attempt.deaths += 1
    attempt.deaths_in_a_row = 1 if moved else attempt.deaths_in_a_row + 1
    attempt.moved = False


def note_progress(plan: Plan, state: RunState, path: str) -> None:
    """Something at a path has settled: whatever it is inside of has come on, an agent whose graph it is part of too."""
    _moves(plan, state, path)
    place = node_at(plan, state, node_of_step(path)) if plan.called_graphs else None
    scope = place[0] if place else state.scopes[""]
    while scope.owner >= 0:
        _moves(plan, state, scope.key.removesuffix("/"))
        scope = state.scopes[scope.parent]


def _moves(plan: Plan, state: RunState, path: str) -> None:
    attempt = attempt_at(plan, state, node_of_step(path)) if split_step(path) is not None else None
    if attempt is not None:
        attempt.moved = True
