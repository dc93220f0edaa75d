"""A graph that a program has put together, as text that people go on with."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from interlock.authoring.formatting import format_yaml
from interlock.authoring.writing import written_graph
from interlock.authoring.yaml_document import read_document
from tests.authoring.documents import json_data, keys

GRAPH: dict[str, Any] = {
    "nodes": {
        "first": {"tool": "look_up", "input": {"subject": "${inputs.subject}", "pages": 3}},
        "rounds": {"loop": {"a": {"value": "on"}}, "max": 2, "until": "${true}"},
        "check": {
            "gate": ["${first.score > 1.5}", f"${{first.text == '{'x' * 100}'}}"],
            "description": "It's good: or not.",
        },
    },
    "graph": "written",
}


def test_what_fits_into_a_line_stands_in_one() -> None:
    """It is to look as if somebody had written it."""
    assert written_graph(GRAPH) == (
        "graph: written\n"
        "nodes:\n"
        '  first: {tool: look_up, input: {subject: "${inputs.subject}", pages: 3}}\n'
        "  rounds:\n"
        "    loop:\n"
        "      a: {value: on}\n"
        "    max: 2\n"
        '    until: "${true}"\n'
        "  check:\n"
        "    gate:\n"
        '      - "${first.score > 1.5}"\n'
        f"      - \"${{first.text == '{'x' * 100}'}}\"\n"
        '    description: "It\'s good: or not."\n'
    )


def test_what_was_written_is_formatted() -> None:
    """Nobody should have to format what a program wrote."""
    assert format_yaml(written_graph(GRAPH)) == written_graph(GRAPH)


@given(st.dictionaries(keys, json_data, max_size=4))
def test_what_is_read_of_it_is_what_was_written(data: dict[str, Any]) -> None:
    """Whatever texts stand in a graph, none becomes another value."""
    graph = {"graph": "any", "nodes": {"a": {"value": data}}}

    document = read_document(written_graph(graph))

    assert document.problems == ()
    assert json.dumps(document.data) == json.dumps(graph)
