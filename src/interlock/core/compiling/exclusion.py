"""Nodes that can never run because they wait for branches of which only one is ever taken.

A `choose` ends with one label, a person with one choice. What a node needs of them adds up along the edges that it
cannot do without, and nobody can choose two things. Other ways of never running are not looked for.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.compiling.cycles import order
from interlock.core.compiling.joining import Joining
from interlock.core.compiling.scoping import NodeDraft, ScopeDraft

_Needs: TypeAlias = dict[int, tuple[frozenset[str], int]]
"""By choosing node: the labels of which it must end with one, and the direct source through which that is needed."""

_NEEDS_MAX: Final = 32
"""How many choices are kept in mind for a node: enough for people, and linear for machines."""


class Exclusion(Struct, frozen=True):
    """A node that waits for two sources which exclude each other, because of how one node chooses."""

    node: NodeDraft
    one: NodeDraft
    other: NodeDraft
    choosing: NodeDraft


def find_exclusions(scope: ScopeDraft, joining: Joining) -> list[Exclusion]:
    """The first nodes, on every way, that can never run."""
    needs: list[_Needs] = [{} for _ in scope.nodes]
    found: list[Exclusion] = []
    for index in order([[edge.source for edge in edges] for edges in joining.leading]):
        node = scope.nodes[index]
        for edge in _indispensable(node, joining):
            clash = _add(needs[index], _needs_through(edge, scope, joining, needs), edge.source)
            if clash is not None:
                choosing, other = clash
                found.append(Exclusion(node, scope.nodes[other], scope.nodes[edge.source], scope.nodes[choosing]))
                needs[index] = {}
                break
    return found


def _indispensable(node: NodeDraft, joining: Joining) -> list[p.Edge]:
    """The edges without which the node never starts."""
    edges = joining.leading[node.index]
    is_all = joining.joins[node.index].how == "all"
    return [edge for edge in edges if not edge.candidate and (is_all or edge.role == p.Role.REQUIREMENT)]


def _needs_through(edge: p.Edge, scope: ScopeDraft, joining: Joining, needs: list[_Needs]) -> dict[int, frozenset[str]]:
    """What must have been chosen for an edge to fire."""
    source = scope.nodes[edge.source]
    inherited = {choosing: labels for choosing, (labels, _) in needs[edge.source].items()}
    if edge.on is None:
        return {} if _may_go_on_unready(source, joining) else inherited
    if not edge.on.isdisjoint(p.OUTCOMES):
        return {}
    choices = _choices(source)
    return inherited | {edge.source: edge.on} if choices is not None and edge.on <= choices else inherited


def _may_go_on_unready(node: NodeDraft, joining: Joining) -> bool:
    """Whether a node may fail before it has what it needs, and what hangs on it goes on all the same.

    It does by a condition of an edge to it that cannot be answered, and a fuse by losing its candidates.
    """
    if node.model.on_error == "fail":
        return False
    return isinstance(node.model, g.FuseNode) or any(edge.when is not None for edge in joining.leading[node.index])


def _choices(node: NodeDraft) -> frozenset[str] | None:
    """The labels of which a node ends with exactly one."""
    match node.model:
        case g.ChooseNode(choose=cases):
            return frozenset(case.label for case in cases)
        case g.HumanNode(choices=choices):
            return frozenset(choices)
        case _:
            return None


def _add(needs: _Needs, more: dict[int, frozenset[str]], source: int) -> tuple[int, int] | None:
    """Adds what an edge needs; the choosing node and the other source, if that cannot be had together."""
    for choosing, labels in more.items():
        known, other = needs.get(choosing, (labels, source))
        if known.isdisjoint(labels):
            return choosing, other
        if choosing in needs or len(needs) < _NEEDS_MAX:
            needs[choosing] = (known & labels, other)
    return None
