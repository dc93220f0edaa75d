"""Values made up from schemas: they fit, or it is said that none was found."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.plan import JsonSchema
from interlock.core.schemas import compile_schema
from interlock.core.values import Value
from interlock.engine.conformance.made_up import CannotMakeUp, made_up

REFERRING: JsonSchema = {
    "$defs": {"n": {"type": "integer", "minimum": 7}},
    "type": "array",
    "items": {"$ref": "#/$defs/n"},
}
LOOPING: JsonSchema = {"$defs": {"n": {"$ref": "#/$defs/n"}}, "$ref": "#/$defs/n"}
KEYS = st.sampled_from(
    ["type", "enum", "const", "properties", "required", "items", "minItems", "minimum", "maximum", "minLength", "anyOf"]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats(allow_nan=False)
    | st.sampled_from(["object", "array", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (None, "a made-up text"),
        ({"type": "integer", "exclusiveMinimum": 4}, 5),
        ({"type": "number", "maximum": 0.5}, 0.5),
        ({"type": "string", "maxLength": 3}, "a m"),
        ({"type": ["null", "string"]}, None),
        ({"anyOf": [{"const": 3}, {"type": "string"}]}, 3),
        ({**REFERRING, "minItems": 2}, [7, 7]),
        ({"type": "object", "properties": {"a": {"enum": ["x"]}, "b": {}}, "required": ["a"]}, {"a": "x"}),
    ],
)
def test_a_value_fits_its_schema(schema: JsonSchema | None, value: Value) -> None:
    """The plainest one is made."""
    assert made_up(schema) == value


@pytest.mark.parametrize(
    "schema",
    [{"type": "string", "pattern": "^[0-9]+$"}, LOOPING, {"type": "array", "minItems": 10**9}, {"minLength": 10**12}],
)
def test_what_asks_for_too_much_is_not_made(schema: JsonSchema) -> None:
    """It is said at once, whatever the schema asks for."""
    with pytest.raises(CannotMakeUp):
        made_up(schema)


@given(st.dictionaries(KEYS, ANYTHING, max_size=5))
def test_whatever_a_schema_says_a_value_fits_or_none_is_made(schema: JsonSchema) -> None:
    """Schemas come from anybody: a tool of a server, an agent of a package."""
    with suppress(CannotMakeUp):
        value = made_up(schema)

        assert compile_schema(schema).problems(value, where="it") == []
