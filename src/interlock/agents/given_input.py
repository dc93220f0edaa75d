"""What an agent is given, as its contract wants it: with its defaults, or why it cannot be taken."""

from __future__ import annotations

from interlock.agents.schemas_at_hand import schema_at_hand
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Error
from interlock.core.schemas import SchemaRefused, with_defaults
from interlock.core.values import Value


def with_input_defaults(contract: AgentContract, input: Value) -> Value:
    """The input, and in it what its schema puts where nothing was given."""
    return with_defaults(contract.input, input) if contract.input else input


def problem_of_input(contract: AgentContract, given: Value) -> Error | None:
    """Why the agent cannot begin with it; None if it can."""
    if contract.input is None:
        return None
    try:
        problems = schema_at_hand(contract.input).problems(given, where="input")
    except SchemaRefused as refused:
        problems = [f"its schema cannot be used: {refused}"]
    if not problems:
        return None
    return Error("invalid", f"the agent `{contract.name}` cannot take its input: {'; '.join(problems)}")
