"""The limits of a node or graph: as they were written, and for an agent's node the tighter of those and its own."""

from __future__ import annotations

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.agent_contract import AgentContract
from interlock.core.compiling.parts import Parts
from interlock.core.spending import MicroUsd


def written_budget(spec: g.NodeBudget | None) -> p.Budget | None:
    """The limits that stand in a document."""
    if spec is None:
        return None
    wall = spec.wall if isinstance(spec, g.GraphBudget) else None
    return p.Budget(spec.calls, wall, spec.usd, spec.tokens, spec.steps, asks=spec.on_limit == "ask")


def budget_of_node(model: g.AnyKind, parts: Parts) -> p.Budget | None:
    """The limits of a node."""
    written = written_budget(getattr(model, "budget", None))
    agent = parts.agents.get(model.agent) if isinstance(model, g.AgentNode) else None
    return written if agent is None else _tighter(written or p.Budget(), agent)


def timeout_of_node(model: g.AnyKind, parts: Parts) -> p.Micros | None:
    """How long an attempt at a node, or what it holds, may take."""
    written: p.Micros | None = getattr(model, "timeout", None)
    agent = parts.agents.get(model.agent) if isinstance(model, g.AgentNode) else None
    return written if agent is None else _least(written, agent.limits.latency)


def price_of_node(model: g.AnyKind, parts: Parts) -> MicroUsd:
    """What a call of a node costs by the terms of its tool."""
    contract = parts.tools.get(model.tool) if isinstance(model, g.ToolNode) else None
    return contract.terms.usd if contract is not None and contract.terms is not None else 0


def limits_of_agent(agent: AgentContract) -> p.Budget:
    """The limits of an agent wherever it works."""
    limits = agent.limits
    return p.Budget(limits.calls, None, limits.usd, limits.tokens, asks=agent.on_limit == "ask")


def _tighter(written: p.Budget, agent: AgentContract) -> p.Budget | None:
    own = limits_of_agent(agent)
    both = p.Budget(
        _least(written.calls, own.calls),
        None,
        _least(written.usd, own.usd),
        _least(written.tokens, own.tokens),
        written.steps,
        asks=written.asks or own.asks,
    )
    return both if both.counts else None


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
