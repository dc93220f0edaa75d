"""Schemas as files of tools write them: the short way, as in graphs (`{city: string, d: "integer?"}`), or in full."""

from __future__ import annotations

from typing import Any, Final

from interlock.core.plan import JsonSchema
from interlock.core.problems import Problem
from interlock.core.schemas import check_schema, check_shorthand, shorthand_schema

_ONLY_IN_FULL: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "properties", "items", "additionalProperties"})


def is_written_in_full(written: dict[str, Any]) -> bool:
    """Whether it is a JSON Schema, and no map of fields: it has a keyword whose value no field would have."""
    return any(isinstance(each, (dict, list, bool)) for key, each in written.items() if key in _ONLY_IN_FULL) or (
        isinstance(written.get("type"), list)
    )


def problems_of(written: dict[str, Any]) -> list[Problem]:
    """What is wrong with a schema, either way."""
    return check_schema(written) if is_written_in_full(written) else check_shorthand(written)


def schema_of(written: dict[str, Any]) -> JsonSchema:
    """The JSON Schema of what was written without problems."""
    return written if is_written_in_full(written) else shorthand_schema(written)
