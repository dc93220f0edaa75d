"""What a prompt may mention: the input, the agent itself, and the tools that it is offered."""

from __future__ import annotations

from typing import Final

from interlock.agents.offering import Toolbox, offered_tools
from interlock.core.agent_contract import AgentContract
from interlock.core.values import Value

VARIABLES: Final = ("agent", "input", "tools")


def prompt_variables(contract: AgentContract, toolbox: Toolbox, input: Value) -> dict[str, Value]:
    """The variables by name, as plain data."""
    return {
        "input": input,
        "agent": {
            "name": contract.name,
            "role": contract.role,
            "description": contract.description,
            "capabilities": list(contract.capabilities),
            "labels": list(contract.labels),
            "steps": contract.limits.steps,
        },
        "tools": [{"name": tool.name, "description": tool.description} for tool in offered_tools(contract, toolbox)],
    }
