"""Whether a call that a model asks for can be made: a tool it is offered, arguments that fit, and no sense lost.

What is wrong is told to the model in words that help it to do better. Whether the call *may* be made is a policy's to
say, not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from interlock.agents.control_tools import ASK, COMPLETE, question_in
from interlock.agents.offering import Toolbox, allowed_tools, meant_tool, offered_name, schema_of
from interlock.agents.schemas_at_hand import schema_at_hand
from interlock.agents.state import AgentState
from interlock.agents.stepping.own_calls import ids_of_own_calls
from interlock.core.agent_contract import CONTROL_TOOLS, AgentContract
from interlock.core.messages import AskedCall
from interlock.core.problems import nearest
from interlock.core.schemas import SchemaRefused
from interlock.core.values import Value

CALLS_AT_ONCE_MAX: Final = 32
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def with_own_names(contract: AgentContract, state: AgentState, calls: Sequence[AskedCall]) -> tuple[AskedCall, ...]:
    """The calls with the tools' names as the contract has them, and each with an id that no other call has.

    An id that a model gives twice, one of the agent's own first calls, or none that a provider would take back, is
    replaced by one that counts.
    """
    used = {*ids_of_own_calls(contract), *(call.id for turn in state.turns for call in turn.calls)}
    count = sum(len(turn.calls) for turn in state.turns)
    named: list[AskedCall] = []
    for number, call in enumerate(calls, start=count + 1):
        own = call.id if _ID.fullmatch(call.id) and call.id not in used else _free_id(number, used)
        used.add(own)
        arguments: Value = {} if call.arguments is None else call.arguments
        tool = meant_tool(contract, call.tool) or call.tool
        named.append(structs.replace(call, id=own, tool=tool, arguments=arguments))
    return tuple(named)


def _free_id(number: int, used: set[str]) -> str:
    own = f"call-{number}"
    while own in used:
        own += "x"
    return own


def problem_of_call(contract: AgentContract, toolbox: Toolbox, call: AskedCall, *, place: int, among: int) -> str:
    """What is wrong with a call; nothing if it can be made. `place`: which of the turn's calls it is."""
    if place >= CALLS_AT_ONCE_MAX:
        return f"{among} calls at once are too many: at most {CALLS_AT_ONCE_MAX} are made"
    if call.tool not in allowed_tools(contract) or not (call.tool in toolbox or call.tool in CONTROL_TOOLS):
        return _no_such_tool(contract, toolbox, call.tool)
    if call.problem:
        return f"its arguments could not be read ({call.problem}): write one JSON object"
    if call.tool == COMPLETE and among > 1:
        return "call it alone, once you have seen what came of the other calls"
    try:
        problems = schema_at_hand(schema_of(contract, toolbox, call.tool)).problems(call.arguments, where="arguments")
    except SchemaRefused as refused:
        return f"the schema of its arguments cannot be used: {refused}"
    if problems:
        return "; ".join(problems)
    question = question_in(call.arguments) if call.tool == ASK else ""
    return question if isinstance(question, str) else ""


def _no_such_tool(contract: AgentContract, toolbox: Toolbox, name: str) -> str:
    there = [tool for tool in allowed_tools(contract) if tool in toolbox or tool in CONTROL_TOOLS]
    known = [offered_name(tool) for tool in there]
    meant = nearest(name, known)
    if meant:
        return f"there is no tool `{name}`: did you mean `{meant}`?"
    return f"there is no tool `{name}`" + (f": there are {', '.join(known)}" if known else ", and no other")
