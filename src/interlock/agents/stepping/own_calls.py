"""The ids of the calls that an agent makes by itself before its model is asked, which no call of the model has."""

from __future__ import annotations

from interlock.core.agent_contract import AgentContract

_MEMORY = "memory"
_PREFETCH = "prefetch"


def id_of_memory(memory: str) -> str:
    """The call that reads a memory."""
    return f"{_MEMORY}-{memory}"


def id_of_fact(name: str) -> str:
    """The call that fetches a fact."""
    return f"{_PREFETCH}-{name}"


def name_in(id: str) -> str:
    """The memory or the fact that such a call is for."""
    return id.partition("-")[2]


def ids_of_own_calls(contract: AgentContract) -> frozenset[str]:
    """Of all such calls of an agent."""
    return frozenset(
        [*map(id_of_memory, contract.memory), *(id_of_fact(each.name) for each in contract.context.prefetch)]
    )
