"""Runs as AgentOS told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interlock.engine.telling.history import RunView
from interlock.showing.instants import instant
from interlock.wire.agentos import AgentOsRun, AgentOsStatus

STATUSES: Final[Mapping[str, AgentOsStatus]] = {
    "pending": "pending",
    "running": "running",
    "waiting": "running",
    "paused": "running",
    "compensating": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "failed",
    "rolled_back": "failed",
}
"""What a run's status is called there. What did not come to its end has failed, whatever stopped it."""


def agentos_status(status: str, *, has_begun: bool) -> AgentOsStatus:
    """A run's status in their words: until any node has begun, it is pending."""
    told = STATUSES[status]
    return "pending" if told == "running" and not has_begun else told


def agentos_run(view: RunView) -> AgentOsRun:
    """A run as it stands."""
    return AgentOsRun(
        id=view.run,
        run_id=view.run,
        graph=view.graph,
        inputs=view.inputs,
        status=agentos_status(view.status, has_begun=any(node.started_at for node in view.nodes.values())),
        created_at=instant(view.started_at),
        parent_run=view.parent or None,
        outputs=view.outputs,
        error=agentos_error(view),
        waiting_for=[wait.path for wait in view.waits if wait.is_for_people],
        simulated=view.costs.simulated_calls > 0,
    )


def agentos_error(view: RunView) -> str | None:
    """Why a run has not come to its end."""
    if STATUSES[view.status] != "failed":
        return None
    return view.error.message if view.error else f"the run was {view.status.replace('_', ' ')}"
