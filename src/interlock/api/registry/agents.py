"""Agents: `GET /v1/agents`, read anew where their files have changed."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from interlock.agents.collecting import Agents
from interlock.api.answers import answers, told
from interlock.api.desks import Desk, ReadsAgents
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.showing.agents import agent as agent_shown
from interlock.showing.agents import agent_row
from interlock.wire.agents import Agent, AgentPage

router = APIRouter(tags=["registry"])


@router.get("/agents", **answers(AgentPage, "Agents by name, those that come along as well."))
async def list_agents(desk: ReadsAgents, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List the agents: what each is for, and what it may call."""
    agents = await _as_they_are(desk)
    names, following = page_of(agents.names(), limit=limit, cursor=cursor, of="agents")
    rows = [agent_row(agents.get(name), with_place=desk.sees_platform) for name in names]
    return told(AgentPage(agents=rows, next=following))


@router.get("/agents/{agent}", **answers(Agent, "The agent with its whole contract."))
async def get_agent(
    agent: Annotated[str, Path(max_length=200, description="The name of an agent.")], desk: ReadsAgents
) -> Response:
    """One agent: its schemas, limits, what it may call, and its prompt."""
    return told(agent_shown((await _as_they_are(desk)).get(agent), with_place=desk.sees_platform))


async def _as_they_are(desk: Desk) -> Agents:
    await asyncio.to_thread(desk.interlock.agents.renew)
    return desk.interlock.agents
