"""An agent's first actions: its memories are read and its facts fetched before the model is asked at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import structs

from interlock.agents.actions import Action, CallTools
from interlock.agents.context.tokens import clipped, json_text
from interlock.agents.given_input import problem_of_input, with_input_defaults
from interlock.agents.memory_tools import RECALL
from interlock.agents.observations import ToolAnswer
from interlock.agents.offering import Toolbox, schema_of
from interlock.agents.prompts.failing import PromptFailed
from interlock.agents.prompts.variables import prompt_variables
from interlock.agents.schemas_at_hand import schema_at_hand
from interlock.agents.state import AgentState, Fact
from interlock.agents.stepping.asking import ask_model
from interlock.agents.stepping.ending import failed
from interlock.agents.stepping.own_calls import id_of_fact, id_of_memory, name_in
from interlock.core.agent_contract import AgentContract, Prefetch
from interlock.core.messages import AskedCall
from interlock.core.schemas import SchemaRefused
from interlock.core.values import Value, is_list, is_map

_HOLE: Final = re.compile(r"\$\{input((?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\}")


def opened(contract: AgentContract, toolbox: Toolbox, input: Value) -> tuple[AgentState, Action]:
    """The agent with its input, and its first action."""
    given = with_input_defaults(contract, input)
    state = AgentState(input=given, steps_max=contract.limits.steps)
    if (problem := problem_of_input(contract, given)) is not None:
        return failed(state, problem.kind, problem.message)
    from interlock.agents.prompts.rendering import render_prompt  # noqa: PLC0415 - Jinja is heavy

    variables = prompt_variables(contract, toolbox, given)
    try:
        instructions = render_prompt(contract.prompt, variables)
        task = render_prompt(contract.task, variables).strip() if contract.task else ""
    except PromptFailed as problem:
        return failed(state, "invalid", f"the prompt of the agent `{contract.name}` cannot be made: {problem}")
    told = structs.replace(state, instructions=instructions, task=task or _task_of(state.input))
    return _remember(contract, toolbox, told)


def _task_of(input: Value) -> str:
    match input:
        case None:
            return "Begin."
        case str() if input:
            return input
        case _:
            return json_text(input)


def _remember(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    calls = tuple(AskedCall(id_of_memory(memory), RECALL, {"memory": memory}) for memory in contract.memory)
    if not calls:
        return _prefetch(contract, toolbox, state)
    return structs.replace(state, awaited="memory", calls=calls), CallTools(calls, origin="memory")


def _prefetch(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    """Fetch what can be fetched; of the rest the model is told why it is missing."""
    calls: list[AskedCall] = []
    missing: list[Fact] = []
    for wanted in contract.context.prefetch:
        match _call_for(wanted, contract, toolbox, state.input):
            case AskedCall() as call:
                calls.append(call)
            case str(why):
                missing.append(Fact(wanted.name, f"not fetched: {why}", "prefetched", failed=True))
    state = structs.replace(state, facts=(*state.facts, *missing))
    if not calls:
        return ask_model(contract, toolbox, state)
    return structs.replace(state, awaited="prefetched", calls=tuple(calls)), CallTools(tuple(calls), origin="prefetch")


def facts_arrived(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, answers: Sequence[ToolAnswer]
) -> tuple[AgentState, Action]:
    """What was remembered or fetched is kept, and what could not be is said to be missing."""
    is_memory = state.awaited == "memory"
    by_call = {answer.call_id: answer for answer in reversed(answers)}
    facts = tuple(
        _fact(name_in(call.id), by_call.get(call.id), "memory" if is_memory else "prefetched") for call in state.calls
    )
    state = structs.replace(state, facts=(*state.facts, *facts), calls=())
    return _prefetch(contract, toolbox, state) if is_memory else ask_model(contract, toolbox, state)


def _fact(name: str, answer: ToolAnswer | None, source: Literal["memory", "prefetched"]) -> Fact:
    if answer is None:
        return Fact(name, "not fetched: no answer came", source, failed=True)
    if answer.error is not None:
        return Fact(name, clipped(f"not fetched: {answer.text or answer.error.message}"), source, failed=True)
    told = answer.text or ("nothing" if answer.out in (None, []) else json_text(answer.out))
    return Fact(name, clipped(told), source)


# --- What is fetched -------------------------------------------------------------------------------------------------


class _Absent(Exception):
    """The input has nothing there."""


def _call_for(wanted: Prefetch, contract: AgentContract, toolbox: Toolbox, input: Value) -> AskedCall | str:
    """The call that fetches it, or why there is none."""
    if wanted.tool not in toolbox:
        return f"there is no tool `{wanted.tool}`"
    try:
        arguments = _filled(wanted.input, input)
        problems = schema_at_hand(schema_of(contract, toolbox, wanted.tool)).problems(arguments or {}, where="input")
    except _Absent as absent:
        return f"`{absent}` is not given"
    except SchemaRefused as refused:
        return f"the schema of `{wanted.tool}` cannot be used: {refused}"
    if problems:
        return "; ".join(problems)
    return AskedCall(id_of_fact(wanted.name), wanted.tool, arguments or {})


def _filled(template: Value, input: Value) -> Value:
    """The template with what it takes from the input. A text that is one `${input.…}` keeps its type."""
    if is_map(template):
        return {key: _filled(item, input) for key, item in template.items()}
    if is_list(template):
        return [_filled(item, input) for item in template]
    if not isinstance(template, str):
        return template
    if whole := _HOLE.fullmatch(template):
        return _found(whole[1], input)
    return _HOLE.sub(lambda hole: _as_text(_found(hole[1], input)), template)


def _found(path: str, input: Value) -> Value:
    found = input
    for name in path.split(".")[1:]:
        if not is_map(found) or name not in found:
            raise _Absent(f"input{path}")
        found = found[name]
    return found


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else json_text(value)
