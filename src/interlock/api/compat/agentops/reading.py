"""Runs read as tasks of agents."""

from __future__ import annotations

from msgspec.structs import replace

from interlock.core.values import is_map
from interlock.embedded.handle import RunHandle
from interlock.engine.telling.history import RunView
from interlock.showing.agentops import AGENT_TYPE, AGENTOPS, SYSTEM, AgentTask
from interlock.store.rows import RunRow


async def task_of(run: RunHandle, row: RunRow) -> AgentTask | None:
    """The task that a run is, by the contract to which it is pinned; None if it is none, whatever its labels say."""
    contract = (await run.plan()).agents.get(row.labels.get(AGENT_TYPE, ""))
    if contract is None or row.labels.get(SYSTEM) != AGENTOPS:
        return None
    return AgentTask(await _with_its_words(run, await run.view(whole=False)), contract)


async def _with_its_words(run: RunHandle, view: RunView) -> RunView:
    """A long task is kept elsewhere, and is told all the same."""
    if is_map(view.inputs):
        return view
    return replace(view, inputs=await run.whole(view.inputs))
