"""What tasks of the Orchestration Platform can name: agents, tools and graphs."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.compat.finding_agents import contracts
from interlock.api.desks import ReadsGraphs
from interlock.core.agent_contract import AgentContract
from interlock.wire.platform_tasks import (
    PlatformAgent,
    PlatformAgents,
    PlatformTool,
    PlatformTools,
    PlatformWorkflow,
    PlatformWorkflows,
)

GRAPHS_MAX: Final = 1_000

router = APIRouter(tags=["other systems"])


@router.get("/admin/agents", **answers(PlatformAgents, "Every agent."))
async def list_registered_agents(desk: ReadsGraphs) -> Response:
    """List the agents that a task can name."""
    return told(PlatformAgents(agents=[_agent(each) for each in await contracts(desk.interlock)]))


@router.get("/admin/tools", **answers(PlatformTools, "Every tool that can be called."))
async def list_registered_tools(desk: ReadsGraphs) -> Response:
    """List the tools that a task can name."""
    tools = sorted(desk.interlock.toolbox.contracts().values(), key=lambda tool: tool.name)
    shown = [PlatformTool(name=tool.name, description=tool.description, schema=tool.input) for tool in tools]
    return told(PlatformTools(tools=shown))


@router.get("/admin/workflows", **answers(PlatformWorkflows, "Every graph that is known by name."))
async def list_registered_workflows(desk: ReadsGraphs) -> Response:
    """List the graphs that a task can name."""
    page, _ = await desk.interlock.registry.page(after="", limit=GRAPHS_MAX)
    shown = [PlatformWorkflow(name=each.name, description=each.description) for each in page]
    return told(PlatformWorkflows(workflows=shown))


def _agent(contract: AgentContract) -> PlatformAgent:
    return PlatformAgent(
        name=contract.name,
        type=contract.name,
        description=contract.description,
        config={"model": contract.model.pool, "max_steps": contract.limits.steps},
        tools=list(contract.tools),
    )
