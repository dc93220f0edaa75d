"""What hangs on what in one scope: edges and what each counts for, joins, fallbacks (rules 8 to 20).

Works on drafts whose mentions are known. Every step is linear in nodes and edges.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.compiling.dependencies import Spot
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import NodeDraft, ScopeDraft, find_name
from interlock.core.compiling.spellings import EdgeSpec, FallbackSpec, QuorumSpec
from interlock.core.compiling.works import labels_of
from interlock.core.problems import Place, nearest

_ANY_OUTCOME = frozenset(p.OUTCOMES)


class Joining(Struct, frozen=True):
    """The edges of a scope, by the index of the node they leave and of the node they lead to; joins and fallbacks."""

    leaving: list[list[p.Edge]]
    leading: list[list[p.Edge]]
    joins: list[p.Join]
    stands_in_for: dict[int, int]
    fallback_of: dict[int, int]


def join_scope(scope: ScopeDraft, parts: Parts) -> Joining:
    """Everything between the nodes of a scope."""
    stands_in_for = _fallbacks(scope, parts)
    leaving: list[list[p.Edge]] = [[] for _ in scope.nodes]
    leading: list[list[p.Edge]] = []
    joins: list[p.Join] = []
    for node in scope.nodes:
        is_alone = node.index in stands_in_for or parts.draft.has_enough
        edges = [] if is_alone else _edges_to(node, stands_in_for, parts)
        if node.index in stands_in_for:
            _check_stand_in(node, scope.nodes[stands_in_for[node.index]], parts)
        leading.append(edges)
        for edge in edges:
            leaving[edge.source].append(edge)
        joins.append(_join(node, edges, parts))
    fallback_of = {failed: fallback for fallback, failed in stands_in_for.items()}
    return Joining(leaving, leading, joins, stands_in_for, fallback_of)


# --- edges -----------------------------------------------------------------------------------------------------------


def _edges_to(node: NodeDraft, stands_in_for: dict[int, int], parts: Parts) -> list[p.Edge]:
    """One edge for each node it depends on, in the order of the sources; `after` wins over a mention."""
    is_fuse = isinstance(node.model, g.FuseNode)
    edges: dict[int, p.Edge] = {}
    if isinstance(node.model, g.FuseNode):
        _add_candidates(node, node.model, edges, parts)
    for name, spec in node.model.after.items():
        source = _source(node, name, (*node.place, "after", name), parts)
        if source is not None and source.index not in edges:
            role = p.Role.REQUIREMENT if is_fuse else p.Role.CONTROL
            edges[source.index] = _edge_after(node, source, spec, role, parts)
    role = p.Role.CONTROL if node.model.join == "all" and not is_fuse else p.Role.REQUIREMENT
    for index, needs_value in node.mentions.items():
        if index not in edges:
            on = None if needs_value else _ANY_OUTCOME
            edges[index] = p.Edge(source=index, target=node.index, role=role, on=on)
    for index in [index for index in edges if index in stands_in_for]:
        _refuse_following_stand_in(node, node.scope.nodes[index], stands_in_for, parts)
        del edges[index]
    return [edges[index] for index in sorted(edges)]


def _add_candidates(node: NodeDraft, model: g.FuseNode, edges: dict[int, p.Edge], parts: Parts) -> None:
    for position, name in enumerate(model.from_):
        place = (*node.place, "from", position)
        source = _source(node, name, place, parts)
        if source is None:
            continue
        if source.index in edges:
            parts.problem(place, f"`{name}` is there twice", "leave one out")
        edges[source.index] = p.Edge(source=source.index, target=node.index, handles=True, candidate=True)


def _source(node: NodeDraft, name: str, place: Place, parts: Parts) -> NodeDraft | None:
    """The node that a name stands for, if it can be waited for from here."""
    source = node.scope.by_name.get(name)
    if source is node:
        parts.problem(place, f"`{name}` waits for itself", "leave it out", at_key=True)
        return None
    if source is not None and not node.scope.single:
        return source
    if find_name(node.scope, name) is not None:
        message = f"`{name}` stands outside of what holds this node"
        parts.problem(place, message, "wait for it there: what holds this node starts it", at_key=True)
        return None
    meant = nearest(name, node.scope.by_name)
    parts.problem(place, f"there is no node `{name}` here", f"did you mean `{meant}`?" if meant else "", at_key=True)
    return None


def _edge_after(node: NodeDraft, source: NodeDraft, spec: EdgeSpec, role: p.Role, parts: Parts) -> p.Edge:
    place = (*node.place, "after", source.name)
    on = None if spec.on is None else frozenset(spec.on)
    if spec.on is not None:
        _check_words(source, spec.on, (*place, "on"), parts)
    when = None
    if spec.when is not None:
        spot = Spot(node.scope, node, visible=_visible_on_edge(node.scope, source))
        when = parts.compiler.condition(spec.when, spot, (*place, "when"))
    handles = on is not None and "failed" in on
    return p.Edge(source=source.index, target=node.index, role=role, on=on, when=when, handles=handles)


def _visible_on_edge(scope: ScopeDraft, source: NodeDraft) -> frozenset[str]:
    """What an edge's condition may mention: it is decided when its source settles, and others may not have."""
    variables = [variable for here in scope.outwards() for variable in here.variables]
    return frozenset(["inputs", "run", "now", "nodes", source.name, *variables])


def _check_words(source: NodeDraft, words: Iterable[str], place: Place, parts: Parts) -> None:
    """An edge may wait only for what its source can come to."""
    if source.kind == "gate" and "failed" in words:
        message = f"nothing can catch a gate's verdict, so `{source.name}` has no `on: failed`"
        parts.problem(place, message, "to branch, use `choose`")
    labels = labels_of(source, parts)
    if labels is None:
        return
    for word in words:
        if word not in labels and word not in p.OUTCOMES:
            meant = nearest(word, [*labels, *p.OUTCOMES])
            known = ", ".join([*sorted(labels), *p.OUTCOMES])
            message = f"`{source.name}` can never end with `{word}`, so this edge never fires"
            parts.problem(place, message, f"did you mean `{meant}`?" if meant else f"it ends with {known}")


# --- joins -----------------------------------------------------------------------------------------------------------


def _join(node: NodeDraft, edges: list[p.Edge], parts: Parts) -> p.Join:
    """How the node counts its control edges, checked against how many there are."""
    model = node.model
    count = sum(edge.role == p.Role.CONTROL for edge in edges)
    counted = "`from`" if isinstance(model, g.FuseNode) else "`after`"
    if model.cancel_rest and model.join == "all":
        message = "with `join: all` nothing is left to cancel when the node starts"
        parts.problem((*node.place, "cancel_rest"), message, "use `join: any`, `first` or `{quorum: n}`", at_key=True)
    match model.join:
        case "all":
            return p.Join("all")
        case _ if count == 0 and not isinstance(model, g.FuseNode):
            if not node.is_broken and not model.after:
                message = f"the join counts the edges of {counted}, and there are none"
                parts.problem((*node.place, "join"), message, "name the nodes in `after`, or leave it out")
            return p.Join("all")
        case "any":
            return p.Join("any")
        case "first":
            return p.Join("quorum", 1)
        case QuorumSpec(quorum=n):
            if n > count:
                message = f"`quorum: {n}` can never be met by the {count} of {counted}"
                parts.problem((*node.place, "join"), message, f"it is at most {count}")
            return p.Join("quorum", n)


# --- fallbacks -------------------------------------------------------------------------------------------------------


def _fallbacks(scope: ScopeDraft, parts: Parts) -> dict[int, int]:
    """Which node stands in for which, by index."""
    stands_in_for: dict[int, int] = {}
    for node in scope.nodes:
        if not isinstance(node.model.on_error, FallbackSpec):
            continue
        place = (*node.place, "on_error", "fallback")
        fallback = _source(node, node.model.on_error.fallback, place, parts)
        if fallback is None:
            continue
        if fallback.index in stands_in_for:
            other = scope.nodes[stands_in_for[fallback.index]].name
            message = f"`{fallback.name}` already stands in for `{other}`"
            parts.problem(place, message, "a fallback stands in for one node: write another")
        elif _stands_in_at_last(node.index, fallback.index, stands_in_for):
            message = f"`{fallback.name}` and `{node.name}` would stand in for each other, and neither could start"
            parts.problem(place, message, "one of them has to start by itself")
        else:
            stands_in_for[fallback.index] = node.index
    return stands_in_for


def _stands_in_at_last(start: int, wanted: int, stands_in_for: dict[int, int]) -> bool:
    """Whether a node stands in, perhaps through others, for the wanted one."""
    at: int | None = start
    while at is not None:
        if at == wanted:
            return True
        at = stands_in_for.get(at)
    return False


def _check_stand_in(node: NodeDraft, failed: NodeDraft, parts: Parts) -> None:
    """A fallback starts by one thing alone; it may read what the node it stands in for was waiting for anyway."""
    for name in node.model.after:
        message = f"`{node.name}` stands in for `{failed.name}` and starts when that fails: it waits for nothing else"
        parts.problem((*node.place, "after", name), message, "leave `after` out", at_key=True)
    known = failed.mentions.keys() | {
        source.index for name in failed.model.after if (source := node.scope.by_name.get(name))
    }
    for index in node.mentions:
        if index not in known and index != failed.index:
            other = node.scope.nodes[index].name
            message = f"`{node.name}` stands in for `{failed.name}`, which does not wait for `{other}`"
            parts.problem(node.place, message, f"make `{failed.name}` wait for it too", at_key=True)


def _refuse_following_stand_in(
    node: NodeDraft, fallback: NodeDraft, stands_in_for: dict[int, int], parts: Parts
) -> None:
    failed = node.scope.nodes[stands_in_for[fallback.index]].name
    message = f"`{fallback.name}` stands in for `{failed}`, so nothing else hangs on it"
    advice = f"depend on `{failed}`: its value is the fallback's when that stands in"
    parts.problem(node.place, message, advice, at_key=True)
