"""Values made up from a JSON Schema, always the same: what inputs, arguments and results are in a rehearsal.

Made to fit, not to be likely. Of a schema that asks for more than is tried here, such as a pattern, none is made.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.core.plan import JsonSchema
from interlock.core.schemas import SchemaRefused, compile_schema
from interlock.core.values import Value, is_list, is_map

DEPTH_MAX: Final = 12
PARTS_MAX: Final = 10_000
TEXT_MAX: Final = 100_000
TEXT: Final = "a made-up text"


class CannotMakeUp(Exception):
    """No value of a schema was found by the few ways that are tried."""


def made_up(schema: JsonSchema | None) -> Value:
    """A value that fits the schema; `CannotMakeUp` where none is found."""
    if schema is None:
        return TEXT
    try:
        compiled = compile_schema(schema)
    except SchemaRefused as refused:
        raise CannotMakeUp(str(refused)) from None
    value = _Making(schema).value(schema, 0)
    if problems := compiled.problems(value, where="it"):
        raise CannotMakeUp("; ".join(problems))
    return value


class _Making:
    """One value being made, of no more than so many parts."""

    def __init__(self, root: JsonSchema) -> None:
        self._root = root
        self._parts = 0

    def value(self, schema: Any, depth: int) -> Any:  # noqa: ANN401 - a schema, and any value
        """A value that may fit."""
        self._parts += 1
        if depth > DEPTH_MAX or self._parts > PARTS_MAX:
            raise CannotMakeUp("its schema asks for too much")
        if not is_map(schema):
            return TEXT
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        if schema.get("enum"):
            return schema["enum"][0]
        if "$ref" in schema:
            return self.value(_referred(schema["$ref"], self._root), depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                rest = {name: item for name, item in schema.items() if name != key}
                return self.value({**schema[key][0], **rest} if is_map(schema[key][0]) else rest, depth + 1)
        return self._of_type(schema, depth)

    def _of_type(self, schema: dict[str, Any], depth: int) -> Any:  # noqa: ANN401 - any value
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kind: object = kinds[0] if is_list(kinds) else kinds
        match kind:
            case "object":
                fields: dict[str, Any] = schema.get("properties", {})
                return {name: self.value(fields.get(name, {}), depth + 1) for name in schema.get("required", ())}
            case "array":
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(int(schema.get("minItems", 0)))]
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _text(schema)


def _number(schema: dict[str, Any]) -> float:
    """One, or as near to it as the bounds allow."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 1) + 1) - 1)
    return min(max(1, low), high)


def _text(schema: dict[str, Any]) -> str:
    shortest = int(schema.get("minLength", 0))
    if shortest > TEXT_MAX:
        raise CannotMakeUp("its schema asks for too long a text")
    return TEXT.ljust(shortest, ".")[: int(schema.get("maxLength", TEXT_MAX))]


def _referred(reference: object, root: JsonSchema) -> Any:  # noqa: ANN401 - a schema
    """What a reference within the document leads to."""
    found: Any = root
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise CannotMakeUp(f"its schema refers to {reference!r}")
    for part in filter(None, reference.removeprefix("#").split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        if not is_map(found) or name not in found:
            raise CannotMakeUp(f"its schema refers to {reference!r}, which is not there")
        found = found[name]
    return found
