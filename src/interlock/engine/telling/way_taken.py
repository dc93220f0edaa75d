"""The picture of a run's graph with the way that the run took: how its nodes went, and which edges were taken.

The graph is the one that the run is pinned to. Copies of a node (items, rounds) are one box, and are counted there. The
single node of an `each` with `do` is no box of its own: its items are those of the `each`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from interlock.authoring.drawing.picture import STANDS_IN, Arrow, Box, Picture, edge_label, picture_of
from interlock.core import events as e
from interlock.core.plan import ROOT, Edge, Node, Plan
from interlock.engine.telling.cost_groups import without_copies
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.telling.plan_paths import body_of

DecidedEdges: TypeAlias = dict[tuple[str, int], bool]
"""Conditional edges that were decided, by the path of their source and their number there, and whether they fired."""


class DrawnNode(Struct, frozen=True, kw_only=True):
    """One node of the graph, with all its executions."""

    path: str
    kind: str
    what: str
    notes: tuple[str, ...]
    holder: str
    """The node that holds it; nothing at the top."""
    statuses: dict[str, int]


class DrawnEdge(Struct, frozen=True, kw_only=True):
    """One edge, and how often it was taken."""

    source: str
    target: str
    label: str
    taken: int


class WayTaken(Struct, frozen=True):
    """A graph with the way that a run took."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]


def note_decided_edge(decided: DecidedEdges, event: e.Event) -> None:
    """Keep what an event says of an edge, if it does."""
    if isinstance(event.body, e.EdgeDecided):
        decided[event.path, event.body.ordinal] = event.body.taken


def way_taken(plan: Plan, view: RunView, decided: DecidedEdges) -> WayTaken:
    """The way that a run took through its graph."""
    way = _Way(plan, view, decided)
    drawn = list(way.drawn(picture_of(plan), ROOT, prefix="", holder=""))
    return WayTaken(
        tuple(each for each in drawn if isinstance(each, DrawnNode)),
        tuple(each for each in drawn if isinstance(each, DrawnEdge)),
    )


class _Way:
    """What is known of the run, by the nodes of its graph."""

    def __init__(self, plan: Plan, view: RunView, decided: DecidedEdges) -> None:
        self._plan = plan
        self._decided = decided
        self._nodes = view.nodes
        self._executions: dict[str, list[NodeView]] = {}
        for node in view.nodes.values():
            self._executions.setdefault(without_copies(node.path), []).append(node)

    def drawn(self, picture: Picture, scope: int, *, prefix: str, holder: str) -> Iterator[DrawnNode | DrawnEdge]:
        nodes = self._plan.scopes[scope].nodes
        for box, node in zip(picture.boxes, nodes, strict=True):
            yield from self._box(box, node, path=prefix + box.name, holder=holder)
        for arrow in picture.arrows:
            yield self._edge(arrow, nodes, prefix)
        after = self._plan.scopes[scope].finally_
        if picture.afterwards is not None and after is not None:
            yield from self.drawn(picture.afterwards, after, prefix=f"{prefix}finally/", holder=holder)

    def _box(self, box: Box, node: Node, *, path: str, holder: str) -> Iterator[DrawnNode | DrawnEdge]:
        body = body_of(node)
        is_single = body is not None and self._plan.scopes[body].single
        each = box.inside.boxes[0] if is_single and box.inside is not None else None
        yield DrawnNode(
            path=path,
            kind=box.kind,
            what=box.what if each is None else f"{box.what}: {each.what}",
            notes=box.notes if each is None else (*box.notes, *each.notes),
            holder=holder,
            statuses=self._statuses(path),
        )
        if body is not None and box.inside is not None and not is_single:
            yield from self.drawn(box.inside, body, prefix=f"{path}/", holder=path)

    def _statuses(self, path: str) -> dict[str, int]:
        """As in the run's summary: where a node has copies they are what is counted, and not what holds them."""
        executions = self._executions.get(path, [])
        copies = [each for each in executions if each.path != path]
        return dict(Counter(each.status for each in copies or executions))

    def _edge(self, arrow: Arrow, nodes: tuple[Node, ...], prefix: str) -> DrawnEdge:
        source, target = nodes[arrow.source], nodes[arrow.target]
        if arrow.label == STANDS_IN:
            taken = sum(each.started_at is not None for each in self._executions.get(prefix + target.name, ()))
        else:
            meant = [
                (ordinal, edge)
                for ordinal, edge in enumerate(source.edges)
                if edge.target == arrow.target and edge_label(edge) == arrow.label
            ]
            executions = self._executions.get(prefix + source.name, ())
            taken = sum(any(self._fired(each, source, nodes, *edge) for edge in meant) for each in executions)
        return DrawnEdge(source=prefix + source.name, target=prefix + target.name, label=arrow.label, taken=taken)

    def _fired(self, execution: NodeView, source: Node, nodes: tuple[Node, ...], ordinal: int, edge: Edge) -> bool:
        """As the core has it; what an edge with a condition did is on record."""
        if edge.when is not None:
            return self._decided.get((execution.path, ordinal), False)
        if edge.candidate:
            return execution.status == "succeeded" and execution.output is not None
        if edge.on is not None:
            return execution.status in edge.on or not edge.on.isdisjoint(execution.labels)
        last, node = self._stood_in(execution, source, nodes)
        return last.status == "succeeded" or (last.status == "failed" and node.continues)

    def _stood_in(self, execution: NodeView, node: Node, nodes: tuple[Node, ...]) -> tuple[NodeView, Node]:
        """What took the place of a node that has failed: by that its plain edges are decided."""
        scope = execution.path.removesuffix(node.name)
        while execution.status == "failed" and node.fallback is not None:
            node = nodes[node.fallback]
            found = self._nodes.get(scope + node.name)
            if found is None:
                break
            execution = found
        return execution, node
