"""In what two versions of a graph are written differently: nodes and keys, whatever the spelling."""

from __future__ import annotations

from typing import Any

from interlock.core.bundle import BundleContent, read_bundle
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.continuing.edits import keys_edited, node_edits

Nodes = dict[str, Any]


def content(nodes: Nodes, **keys: object) -> BundleContent:
    """What the bundle of a graph holds."""
    compiled = compile_graph({"graph": "g", "nodes": nodes, **keys}, Catalogue())
    assert compiled.bundle is not None, compiled.problems
    return read_bundle(compiled.bundle.bytes)


def edits(before: Nodes, after: Nodes) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each node that is not the same, how, and which of its keys."""
    return [(each.place, each.how, each.keys) for each in node_edits(content(before), content(after))]


def test_nodes_that_are_new_gone_or_changed_are_told_with_their_keys() -> None:
    """Who reviews a version reads those nodes and no others."""
    before = {"a": {"value": 1}, "b": {"value": 2, "after": "a"}, "c": {"value": 3}}
    after = {"a": {"value": 1}, "b": {"value": 5, "after": "a", "labels": ["x"]}, "d": {"wait": "1h"}}

    assert edits(before, after) == [
        ("b", "changed", ("labels", "value")),
        ("d", "new", ("wait",)),
        ("c", "gone", ("value",)),
    ]


def test_another_spelling_of_the_same_is_no_edit() -> None:
    """`1h` and `60m` wait equally long."""
    assert edits({"a": {"wait": "1h"}}, {"a": {"wait": "60m"}}) == []


def test_what_stands_inside_a_node_is_an_edit_of_its_own() -> None:
    """A loop whose body was changed is not another loop."""
    before = {"l": {"loop": {"x": {"value": 1}}, "max": 2, "at_max": "accept"}}
    after = {"l": {"loop": {"x": {"value": 2}}, "max": 2, "at_max": "accept"}}

    assert edits(before, after) == [("l:/x", "changed", ("value",))]


def test_keys_of_the_graph_itself_are_told_apart_from_its_nodes() -> None:
    """A budget is no node, and changes what a run may do all the same."""
    nodes: Nodes = {"a": {"value": 1}}

    changed = keys_edited(content(nodes, timeout="1h"), content(nodes, budget={"calls": 3}))

    assert set(changed) == {"budget", "timeout"}
