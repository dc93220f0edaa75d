"""In what two versions of a graph are written differently: which nodes, and which of their keys. Pure.

Both are compared in their canonical spelling, so that another way of writing the same is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from interlock.core.bundle import BundleContent
from interlock.core.compiling.json_data import JsonMap
from interlock.core.continuing.definitions import AGENTS, definitions

_NODES: Final = frozenset({"nodes", "finally"})


class NodeEdit(Struct, frozen=True, kw_only=True):
    """A node that only one of the versions has, or that is written differently in the other."""

    place: str
    """Where it stands: `refine:/fix`."""
    how: Literal["new", "gone", "changed"]
    keys: tuple[str, ...]
    """The keys that are not the same; `agents` where an agent that works in it, or may be called there, is another."""
    before: JsonMap | None
    after: JsonMap | None


def node_edits(before: BundleContent, after: BundleContent) -> Iterator[NodeEdit]:
    """Every node that is not the same, in the order of the later version; those that are gone come last."""
    mine, theirs = definitions(before), definitions(after)
    for place in dict.fromkeys([*theirs, *mine]):
        old, new = mine.get(place), theirs.get(place)
        if old != new:
            yield NodeEdit(
                place=place,
                how="new" if old is None else "gone" if new is None else "changed",
                keys=_keys(old or {}, new or {}),
                before=_without_agents(old),
                after=_without_agents(new),
            )


def keys_edited(before: BundleContent, after: BundleContent) -> tuple[str, ...]:
    """The keys of the graph itself, besides its nodes, that are not the same."""
    mine, theirs = before.document, after.document
    return tuple(key for key in _keys(mine, theirs) if key not in _NODES)


def _keys(before: JsonMap, after: JsonMap) -> tuple[str, ...]:
    keys = dict.fromkeys([*after, *before])
    return tuple(key for key in keys if key not in before or key not in after or before[key] != after[key])


def _without_agents(node: JsonMap | None) -> JsonMap | None:
    """The node as it is written: what agents are is told of them elsewhere."""
    return None if node is None else {key: item for key, item in node.items() if key != AGENTS}
