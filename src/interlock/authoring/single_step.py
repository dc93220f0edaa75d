"""Graphs of one step, for an agent or a tool that is asked for by itself: as documents, like any that people write.

`agent:research` and `tool:web_search` mean such a graph wherever a graph is named. Also: which inputs are meant by
plain words, as a chat or another system's request gives them. Compiles nothing, and looks for no agent or tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from interlock.authoring.errors import NoTextInputError
from interlock.core.agent_contract import AgentContract
from interlock.core.plan import ToolContract
from interlock.core.values import JsonSchema, is_list, is_map

AGENT: Final = "agent:"
"""How an agent is named where a graph is wanted: `agent:research`."""
TOOL: Final = "tool:"
"""How a tool is named where a graph is wanted: `tool:web_search`."""
STEP: Final = "step"
"""The one node of such a graph."""

_GRAPH_NAME_MAX: Final = 100
_ANYTHING: Final[JsonSchema] = {"type": "object", "properties": {}}
"""A schema as a whole, and no list of inputs: in that `type` would be the name of one."""
_NOT_IN_GRAPH_NAME: Final = re.compile(r"[^a-z0-9_-]")
_USUAL_TEXTS: Final = ("task", "question", "text", "query", "topic", "request", "goal", "description", "prompt")
"""What such a field is usually called, the first of them first."""


def is_single_step(name: str) -> bool:
    """Whether a name means an agent or a tool by itself."""
    return name.startswith((AGENT, TOOL))


def graph_of_agent(contract: AgentContract) -> dict[str, Any]:
    """The graph that asks one agent: its inputs are the agent's, its output `result` what the agent gives."""
    return _graph("agent", contract.name, contract.input, contract.description)


def graph_of_tool(contract: ToolContract) -> dict[str, Any]:
    """The graph that calls one tool: its inputs are the tool's, its output `result` what the tool gives."""
    return _graph("tool", contract.name, contract.input, contract.description)


def _graph(kind: str, name: str, schema: JsonSchema | None, description: str) -> dict[str, Any]:
    return {
        "graph": f"{kind}-{_NOT_IN_GRAPH_NAME.sub('-', name.lower())}"[:_GRAPH_NAME_MAX],
        "description": description,
        "inputs": schema if schema is not None else _ANYTHING,
        "nodes": {STEP: {kind: name, "input": "${inputs}"}},
        "outputs": {"result": f"${{{STEP}}}"},
    }


# --- Words for inputs -------------------------------------------------------------------------------------------------


def inputs_of_text(schema: JsonSchema | None, text: str, *, what: str) -> dict[str, Any]:
    """The inputs that plain words are: the one text that is needed, or the one that is usually meant.

    `what` is told where there is none: `NoTextInputError`.
    """
    field = _text_field(schema)
    if field is None:
        raise NoTextInputError(what, sorted(_properties(schema)))
    return {field: text}


def inputs_as_meant(schema: JsonSchema | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same inputs, but that one text under a name of somebody else's stands under the name it has here.

    `{"topic": "rails"}` is `{"question": "rails"}` for what takes a question. What is not that plain is left as it is,
    and refused by whoever takes it.
    """
    field, properties = _text_field(schema), _properties(schema)
    strange = [name for name in given if name not in properties]
    if field is None or field in given or not properties or len(strange) != 1 or not isinstance(given[strange[0]], str):
        return dict(given)
    return {field if name == strange[0] else name: value for name, value in given.items()}


def inputs_of_task(contract: AgentContract, description: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that a task with a description and a context is for an agent: under its own names for them.

    A context that the agent has no input for is told behind the description.
    """
    properties = _properties(contract.input)
    takes_context = contract.input is not None and "context" in properties
    told = description if takes_context or not context else f"{description}\n\nWhat else is known:\n{_as_text(context)}"
    if "description" in properties:
        inputs: dict[str, Any] = {"description": told}
    else:
        inputs = inputs_of_text(contract.input, told, what=f"the agent `{contract.name}`")
    if takes_context and context:
        inputs["context"] = _as_text(context) if _is_text(properties["context"]) else dict(context)
    return inputs


def text_in(schema: JsonSchema | None, inputs: Mapping[str, Any]) -> str:
    """The words that inputs were made of, as far as that can be told: what stands under the one name for such."""
    field = "description" if "description" in _properties(schema) else _text_field(schema)
    text = inputs.get(field or "")
    return text if isinstance(text, str) else ""


def _text_field(schema: JsonSchema | None) -> str | None:
    """The one input that is text and needed; of several or none, the one with a usual name."""
    if schema is None or (schema.get("additionalProperties") is not False and not _properties(schema)):
        return _USUAL_TEXTS[0]  # it takes anything
    properties, required = _properties(schema), schema.get("required")
    texts = [name for name, each in properties.items() if _is_text(each)]
    match [name for name in properties if is_list(required) and name in required]:
        case [needed]:
            return needed if needed in texts else None
        case []:
            return next((name for name in _USUAL_TEXTS if name in texts), None)
        case _:
            return None


def _properties(schema: JsonSchema | None) -> Mapping[str, Any]:
    properties = None if schema is None else schema.get("properties")
    return properties if is_map(properties) else {}


def _is_text(schema: object) -> bool:
    kinds = schema.get("type") if is_map(schema) else None
    return kinds == "string" or (is_list(kinds) and "string" in kinds)


def _as_text(context: Mapping[str, Any]) -> str:
    return json.dumps(context, ensure_ascii=False, indent=2)
