"""Schemas kept ready: they judge as one made anew would, and are kept by what they say."""

from __future__ import annotations

import math
from typing import Any

import pytest

from interlock.agents.schemas_at_hand import BYTES_KEPT_MAX, schema_at_hand
from interlock.core.schemas import SchemaRefused, compile_schema


def number(**rules: Any) -> dict[str, Any]:  # noqa: ANN401 - the rules of a schema
    """A schema of a number."""
    return {"type": "integer", **rules}


def test_a_schema_that_says_the_same_is_made_ready_once() -> None:
    """An agent's turns, and all agents with the same tools, share it."""
    assert schema_at_hand(number(maximum=3)) is schema_at_hand(number(maximum=3))
    assert schema_at_hand(number(maximum=3)) is not schema_at_hand(number(maximum=4))


@pytest.mark.parametrize("value", [1, 4, "x", None, []])
def test_it_judges_as_one_that_was_made_anew(value: object) -> None:
    """What an agent is told may not depend on what was asked before."""
    anew = compile_schema(number(maximum=3))

    assert schema_at_hand(number(maximum=3)).problems(value, "n") == anew.problems(value, "n")


def test_what_is_changed_afterwards_changes_nothing() -> None:
    """It is kept by what it said."""
    schema = number(maximum=3)
    before = schema_at_hand(schema)
    schema["maximum"] = 9

    assert before.problems(5)
    assert schema_at_hand(schema).problems(5) == []


@pytest.mark.parametrize(
    "schema",
    [number(maximum="x"), {"$ref": "http://example.org"}, {"const": 10**400}, {"const": math.nan}, {"x": "\ud800"}],
)
def test_one_that_may_not_be_used_is_refused_each_time(schema: dict[str, Any]) -> None:
    """Also what cannot even be written down."""
    for _ in range(2):
        with pytest.raises(SchemaRefused):
            schema_at_hand(schema)


def test_a_large_one_is_used_and_not_kept() -> None:
    """What is kept takes a bounded room."""
    large = number(description="x" * BYTES_KEPT_MAX)

    assert schema_at_hand(large).problems("x")
    assert schema_at_hand(large) is not schema_at_hand(large)
