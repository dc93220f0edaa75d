"""What agents may call: tools, and other agents, each of which may call others again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from interlock.core.agent_contract import (
    AGENT_DEPTH_MAX,
    AGENT_TOOL,
    CONTROL_TOOLS,
    GRAPH_TOOL,
    MEMORY_TOOLS,
    AgentContract,
)
from interlock.core.catalogue import WhyNot
from interlock.core.plan import DEFAULT_POOL, ToolContract


class BadCallee(NamedTuple):
    """What an agent names and cannot call: it, or an agent that it may call."""

    caller: str
    callee: str
    message: str


def unknown_callees(
    contract: AgentContract,
    tools: Mapping[str, ToolContract],
    agents: Mapping[str, AgentContract],
    kept_away: WhyNot,
) -> Iterator[BadCallee]:
    """What is wrong with what an agent may call, and with what those may call whom it may."""
    yield from _unknown(contract, tools, agents, kept_away, (contract.name,))


def _unknown(
    contract: AgentContract,
    tools: Mapping[str, ToolContract],
    agents: Mapping[str, AgentContract],
    kept_away: WhyNot,
    chain: tuple[str, ...],
) -> Iterator[BadCallee]:
    me = contract.name
    for name in _taken_names(contract, tools):
        hidden = f"the agent `{me}` has a memory, whose `{name}` hides the tool of that name: rename the tool"
        yield BadCallee(me, name, hidden)
    for name in callees(contract):
        if name.startswith(GRAPH_TOOL):
            continue  # a graph that is not there is told where graphs are gathered
        if not name.startswith(AGENT_TOOL):
            if name not in tools:
                why = kept_away(name) or "there is no such tool"
                yield BadCallee(me, name, f"the agent `{me}` may call `{name}`, and {why}")
            continue
        called = agents.get(name.removeprefix(AGENT_TOOL))
        if called is None:
            yield BadCallee(me, name, f"the agent `{me}` may call `{name}`, and there is no such agent")
        elif called.name in chain:
            circle = " → ".join([*chain, called.name])
            yield BadCallee(me, name, f"the agents call one another in a circle: {circle}")
        elif len(chain) >= AGENT_DEPTH_MAX:
            path = " → ".join([*chain, called.name])
            yield BadCallee(me, name, f"agents call agents more than {AGENT_DEPTH_MAX} deep: {path}")
        else:
            yield from _unknown(called, tools, agents, kept_away, (*chain, called.name))


def callees(contract: AgentContract) -> list[str]:
    """Everything that an agent may call: its tools, and what is fetched before it is asked."""
    own = CONTROL_TOOLS | MEMORY_TOOLS if contract.memory else CONTROL_TOOLS
    return [name for name in _named(contract) if name not in own]


def callees_of_other_pools(
    agent: str, agents: Mapping[str, AgentContract], pools: Mapping[str, str], pool: str
) -> Iterator[tuple[str, str]]:
    """The tools that an agent, or one that it may call, calls in a pool that is not theirs; each with who calls it.

    An agent makes its calls where it is performed itself. Tools of the default pool may be called in any.
    """
    for caller in reachable_agents([agent], agents).values():
        for name in callees(caller):
            if pools.get(name, DEFAULT_POOL) not in {DEFAULT_POOL, pool}:
                yield caller.name, name


def _named(contract: AgentContract) -> list[str]:
    return list(dict.fromkeys([*contract.tools, *(each.tool for each in contract.context.prefetch)]))


def _taken_names(contract: AgentContract, tools: Mapping[str, ToolContract]) -> list[str]:
    """Tools that the agent names, and that are called as those of its memory."""
    return sorted(MEMORY_TOOLS & set(_named(contract)) & tools.keys()) if contract.memory else []


def graphs_called(agent: str, agents: Mapping[str, AgentContract]) -> list[str]:
    """The graphs that an agent may call, and those that the agents it calls may."""
    reached = reachable_agents([agent], agents).values()
    names = (name.removeprefix(GRAPH_TOOL) for each in reached for name in callees(each) if name.startswith(GRAPH_TOOL))
    return list(dict.fromkeys(names))


def reachable_agents(names: Iterable[str], agents: Mapping[str, AgentContract]) -> dict[str, AgentContract]:
    """These agents and all that they may call, however deep, by name."""
    found: dict[str, AgentContract] = {}
    left = [name for name in names if name in agents]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = agents[name]
            called = (each.removeprefix(AGENT_TOOL) for each in callees(agents[name]) if each.startswith(AGENT_TOOL))
            left += [each for each in called if each in agents]
    return {name: found[name] for name in sorted(found)}
