"""Runs as the Orchestration Platform told of tasks. Every run is one, however it was started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from interlock.core.values import Value, is_map
from interlock.engine.telling.history import RunView
from interlock.showing.agentops import AGENT_TYPE
from interlock.showing.instants import instant
from interlock.wire.platform_tasks import PlatformStatus, PlatformTask

TASK_TYPE: Final = "task_type"
USER_HASH: Final = "user_hash"
"""Labels of runs that were started as tasks: of what type, and for whom."""
DOLLAR: Final = 1_000_000

STATUSES: Final[Mapping[str, PlatformStatus]] = {
    "pending": "pending",
    "running": "running",
    "waiting": "running",
    "paused": "running",
    "compensating": "running",
    "succeeded": "done",
    "failed": "error",
    "cancelled": "error",
    "rolled_back": "error",
}
"""What a run's status is called of a task. A task that waits for a person is under way, as there."""


def platform_task(view: RunView, *, tenant: str) -> PlatformTask:
    """A run as a task."""
    asked_models = view.costs.turns > 0
    status = STATUSES[view.status]
    return PlatformTask(
        id=view.run,
        type=task_type(view.labels, view.graph),
        status=status,
        input=view.inputs,
        output=task_output(view),
        error=task_error(view),
        error_code="EXECUTION_ERROR" if status == "error" else UNSET,
        created_at=instant(view.started_at),
        updated_at=instant(view.at),
        user_id_hash=view.labels.get(USER_HASH),
        tenant_id=tenant,
        model_used=models_used(view),
        input_tokens=view.costs.input if asked_models else None,
        output_tokens=view.costs.output if asked_models else None,
        total_cost=view.costs.usd / DOLLAR if asked_models else None,
        simulated=view.costs.simulated_calls > 0,
    )


def task_type(labels: Mapping[str, str], graph: str) -> str:
    """How a task of this run is named."""
    agent = labels.get(AGENT_TYPE)
    return labels.get(TASK_TYPE) or (f"agent:{agent}" if agent else f"workflow:{graph}")


def task_output(view: RunView) -> Value:
    """What came of it: of an agent or a tool, what that gave."""
    if view.status != "succeeded":
        return None
    outputs = view.outputs
    kind = task_type(view.labels, view.graph).partition(":")[0]
    if kind not in {"agent", "tool"} or not is_map(outputs):
        return outputs
    result = outputs["result"]
    return result if kind == "agent" else {"success": True, "result": result, "error": None, "metadata": _times(view)}


def _times(view: RunView) -> dict[str, Value]:
    return {"execution_time_ms": ((view.ended_at or view.at) - view.started_at) // 1_000}


def task_error(view: RunView) -> str | None:
    """Why there is nothing that came of it."""
    if STATUSES[view.status] != "error":
        return None
    return view.error.message if view.error else f"the run was {view.status.replace('_', ' ')}"


def models_used(view: RunView) -> str | None:
    """The models that answered in it, in the order in which they first did."""
    names = [step.name for work in view.agents.values() for step in work.steps if step.kind == "model"]
    return ", ".join(dict.fromkeys(filter(None, names))) or None
