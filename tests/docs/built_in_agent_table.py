"""The agents that come along as a table, read from their contracts."""

from __future__ import annotations

from typing import Any

from interlock.agents.agent import Agent
from interlock.agents.built_in_agents import built_in_agent, built_in_names


def built_in_agent_table() -> str:
    """One row for each agent: what it is for, what it takes, what it gives, and in how many steps."""
    rows = [_row(built_in_agent(name)) for name in built_in_names()]
    return "\n".join(["| agent | what it does | takes | gives | steps |", "|---|---|---|---|---|", *rows])


def _row(agent: Agent) -> str:
    contract = agent.contract
    takes, gives = _fields(contract.input), _fields(contract.output)
    labels = f"; chooses {' or '.join(f'`{label}`' for label in contract.labels)}" if contract.labels else ""
    told = f"{contract.description.removesuffix('.')}{labels}."
    return f"| `{agent.name}` | {told} | {takes} | {gives} | {contract.limits.steps} |"


def _fields(schema: dict[str, Any] | None) -> str:
    """The fields; of what it is given, what has to be stands in bold where the rest may be left out."""
    fields: dict[str, Any] = (schema or {}).get("properties", {})
    needed: list[str] = (schema or {}).get("required", [])
    is_mixed = 0 < len(needed) < len(fields)
    return ", ".join(f"**`{name}`**" if is_mixed and name in needed else f"`{name}`" for name in fields)
