"""What a model is offered to call: the tools, agents and graphs that the contract allows, by names that providers take.

A contract says `agent:planner`, providers take letters, digits, `_` and `-`: a model sees `agent__planner_9f8e7d`.
The way back leads over the contract's own list: no name that a model makes up can mean anything else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from interlock.agents.control_tools import DESCRIPTIONS, control_schema
from interlock.agents.memory_tools import memory_contracts
from interlock.core.agent_contract import CONTROL_TOOLS, AgentContract
from interlock.core.messages import OfferedTool
from interlock.core.plan import JsonSchema, ToolContract

Toolbox: TypeAlias = Mapping[str, ToolContract | AgentContract]
"""What there is to call, by the names that contracts use (`run_tests`, `agent:planner`, `graph:build`).

A graph stands as a `ToolContract` of its inputs and outputs. What a contract does not allow is not offered.
"""

NAME_LENGTH_MAX: Final = 64
_TAKEN_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]")
_ANYTHING: Final[JsonSchema] = {"type": "object"}


def offered_name(tool: str) -> str:
    """What a model calls a tool. Two tools never have the same: one whose name had to be changed carries its digest."""
    if _TAKEN_AS_IT_IS.fullmatch(tool):
        return tool
    digest = hashlib.sha256(tool.encode("utf-8", "replace")).hexdigest()[:6]
    readable = _OTHER.sub("_", tool.replace(":", "__"))
    return f"{readable[: NAME_LENGTH_MAX - 7]}_{digest}"


def allowed_tools(contract: AgentContract) -> tuple[str, ...]:
    """Every tool that the model may ask for: an agent with a memory has those of it, named or not.

    One with labels to choose has to say so as it completes its task.
    """
    needed = [*memory_contracts(contract), *(["complete_task"] if contract.labels else [])]
    return (*contract.tools, *(name for name in needed if name not in contract.tools))


def meant_tool(contract: AgentContract, name: str) -> str | None:
    """The tool that a model means by a name; None if it is not offered any such."""
    by_offered = {offered_name(tool): tool for tool in allowed_tools(contract)}
    return by_offered.get(name) or (name if name in by_offered.values() else None)


def schema_of(contract: AgentContract, toolbox: Toolbox, tool: str) -> JsonSchema:
    """What the arguments of a tool have to be."""
    if tool in CONTROL_TOOLS:
        return control_schema(tool, contract)
    known = toolbox.get(tool)
    return (known.input or _ANYTHING) if known is not None else _ANYTHING


def offered_tools(contract: AgentContract, toolbox: Toolbox) -> tuple[OfferedTool, ...]:
    """The offer, in the order of the contract. What is allowed but not there to be called is left out."""
    return tuple(
        OfferedTool(offered_name(tool), _description(toolbox, tool), schema_of(contract, toolbox, tool))
        for tool in allowed_tools(contract)
        if tool in toolbox or tool in CONTROL_TOOLS
    )


def _description(toolbox: Toolbox, tool: str) -> str:
    return DESCRIPTIONS[tool] if tool in CONTROL_TOOLS else toolbox[tool].description
