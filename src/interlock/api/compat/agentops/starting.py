"""A task for an agent: each is a run of its own, so one agent may have many at once."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import told
from interlock.api.compat.finding_agents import contract_of
from interlock.api.desks import Desk
from interlock.authoring.single_step import AGENT, inputs_of_task
from interlock.embedded.graphs import Named
from interlock.showing.agentops import AGENT_TYPE, AGENTOPS, SYSTEM, agent_id, agentops_status
from interlock.wire.agentops import AgentOpsTask


class AgentOpsTaskBody(BaseModel):
    """A task as AgentOps takes it. What it does not know it ignores, as it did there."""

    agent_type: str = Field(max_length=200, examples=["backend_developer"])
    description: str = Field(min_length=1, examples=["Build a REST API for user authentication with JWT tokens"])
    context: dict[str, Any] | None = Field(default=None, description="What else the agent is to know.")


async def start_agentops_task(desk: Desk, body: AgentOpsTaskBody) -> Response:
    """Give an agent a task."""
    contract = await contract_of(desk.interlock, body.agent_type)
    run = await desk.interlock.start(
        Named(f"{AGENT}{contract.name}"),
        inputs_of_task(contract, body.description, body.context or {}),
        labels={SYSTEM: AGENTOPS, AGENT_TYPE: contract.name},
        by=desk.caller.name,
        detach=desk.detaches,
    )
    row = await run.row()
    return told(
        AgentOpsTask(
            task_id=run.id,
            agent_id=agent_id(contract.name, run.id),
            status=agentops_status(row.status, questions=row.waiting),
            message=f"Task assigned to {contract.name}",
        )
    )
