"""Which agents there are: graphs by their names, and agents as `agent:NAME`, each at an address of its own."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple
from urllib.parse import quote

from interlock.api.errors import ApiError
from interlock.api.visitors import Visitor
from interlock.authoring.single_step import AGENT, TOOL
from interlock.core.plan import Plan
from interlock.embedded.known_graphs import NamedGraph

AGENTS: Final = "/a2a"
CARD: Final = "/.well-known/agent-card.json"
KEYS: Final = "/.well-known/jwks.json"
"""Where agents are, where each has its card, and where the keys are that cards are signed with."""


class FoundAgent(NamedTuple):
    """An agent, and what it runs."""

    name: str
    description: str
    version: str
    plan: Plan


async def agent_named(visitor: Visitor, name: str) -> FoundAgent:
    """The agent of this name; `ApiError` where there is none that could be run."""
    visitor.refuse_unless("read", "graphs")
    if name.startswith(TOOL):
        raise ApiError("graph_not_found", f"{name} is a tool: agents are graphs, and agent:NAME")
    found = await visitor.interlock.registry.find(name)
    if found.plan is None or _is_draft(found.named):
        raise ApiError("graph_not_found", f"{name} has errors, or is a draft: GET /v1/graphs/{name} says which")
    now = found.named.in_force
    return FoundAgent(
        name=name,
        description=await _description(visitor, found.named) or f"Runs {name}.",
        version=str(now.version) if now else found.plan.bundle_hash[:12],
        plan=found.plan,
    )


async def agents_page(visitor: Visitor, *, after: str, limit: int) -> tuple[list[str], str | None]:
    """The names of some graphs that are agents, and behind which one there are more. The first page has all agents."""
    visitor.refuse_unless("read", "graphs")
    page, goes_on = await visitor.interlock.registry.page(after=after, limit=limit)
    graphs = [named.name for named in page if not _is_draft(named) and named.is_valid is not False]
    agents = [] if after else await asyncio.to_thread(visitor.interlock.agents.names)
    return [*(f"{AGENT}{name}" for name in agents), *graphs], goes_on


def address_of(base: str, name: str) -> str:
    """Where an agent is spoken to."""
    return f"{base}{AGENTS}/{quote(name, safe=':')}"


async def _description(visitor: Visitor, named: NamedGraph) -> str:
    """What it is for, in its own words."""
    if not named.name.startswith(AGENT):
        return named.description
    agent = await asyncio.to_thread(visitor.interlock.agents.find, named.name.removeprefix(AGENT))
    return "" if agent is None else agent.contract.description


def _is_draft(named: NamedGraph) -> bool:
    return named.sources[:1] == ["draft"]
