"""Graphs at the limits, and past them: answered in bounded time, and with the name of the limit."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.limits import PROBLEMS_MAX, Limits
from tests.core.compiling import TOOLS

CATALOGUE = Catalogue({tool.name: tool for tool in TOOLS})


def nested(depth: int, kind: str) -> dict[str, Any]:
    """A graph with a node in so many scopes."""
    node: dict[str, Any] = {"tool": "look", "input": {"x": "${outer.x}"}}
    for level in range(depth):
        name = f"n{level}"
        node = {
            "graph": {"graph": {"nodes": {name: node}}},
            "loop": {"loop": {name: node}, "max": 2, "at_max": "accept", "as": f"r{level}"},
            "each": {"each": [1], "nodes": {name: node}, "as": f"i{level}"},
            "do": {"each": [1], "do": node, "as": f"i{level}"},
        }[kind]
    return {"graph": "deep", "nodes": {"outer": {"tool": "look"}, "a": node}}


@pytest.mark.parametrize("kind", ["graph", "loop", "each", "do"])
def test_scopes_nest_as_deep_as_is_allowed_and_no_deeper(kind: str) -> None:
    """The bound is the language's and not the stack's."""
    allowed = compile_graph(nested(64, kind), CATALOGUE)
    refused = compile_graph(nested(65, kind), CATALOGUE)

    assert allowed.plan is not None
    assert [edge.target for edge in allowed.plan.root.nodes[0].edges] == [1]
    assert [problem.message for problem in refused.errors] == ["nodes are nested deeper than 64 scopes"]


def test_a_document_of_any_depth_gets_an_answer() -> None:
    """It may come from a machine, or from somebody who means harm."""
    compiled = compile_graph(nested(5_000, "do"), CATALOGUE)

    assert {problem.message for problem in compiled.errors} == {"the document is nested deeper than 256 levels"}


def test_graphs_that_name_one_another_twice_are_counted_written_out() -> None:
    """Of twenty such graphs a run would open a million scopes, though they hold forty nodes."""
    graphs = {
        f"g{level}": {"graph": f"g{level}", "nodes": {"a": {"graph": f"g{level + 1}"}, "b": {"graph": f"g{level + 1}"}}}
        for level in range(3)
    }
    catalogue = Catalogue(CATALOGUE.tools, {**graphs, "g3": {"graph": "g3", "nodes": {"a": {"tool": "look"}}}})

    allowed = compile_graph(graphs["g0"], catalogue, limits=Limits(unfolded_max=22))
    refused = compile_graph(graphs["g0"], catalogue, limits=Limits(unfolded_max=21))

    assert allowed.plan is not None
    assert [problem.message for problem in refused.errors] == [
        "with every graph written out where it is named, there are more than 21 nodes"
    ]


def test_the_expressions_of_a_graph_are_counted() -> None:
    """One value may hold hundreds of thousands, and each takes a tenth of a millisecond; passing on a field is free."""
    written = {"computed": [f"${{1 + {index}}}" for index in range(20)], "passed_on": ["${b.x}"] * 100}
    graph = {"graph": "wordy", "nodes": {"b": {"tool": "look"}, "a": {"value": written}}}

    allowed = compile_graph(graph, CATALOGUE, limits=Limits(expressions_max=20))
    refused = compile_graph(graph, CATALOGUE, limits=Limits(expressions_max=19))

    assert allowed.plan is not None
    assert [(problem.message, problem.place) for problem in refused.errors] == [
        ("the graph has more than 19 expressions", ("nodes", "a", "value", "computed", 19))
    ]


FLOOD: dict[str, Any] = {f"key{index}": 1 for index in range(20_000)}


@pytest.mark.parametrize("wrong", [FLOOD, {"budget": FLOOD}])
def test_a_flood_of_unknown_keys_is_told_in_part(wrong: dict[str, Any]) -> None:
    """Each unknown key is compared with all that are known: for two hundred thousand that took eleven seconds."""
    compiled = compile_graph({"graph": "wrong", "nodes": {"a": {"tool": "look"}}, **wrong}, CATALOGUE)

    assert 1 <= len(compiled.errors) <= PROBLEMS_MAX + 1


@pytest.mark.parametrize(
    "nodes",
    [
        {"a": {"tool": "x" * 1_000_000}},
        {"a": {"value": 1, "after": "x" * 1_000_000}},
        {"a": {"value": 1, "timeout": "x" * 1_000_000}},
        {"a": {"value": 1, "x" * 1_000_000: 1}},
        {"x" * 1_000_000: {"value": 1}},
    ],
)
def test_a_problem_repeats_little_of_what_is_wrong(nodes: dict[str, Any]) -> None:
    """A megabyte in one line is no message: what is wrong is shown by its beginning and its end."""
    compiled = compile_graph({"graph": "wrong", "nodes": nodes}, CATALOGUE)

    [problem] = compiled.errors
    assert len(problem.message) + len(problem.advice) < 1_300


def test_the_nodes_of_all_scopes_and_graphs_are_counted_together() -> None:
    """A graph is not smaller for being cut into parts."""
    part = {"graph": "part", "nodes": {f"p{index}": {"tool": "look"} for index in range(6)}}
    graph = {"graph": "whole", "nodes": {"a": {"graph": "part"}, "b": {"each": [1], "do": {"tool": "look"}}}}
    catalogue = Catalogue(CATALOGUE.tools, {"part": part})

    allowed = compile_graph(graph, catalogue, limits=Limits(nodes_max=9))
    refused = compile_graph(graph, catalogue, limits=Limits(nodes_max=8))

    assert allowed.plan is not None
    assert [problem.message for problem in refused.errors] == [
        "in graph `part`, at nodes: the graph has more than 5 nodes"
    ]


def test_a_chain_of_very_many_nodes_compiles() -> None:
    """No step of the compiler is deeper than a graph's nesting, however long the graph is."""
    chain = {f"n{index}": {"tool": "look", "input": {"x": f"${{n{index - 1}.x}}"}} for index in range(1, 5_000)}

    compiled = compile_graph({"graph": "chain", "nodes": {"n0": {"tool": "look"}, **chain}}, CATALOGUE)

    assert compiled.plan is not None
    assert sum(len(node.edges) for node in compiled.plan.root.nodes) == 4_999


def test_of_very_many_problems_the_first_are_told() -> None:
    """Guessing what was meant by each of thousands of names would take a minute and help nobody."""
    nodes = {f"n{index}": {"tool": "look", "after": f"m{index}", "when": f"${{q{index}.x}}"} for index in range(2_000)}

    compiled = compile_graph({"graph": "wrong", "nodes": nodes}, CATALOGUE)

    assert PROBLEMS_MAX <= len(compiled.errors) <= PROBLEMS_MAX + 1


def test_cancelling_that_grows_with_the_square_of_the_graph_is_refused() -> None:
    """Each of many nodes cancelling all others would take more memory than the run."""
    nodes = {f"n{index}": {"tool": "look", "cancels": "*"} for index in range(200)}

    compiled = compile_graph({"graph": "wrong", "nodes": nodes}, CATALOGUE, limits=Limits(reach_max=10_000))

    assert [problem.message for problem in compiled.errors] == [
        "`cancels` and `cancel_rest` of this graph reach more than 10000 nodes in all"
    ]
