"""Values made up from a JSON Schema, always the same: what inputs, arguments and results are in a rehearsal.

Made to fit, not to be likely. Of a schema that asks for more than is tried here, such as a pattern, none is made.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.core.plan import JsonSchema
from interlock.core.schemas import SchemaRefused, compile_schema
from interlock.core.values import Value, is_list, is_map

DEPTH_MAX: Final = 12
TEXT: Final = "a made-up text"


class CannotMakeUp(Exception):
    """No value of a schema was found by the few ways that are tried."""


def made_up(schema: JsonSchema | None) -> Value:
    """A value that fits the schema; `CannotMakeUp` where none is found."""
    if schema is None:
        return TEXT
    value = _value(schema, schema, 0)
    try:
        problems = compile_schema(schema).problems(value, where="it")
    except SchemaRefused as refused:
        raise CannotMakeUp(str(refused)) from None
    if problems:
        raise CannotMakeUp("; ".join(problems))
    return value


def _value(schema: Any, root: JsonSchema, depth: int) -> Any:  # noqa: ANN401 - a schema, and any value
    if depth > DEPTH_MAX:
        raise CannotMakeUp("its schema is too deep")
    if not is_map(schema):
        return TEXT
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return _value(_referred(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _value({**schema[key][0], **{name: schema[name] for name in schema if name != key}}, root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: dict[str, Any], root: JsonSchema, depth: int) -> Any:  # noqa: ANN401 - any value
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind: object = kinds[0] if is_list(kinds) else kinds
    match kind:
        case "object":
            fields: dict[str, Any] = schema.get("properties", {})
            return {name: _value(fields.get(name, {}), root, depth + 1) for name in schema.get("required", ())}
        case "array":
            return [_value(schema.get("items", {}), root, depth + 1) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema)


def _number(schema: dict[str, Any]) -> float:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum", 0)), schema.get("maximum")
    lowest = low + 1 if "exclusiveMinimum" in schema and "minimum" not in schema else low
    return min(max(1, lowest), high) if high is not None else max(1, lowest)


def _text(schema: dict[str, Any]) -> str:
    shortest = int(schema.get("minLength", 0))
    text = TEXT if len(TEXT) >= shortest else TEXT.ljust(shortest, ".")
    return text[: schema.get("maxLength", len(text))]


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
