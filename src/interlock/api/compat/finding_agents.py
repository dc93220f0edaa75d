"""Agents by the names that requests of other systems give them."""

from __future__ import annotations

import asyncio

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.core.agent_contract import AgentContract
from interlock.core.problems import nearest


async def contract_of(desk: Desk, name: str) -> AgentContract:
    """The contract of the agent that is called so."""
    agents = desk.interlock.agents
    found = await asyncio.to_thread(agents.find, name)  # one that comes along is read when it is first asked for
    if found is None:
        names = agents.names()
        meant = nearest(name, names)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(names)}"
        raise ApiError("agent_not_found", f"there is no agent named {name}; {hint}")
    return found.contract


async def contracts(desk: Desk) -> list[AgentContract]:
    """The contracts of all agents, by their names."""
    return await asyncio.to_thread(lambda: [agent.contract for agent in desk.interlock.agents])
