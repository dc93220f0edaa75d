"""Who asks a person just now to raise a limit. Reads the state and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.core.evolving.under_way import asking_steps, step_at
from interlock.core.paths import node_at, path_of
from interlock.core.plan import Plan
from interlock.core.state import RunState, Step, Waiting


def limit_in_question(plan: Plan, state: RunState, path: str) -> str | None:
    """The limit that the open question of a node or step is about; None if it is about something else."""
    step = step_at(plan, state, path)
    if step is not None:
        return step.raises if _is_asking(step) else None
    place = node_at(plan, state, path)
    live = place[0].live.get(place[1].index) if place else None
    return live.limit if isinstance(live, Waiting) and _is_asked(live) else None


def paths_asking_about(plan: Plan, state: RunState, limit: str) -> Iterator[str]:
    """Every node and step that asks whether a limit may be raised."""
    for scope in state.scopes.values():
        for index, live in scope.live.items():
            if isinstance(live, Waiting) and _is_asked(live) and live.limit == limit:
                yield path_of(plan, scope, index)
    yield from (path for path, step in asking_steps(plan, state) if step.kind == "limit" and step.raises == limit)


def _is_asking(step: Step) -> bool:
    return step.kind == "limit" and step.status == "intended"


def _is_asked(live: Waiting) -> bool:
    return live.reason == "budget" and live.question is not None and live.given is None
