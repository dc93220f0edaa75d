"""Questions of runs as forms that an MCP client shows its person, and what such a form says when it comes back.

The protocol knows flat forms alone: text, numbers, yes or no, one of several. A question that asks for more is not put
that way: it is told in the answer of the tool, and answered with `interlock_answer`.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from interlock.core.values import Value, is_list, is_map
from interlock.store.rows import QuestionRow

CHOICE: Final = "choice"
WHY: Final = "why"
_KINDS: Final = ("string", "number", "integer", "boolean")
_KEPT: Final = (
    "type",
    "title",
    "description",
    "enum",
    "default",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "format",
)
_FORMATS: Final = ("email", "uri", "date", "date-time")


class Said(Struct, frozen=True):
    """An answer as runs take it."""

    choice: str = ""
    form: Value = None
    why: str = ""


def form_of(row: QuestionRow) -> dict[str, Any] | None:
    """The schema of the form that asks this; None where no form of the protocol could."""
    question = row.question
    if row.reason == "reconcile":
        return None
    if question.choices:
        words = [choice for choice in question.choices if choice != "edit"]
        properties = {
            CHOICE: {"type": "string", "enum": words},
            WHY: {"type": "string", "description": "For the record."},
        }
        return {"type": "object", "properties": properties, "required": [CHOICE]}
    return _flat(question.form)


def said_by(row: QuestionRow, content: dict[str, Any]) -> Said:
    """What a filled form says to the question."""
    if row.question.choices:
        return Said(choice=str(content.get(CHOICE, "")), why=str(content.get(WHY) or ""))
    return Said(form=content)


def _flat(form: Value) -> dict[str, Any] | None:
    properties = form.get("properties") if is_map(form) else None
    if not is_map(form) or not is_map(properties) or not properties:
        return None
    fields = {name: _field(each) for name, each in properties.items()}
    if None in fields.values():
        return None
    required = form.get("required")
    return {"type": "object", "properties": fields, "required": required if is_list(required) else []}


def _field(schema: Value) -> dict[str, Any] | None:
    if not is_map(schema) or schema.get("type") not in _KINDS:
        return None
    field = {key: schema[key] for key in _KEPT if key in schema}
    if field.get("format") not in _FORMATS:
        field.pop("format", None)
    return field
