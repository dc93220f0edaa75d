"""Runs read as tasks of agents."""

from __future__ import annotations

from msgspec.structs import replace

from interlock.core.values import is_map
from interlock.embedded.handle import RunHandle
from interlock.engine.telling.history import RunView
from interlock.showing.agentops import AGENT_TYPE, AGENTOPS, SYSTEM, AgentTask
from interlock.store.rows import RunRow


def is_task(row: RunRow) -> bool:
    """Whether a run was started as a task for an agent."""
    return row.labels.get(SYSTEM) == AGENTOPS and AGENT_TYPE in row.labels


async def task_of(run: RunHandle, row: RunRow) -> AgentTask:
    """The task that a run is, by the contract to which it is pinned."""
    plan = await run.plan()
    return AgentTask(await _with_its_words(run, await run.view(whole=False)), plan.agents[row.labels[AGENT_TYPE]])


async def _with_its_words(run: RunHandle, view: RunView) -> RunView:
    """A long task is kept elsewhere, and is told all the same."""
    if is_map(view.inputs):
        return view
    return replace(view, inputs=await run.whole(view.inputs))
