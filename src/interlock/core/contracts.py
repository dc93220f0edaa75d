"""What can be checked of an input before a run: its literal parts, against what the tool or graph says it takes."""

from __future__ import annotations

from typing import Any

from interlock.core.plan import JsonSchema
from interlock.core.problems import Place, Problem, nearest


def check_literals(written: Any, schema: JsonSchema, place: Place, problems: list[Problem]) -> None:  # noqa: ANN401
    """Finds missing and unknown keys of an input."""
    fields = schema.get("properties")
    if not isinstance(written, dict) or not isinstance(fields, dict):
        return
    for name in schema.get("required", ()):
        if name not in written:
            problems.append(Problem(place=place, message=f"the input lacks `{name}`", at_key=True))
    if schema.get("additionalProperties") is False:
        for name in written:
            if name not in fields:
                meant = nearest(name, fields)
                advice = f"did you mean `{meant}`?" if meant else f"it takes {', '.join(fields) or 'nothing'}"
                problems.append(
                    Problem(place=(*place, name), message=f"`{name}` is not taken", advice=advice, at_key=True)
                )


def check_written_schema(schema: JsonSchema, place: Place, problems: list[Problem]) -> None:
    """A JSON Schema that somebody wrote must be one."""
