"""The limit of a run's time: it ends the run, or pauses it until a person grants as much again by resuming it.

When that time runs and when it stands still is told where calls begin and end.
"""

from __future__ import annotations

from interlock.core.event_parts import Error
from interlock.core.evolving.settling import stop_scope
from interlock.core.plan import Plan
from interlock.core.state import RunState


def asks_about_time(plan: Plan) -> bool:
    """Whether a person is asked once the run's time is spent."""
    return plan.root.budget is not None and plan.root.budget.asks


def time_is_spent(plan: Plan) -> str:
    """What is told then."""
    wall = plan.root.budget.wall if plan.root.budget else None
    return f"the run's budget of {(wall or 0) / 1e6:g} s of running time is spent"


def spend_time(plan: Plan, state: RunState) -> None:
    """It is spent, and counts no more: the run stops, or is about to be paused."""
    state.wall_limit = 0
    if not asks_about_time(plan):
        stop_scope(state, state.scopes[""], "failed", Error("exhausted", time_is_spent(plan)))


def grant_time(plan: Plan, state: RunState) -> None:
    """The run goes on: if its time was spent, it has as much again."""
    budget = plan.root.budget
    if budget is None or budget.wall is None or state.wall_limit or not budget.asks:
        return
    state.wall_limit, state.wall_used = budget.wall, 0
    state.wall_since = state.at if state.wall_since else 0
