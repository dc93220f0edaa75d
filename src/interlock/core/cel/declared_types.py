"""What is declared of the names of a graph: JSON Schema, as far as an expression can be checked against it.

Types, fields and closedness are read; every other keyword is left to the validation of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

JsonMap: TypeAlias = Mapping[str, Any]
FieldType: TypeAlias = JsonMap | None
"""The declared type of a name: a JSON Schema (its types, fields and closedness are used), or None: nothing is known."""

TIMESTAMP: Final[dict[str, Any]] = {"type": "timestamp"}
"""The type of a name or field that is a point in time, which no JSON Schema can say. Its values may be datetimes."""

INSTANT: Final = "timestamp"
CHECKED_TYPES: Final = frozenset({"string", "boolean", "array", "object", INSTANT})
"""The types worth checking. Numbers are left open: JSON has one kind of them, expressions have two."""

_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fields_of(schema: FieldType) -> Mapping[str, FieldType]:
    """The declared fields of an object; a schema may also be true or false, which declare none."""
    fields = schema.get("properties") if schema is not None else None
    if not isinstance(fields, Mapping):
        return {}
    known = cast("Mapping[str, object]", fields)
    return {name: cast("JsonMap", inside) if isinstance(inside, Mapping) else None for name, inside in known.items()}


def is_closed(schema: FieldType) -> bool:
    """Whether an object has the declared fields and no others."""
    return (
        schema is not None
        and schema.get("additionalProperties") is False
        and isinstance(schema.get("properties", {}), Mapping)
        and not schema.get("patternProperties")
    )


def typed_fields(schema: FieldType, path: str = "") -> Iterator[tuple[str, str]]:
    """The paths of the fields whose type is worth checking, with that type."""
    if schema is None:
        return
    kind = schema.get("type")
    # A node's value may be absent, and then reads as an empty map: the type of a name as a whole is left open.
    if isinstance(kind, str) and kind in CHECKED_TYPES and (path or kind == INSTANT):
        yield path, kind
    for name, inside in fields_of(schema).items():
        if _FIELD_NAME.fullmatch(name):
            yield from typed_fields(inside, f"{path}.{name}" if path else name)
