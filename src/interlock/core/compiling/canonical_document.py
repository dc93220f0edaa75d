"""The canonical document of a graph: a document like any other, in which every choice of spelling has been made.

One spelling for each meaning, defaults left out, keys sorted. Only where order means something is it kept: in lists,
and in maps of nodes, whose order decides who starts first.
"""

from __future__ import annotations

from typing import cast

from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.graph import Graph


def canonical_document(model: Graph) -> JsonMap:
    """A graph in its one canonical spelling."""
    return _graph(model.model_dump(mode="json", by_alias=True, exclude_defaults=True), described=True)


def undescribed(document: JsonMap) -> JsonMap:
    """A canonical document without its descriptions: what the graph does, and not what is said of it."""
    return _graph(document, described=False)


def _graph(written: JsonMap, *, described: bool) -> JsonMap:
    canonical: JsonMap = {}
    for key in sorted(written):
        match key, written[key]:
            case "description", _ if not described:
                pass
            case (("nodes" | "finally"), dict() as nodes):
                canonical[key] = _nodes(nodes, described=described)
            case _, item:
                canonical[key] = sorted_maps(item)
    return canonical


def _nodes(written: JsonMap, *, described: bool) -> JsonMap:
    """Nodes in the order of the document: it decides who starts first."""
    return {name: _node(cast("JsonMap", node), described=described) for name, node in written.items()}


def _node(written: JsonMap, *, described: bool) -> JsonMap:
    canonical: JsonMap = {}
    for key in sorted(written):
        match key, written[key]:
            case "description", _ if not described:
                pass
            case (("nodes" | "loop"), dict() as nodes):
                canonical[key] = _nodes(nodes, described=described)
            case "do", dict() as node:
                canonical[key] = _node(node, described=described)
            case "graph", dict() as block:
                canonical[key] = _graph(block, described=described)
            case _, item:
                canonical[key] = sorted_maps(item)
    return canonical


def sorted_maps(item: Json) -> Json:
    """Data with the keys of its maps in order: where order means nothing it must not tell two things apart."""
    match item:
        case dict():
            return {key: sorted_maps(item[key]) for key in sorted(item)}
        case list():
            return [sorted_maps(part) for part in item]
        case float():
            return item + 0.0  # minus zero is zero
        case _:
            return item
