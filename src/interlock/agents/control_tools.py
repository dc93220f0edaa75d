"""The two tools that are no contact with the world: `complete_task` ends the agent, `request_human_input` asks people.

They are offered as any other tool where the contract allows them, and read here instead of being called.
"""

from __future__ import annotations

from typing import Any, Final, cast

from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Question
from interlock.core.json_schema.relocation import placed_at
from interlock.core.plan import JsonSchema
from interlock.core.schemas import check_schema
from interlock.core.values import Value, encode, is_list, is_map

COMPLETE: Final = "complete_task"
ASK: Final = "request_human_input"

DESCRIPTIONS: Final = {
    COMPLETE: "Finish the task and hand in its result. Call it alone, once everything else is done.",
    ASK: "Ask a person, and wait for the answer. Give choices or a form where the answer has to be one of them.",
}

QUESTION_BYTES_MAX: Final = 16_000
"""It stands in an event, and a person reads it."""


def control_schema(tool: str, contract: AgentContract) -> JsonSchema:
    """What the arguments of one of them have to be, for this agent."""
    return _complete_schema(contract) if tool == COMPLETE else _ASK_SCHEMA


_ASK_SCHEMA: Final[JsonSchema] = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "minLength": 1},
        "context": {"type": "string", "description": "What the person has to know to answer."},
        "urgency": {"enum": ["low", "medium", "high"]},
        "choices": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": True},
        "form": {"type": "object", "description": "A JSON Schema of what is to be filled in."},
    },
    "required": ["question"],
    "additionalProperties": False,
}

_IN_WORDS: Final[JsonSchema] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
}


def _complete_schema(contract: AgentContract) -> JsonSchema:
    """With a schema of the agent's output, `result` has to fit it; else a summary is asked for."""
    if contract.output is None:
        properties: dict[str, Any] = {"summary": {"type": "string", "minLength": 1}, "artifacts": {}}
        required = ["summary"]
    else:
        properties = {"result": placed_at(("properties", "result"), contract.output)}
        required = ["result"]
    if contract.labels:
        properties["labels"] = {"type": "array", "items": {"enum": list(contract.labels)}, "uniqueItems": True}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def completed(contract: AgentContract, arguments: Value) -> tuple[Value, tuple[str, ...]]:
    """The result and the labels in arguments that fit the schema."""
    given = cast("dict[str, Value]", arguments)
    labels = tuple(sorted(given.get("labels", ())))
    if contract.output is not None:
        return given["result"], labels
    return {name: item for name, item in given.items() if name != "labels"}, labels


def question_in(arguments: Value) -> Question | str:
    """What a person is asked by arguments that fit the schema, or what is wrong with it."""
    given = cast("dict[str, Value]", arguments)
    choices, form = given.get("choices"), given.get("form")
    if choices is not None and form is not None:
        return "give choices or a form, not both"
    if form is not None and (problems := check_schema(form)):
        return f"the form cannot be used: {problems[0].message}"
    if (size := len(encode([given["question"], given.get("context"), choices, form]))) > QUESTION_BYTES_MAX:
        return f"{size:,} bytes are more than the {QUESTION_BYTES_MAX:,} that a person is asked at once: ask for less"
    asked = f"Urgent: {given['question']}" if given.get("urgency") == "high" else given["question"]
    return Question(
        "\n\n".join(filter(None, [asked, given.get("context", "")])),
        choices=tuple(choices) if is_list(choices) else (),
        form=form if is_map(form) else None if choices else _IN_WORDS,
    )
