"""What a graph is, as bytes: its canonical document, its hash, and the bundle that a run is pinned to.

The canonical document is a document like any other in which every choice of spelling has been made: one spelling for
each meaning, defaults left out, keys sorted. Only where order means something is it kept: in lists, and in maps of
nodes, whose order decides who starts first. What a node is *for* (`description`) is no part of what a graph means, and
so not of its hash; the bundle holds it, so that a run can be shown as it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from interlock.core import graph as g
from interlock.core.json_data import Json, JsonMap
from interlock.core.plan import LANGUAGE, ToolContract

_BUNDLE_FORMAT: Final = 1


class Bundle(Struct, frozen=True):
    """What a run means, and the name of it. The bytes are kept as they are: hashes are over stored bytes."""

    hash: str
    bytes: bytes


class BundleProblem(ValueError):
    """Bytes that are no bundle this release can open."""


class BundleContent(Struct, frozen=True):
    """What a bundle holds: enough to compile the same plan anywhere."""

    format: int
    language: int
    document: dict[str, Any]
    graphs: dict[str, dict[str, Any]]
    tools: dict[str, ToolContract]


def make_bundle(model: g.Graph, graphs: Mapping[str, g.Graph], tools: Iterable[ToolContract]) -> Bundle:
    """The bundle of a graph, the graphs it names, and the tools they use."""
    content = BundleContent(
        format=_BUNDLE_FORMAT,
        language=LANGUAGE,
        document=canonical_document(model),
        graphs={name: canonical_document(graphs[name]) for name in sorted(graphs)},
        tools={tool.name: tool for tool in sorted(tools, key=lambda tool: tool.name)},
    )
    data = msgspec.msgpack.encode(msgspec.to_builtins(content) | {"tools": _sorted(msgspec.to_builtins(content.tools))})
    return Bundle(hashlib.sha256(data).hexdigest(), data)


def read_bundle(data: bytes) -> BundleContent:
    """What a bundle holds, or a `BundleProblem`."""
    try:
        content = msgspec.msgpack.decode(data, type=BundleContent)
    except msgspec.DecodeError as error:
        raise BundleProblem(f"these {len(data)} bytes are no bundle: {error}") from error
    if content.format != _BUNDLE_FORMAT or content.language > LANGUAGE:
        raise BundleProblem(
            f"the bundle has format {content.format} and language {content.language}: open it with a newer release"
        )
    return content


def graph_hash(model: g.Graph, graphs: Mapping[str, g.Graph]) -> str:
    """The name of what a graph means, with all that it names: the same however and wherever it was written."""
    meaning = [
        LANGUAGE,
        canonical_document(model, described=False),
        {name: canonical_document(graphs[name], described=False) for name in sorted(graphs)},
    ]
    return hashlib.sha256(msgspec.msgpack.encode(meaning)).hexdigest()


# --- the canonical document ------------------------------------------------------------------------------------------


def canonical_document(model: g.Graph, *, described: bool = True) -> JsonMap:
    """A graph in its one canonical spelling."""
    return _graph(model.model_dump(mode="json", by_alias=True, exclude_defaults=True), described=described)


def _graph(written: JsonMap, *, described: bool) -> JsonMap:
    canonical: JsonMap = {}
    for key in sorted(written):
        match key, written[key]:
            case "description", _ if not described:
                pass
            case (("nodes" | "finally"), dict() as nodes):
                canonical[key] = _nodes(nodes, described=described)
            case _, item:
                canonical[key] = _sorted(item)
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
                canonical[key] = _sorted(item)
    return canonical


def _sorted(item: Json) -> Json:
    match item:
        case dict():
            return {key: _sorted(item[key]) for key in sorted(item)}
        case list():
            return [_sorted(part) for part in item]
        case float():
            return item + 0.0  # minus zero is zero
        case _:
            return item
