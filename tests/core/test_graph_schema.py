"""The language as a JSON Schema: what editors check and complete graphs with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from interlock.core.graph import KINDS, NODE_MODELS, graph_schema
from tests.core.compiling import data_of
from tests.core.every_kind import EVERY_KIND

SCHEMA = graph_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)


def fields_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of every part of the schema."""
    for part, rules in schema["$defs"].items():
        yield from ((f"{part}.{field}", rule) for field, rule in rules.get("properties", {}).items())
    yield from schema["properties"].items()


def test_an_editor_accepts_what_the_compiler_accepts() -> None:
    """A red line under something that runs is worse than none."""
    assert [error.message for error in VALIDATOR.iter_errors(data_of(EVERY_KIND))] == []


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {a: {tool: look, retrys: 3}}",
        "nodes: {a: {too: look}}",
        "nodes: {a: {tool: look, value: 3}}",
        "nodes: {a: {each: [1], do: {tool: 3}}}",
        "nodes: {a: {loop: {x: {tool: look}}, until: '${true}'}}",
        "node: {}",
    ],
)
def test_an_editor_underlines_what_the_compiler_would_refuse(text: str) -> None:
    """Most slips are seen before anything is run."""
    assert not VALIDATOR.is_valid(data_of(text))


def test_every_field_is_described() -> None:
    """The descriptions are the hover help of editors and the text of the reference."""
    assert [name for name, rule in fields_of(SCHEMA) if not rule.get("description")] == []


def test_every_kind_has_a_model_that_says_what_it_does() -> None:
    """The reference lists them."""
    assert tuple(NODE_MODELS) == KINDS
    assert [kind for kind, model in NODE_MODELS.items() if not model.__doc__] == []
