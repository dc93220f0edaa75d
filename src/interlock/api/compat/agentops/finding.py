"""The agent that an id means: one at work in a run, or one that tasks can be given to."""

from __future__ import annotations

from msgspec import Struct

from interlock.api.compat.agentops.reading import task_of
from interlock.api.compat.finding_agents import contract_of
from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.core.agent_contract import AgentContract
from interlock.embedded.handle import RunHandle
from interlock.engine.errors import RunNotFoundError
from interlock.showing.agentops import AT, AgentTask, run_meant


class AtWork(Struct, frozen=True):
    """An agent with its run."""

    run: RunHandle
    task: AgentTask


async def agent_meant(desk: Desk, id: str) -> AtWork | AgentContract:
    """What is found under an agent's id, or under the id of its task."""
    if AT not in id and id in desk.interlock.agents:
        return await contract_of(desk.interlock, id)
    try:
        run = await desk.interlock.open(run_meant(id))
    except RunNotFoundError:
        raise _unknown(id) from None
    task = await task_of(run, await run.row())
    if task is None or id not in {run.id, task.agent_id}:
        raise _unknown(id)
    return AtWork(run, task)


async def at_work(desk: Desk, id: str) -> AtWork:
    """The same, where only one that has a task will do."""
    found = await agent_meant(desk, id)
    if isinstance(found, AtWork):
        return found
    raise ApiError("refused", f"the agent {id} is at no task: name the one that GET /agents lists with its task")


def _unknown(id: str) -> ApiError:
    return ApiError("agent_not_found", f"there is no agent {id}, nor a task of one: GET /agents lists them")
