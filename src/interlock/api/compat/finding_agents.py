"""Agents by the names that requests of other systems give them."""

from __future__ import annotations

import asyncio

from interlock.api.errors import ApiError
from interlock.core.agent_contract import AgentContract
from interlock.core.problems import nearest
from interlock.embedded.interlock import Interlock


async def contract_of(interlock: Interlock, name: str) -> AgentContract:
    """The contract of the agent that is called so."""
    agents = interlock.agents
    found = await asyncio.to_thread(agents.find, name)  # one that comes along is read when it is first asked for
    if found is None:
        names = agents.names()
        meant = nearest(name, names)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(names)}"
        raise ApiError("agent_not_found", f"there is no agent named {name}; {hint}")
    return found.contract


async def contracts(interlock: Interlock) -> list[AgentContract]:
    """The contracts of all agents, by their names."""
    return await asyncio.to_thread(lambda: [agent.contract for agent in interlock.agents])
