"""Runs as the Orchestration Platform told of tasks. Every run is one, however it was started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from interlock.core.values import Value, is_map
from interlock.engine.telling.agents_at_work import AgentView
from interlock.engine.telling.history import NodeView, RunView
from interlock.showing.agentops import AGENT_TYPE
from interlock.showing.instants import instant
from interlock.store.rows import RunRow
from interlock.wire.platform_tasks import Change, PlatformStatus, PlatformSubtask, PlatformTask, PlatformTaskChange

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

SUBTASK_STATUSES: Final[Mapping[str, PlatformStatus]] = {
    "pending": "pending",
    "running": "running",
    "waiting": "running",
    "succeeded": "done",
    "failed": "error",
    "skipped": "error",
    "cancelled": "error",
}
"""The same of an agent's node."""
_ROUND: Final = re.compile(r":([0-9]+)/")
"""In a path, which round of a loop it is, counted from 0."""

CHANGES: Final[Mapping[str, Change]] = {"run.started": "task_created", "run.ended": "task_completed"}
"""What an event of a run is called of a task; any other is an update of it."""


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


def task_with_subtasks(view: RunView, *, tenant: str) -> PlatformTask:
    """A run as a task, with what each agent did in each round."""
    done = (_subtask(view, view.nodes[path], work) for path, work in view.agents.items() if path in view.nodes)
    return replace(platform_task(view, tenant=tenant), subtasks=list(done))


def _subtask(view: RunView, node: NodeView, work: AgentView) -> PlatformSubtask:
    rounds = _ROUND.findall(node.path)
    return PlatformSubtask(
        id=f"{view.run}:{node.path}",
        parent_task_id=view.run,
        agent_type=work.agent,
        iteration=int(rounds[-1]) + 1 if rounds else 1,
        status=SUBTASK_STATUSES[node.status],
        input=node.input,
        output=node.output,
        error=node.error.message if node.error else None,
        created_at=instant(node.started_at or view.at),
        updated_at=instant(node.ended_at or view.at),
        input_tokens=work.costs.input,
        output_tokens=work.costs.output,
        total_cost=work.costs.usd / DOLLAR,
    )


def erased_task(row: RunRow, *, tenant: str) -> PlatformTask:
    """A task of which nothing is kept but that there was one."""
    return PlatformTask(
        id=row.run,
        type=task_type(row.labels, row.graph),
        status=STATUSES[row.status],
        input=None,
        output=None,
        error=row.error or None,
        created_at=instant(row.started_at),
        updated_at=instant(row.ended_at or row.started_at),
        user_id_hash=row.labels.get(USER_HASH),
        tenant_id=tenant,
        model_used=None,
        input_tokens=None,
        output_tokens=None,
        total_cost=None,
        simulated=False,
    )


def task_change(event: str, view: RunView) -> PlatformTaskChange:
    """What happened to a task, and how it stands now."""
    task = platform_task(view, tenant="")
    return PlatformTaskChange(
        event=CHANGES.get(event, "task_updated"),
        task_id=task.id,
        type=task.type,
        status=task.status,
        output=task.output,
        error=task.error,
        updated_at=task.updated_at,
        timestamp=task.updated_at,
        total_cost=task.total_cost,
        model_used=task.model_used,
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
