"""Whom a node cancels: what `cancels` names, and what `cancel_rest` makes needless (rules 11 and 15).

What a whole graph cancels can grow with the square of its nodes, so it is counted while it is computed, and bounded.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.compiling.joining import Joining
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import NodeDraft, ScopeDraft
from interlock.core.problems import nearest

_EVERYONE: Final = "*"


class Cancelling(Struct, frozen=True):
    """Whom each node of a scope cancels: when it succeeds, and when it becomes ready."""

    on_success: list[tuple[int, ...]]
    rest: list[tuple[int, ...]]


class Reach:
    """How many nodes all the cancelling of a graph may still reach."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._left = most

    @property
    def is_spent(self) -> bool:
        """Whether the bound has been passed: then nothing more is computed."""
        return self._left < 0

    def take(self, count: int) -> None:
        """Counts nodes that were reached."""
        self._left -= count


def cancelling_in(scope: ScopeDraft, joining: Joining, parts: Parts, reach: Reach) -> Cancelling:
    """Whom the nodes of a scope cancel. Past the bound the graph is refused, once."""
    was_spent = reach.is_spent
    on_success = [_cancelled_by(node, joining, parts, reach) for node in scope.nodes]
    rest = [_rest_of(node, joining, reach) for node in scope.nodes]
    if reach.is_spent and not was_spent:
        message = f"`cancels` and `cancel_rest` of this graph reach more than {reach.most} nodes in all"
        parts.problem(scope.place, message, "put parts into graphs of their own, or raise the limit `reach_max`")
    return Cancelling(on_success, rest)


def _cancelled_by(node: NodeDraft, joining: Joining, parts: Parts, reach: Reach) -> tuple[int, ...]:
    """What `cancels` names, with what stands in for it; never the node itself, though it may stand in for another."""
    names = node.model.cancels
    if not names or reach.is_spent:
        return ()
    if _EVERYONE in names:
        if len(names) > 1:
            parts.problem((*node.place, "cancels"), "`*` is already all others", "leave the names out")
        found = [other.index for other in node.scope.nodes if other is not node]
    else:
        named = [index for name in names if (index := _named(node, name, parts)) is not None]
        found = list(dict.fromkeys(other for index in named for other in _with_fallbacks(index, joining)))
        found = [index for index in found if index != node.index]
    reach.take(len(found))
    return tuple(sorted(found))


def _named(node: NodeDraft, name: str, parts: Parts) -> int | None:
    other = node.scope.by_name.get(name)
    place = (*node.place, "cancels", name)
    if other is None or node.scope.single:
        meant = nearest(name, node.scope.by_name)
        advice = f"did you mean `{meant}`?" if meant else "a node cancels others of its own scope"
        parts.problem(place, f"there is no node `{name}` here", advice)
        return None
    if other is node:
        parts.problem(place, f"`{name}` cannot cancel itself", "leave it out")
        return None
    return other.index


def _rest_of(node: NodeDraft, joining: Joining, reach: Reach) -> tuple[int, ...]:
    """The direct sources, and upstream every node all of whose edges lead into what is cancelled."""
    if not node.model.cancel_rest or reach.is_spent:
        return ()
    found: dict[int, None] = {}
    into: dict[int, int] = {}
    direct = [edge.source for edge in joining.leading[node.index] if edge.role == p.Role.CONTROL]
    waiting = [index for source in direct for index in _with_fallbacks(source, joining)]
    while waiting and not reach.is_spent:
        index = waiting.pop()
        if index in found:
            continue
        found[index] = None
        reach.take(1)
        for edge in joining.leading[index]:
            into[edge.source] = into.get(edge.source, 0) + 1
            if into[edge.source] == len(joining.leaving[edge.source]):
                waiting.extend(_with_fallbacks(edge.source, joining))
    return tuple(sorted(found))


def _with_fallbacks(index: int, joining: Joining) -> list[int]:
    """A node and those that stand in for it: when it has failed, they are what lives of it."""
    found = [index]
    while (fallback := joining.fallback_of.get(found[-1])) is not None:
        found.append(fallback)
    return found
