"""Agents as programs are shown them."""

from __future__ import annotations

from msgspec import UNSET, structs, to_builtins

from interlock.agents.agent import Agent
from interlock.core.agent_contract import AgentContract
from interlock.core.values import digest_of
from interlock.wire import agents as wire


def agent_row(agent: Agent, *, with_place: bool = True) -> wire.AgentRow:
    """An agent as lists show it."""
    contract = agent.contract
    return wire.AgentRow(
        agent=contract.name,
        version=contract.version,
        role=contract.role,
        description=contract.description,
        capabilities=list(contract.capabilities),
        tools=list(contract.tools),
        place=agent.place if with_place else UNSET,
        hash=contract_hash(contract),
    )


def agent(found: Agent, *, with_place: bool = True) -> wire.Agent:
    """An agent with its whole contract."""
    row = structs.asdict(agent_row(found, with_place=with_place))
    return wire.Agent(**row, contract=to_builtins(found.contract), prompt=digest_of(found.contract.prompt))


def contract_hash(contract: AgentContract) -> str:
    """The name of everything that a contract says."""
    return digest_of(to_builtins(contract, order="deterministic"))
