"""How the nodes of a graph are defined, by the place where they stand: what tells whether a node was changed. Pure.

An agent is part of the definition of the node that it works in, with all whom it may call: its prompt decides what the
node does. What a tool does is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from interlock.core.bundle import BundleContent
from interlock.core.compiling.callees import reachable_agents
from interlock.core.compiling.canonical_document import sorted_maps
from interlock.core.compiling.json_data import Json, JsonMap

Definitions: TypeAlias = dict[str, JsonMap]
"""Definitions by place. A place is a path without the numbers of its copies: `refine:/fix`."""

_NUMBERS: Final = re.compile(r":\d+")
AGENTS: Final = "agents"
"""Under which key the agents of a node stand."""
_BODIES: Final = frozenset({"nodes", "loop", "do"})
"""Keys under which nodes of their own stand; a `graph` may hold a block as well."""


def place_of(path: str) -> str:
    """The place of a path: every item and round stands in the same."""
    return _NUMBERS.sub(":", path)


def definitions(content: BundleContent) -> Definitions:
    """Every node of a graph and of the graphs it names. What stands inside a node is not part of its definition."""
    return dict(_graph("", content.document, content))


def _graph(key: str, document: JsonMap, content: BundleContent) -> Iterator[tuple[str, JsonMap]]:
    yield from _nodes(key, document.get("nodes"), content)
    yield from _nodes(f"{key}finally/", document.get("finally"), content)


def _nodes(key: str, nodes: Json, content: BundleContent) -> Iterator[tuple[str, JsonMap]]:
    if isinstance(nodes, dict):
        for name, node in nodes.items():
            assert isinstance(node, dict), "a canonical node is a map"
            yield from _node(f"{key}{name}", node, content)


def _node(place: str, node: JsonMap, content: BundleContent) -> Iterator[tuple[str, JsonMap]]:
    graph, single = node.get("graph"), node.get("do")
    bodies = _BODIES | {"graph"} if isinstance(graph, dict) else _BODIES
    yield place, {key: item for key, item in node.items() if key not in bodies} | _agents(node, content)
    yield from _nodes(f"{place}:/", node.get("nodes"), content)
    yield from _nodes(f"{place}:/", node.get("loop"), content)
    if isinstance(single, dict):
        yield from _node(f"{place}:", single, content)
    if isinstance(graph, dict):
        yield from _graph(f"{place}/", graph, content)
    elif isinstance(graph, str) and graph in content.graphs:
        yield from _graph(f"{place}/", content.graphs[graph], content)


def _agents(node: JsonMap, content: BundleContent) -> JsonMap:
    """The agent of a node and those whom it may call, where it has one."""
    name = node.get("agent")
    if not isinstance(name, str):
        return {}
    reached = reachable_agents([name], content.agents)
    return {AGENTS: {each: sorted_maps(msgspec.to_builtins(agent)) for each, agent in reached.items()}}
