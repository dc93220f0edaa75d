"""What a graph looks like, for pages that draw it: nodes by their paths, and the edges that say something."""

from __future__ import annotations

from msgspec.structs import replace

from interlock.authoring.drawing.picture import Box, Picture, picture_of
from interlock.core.plan import ROOT, Node, Plan
from interlock.engine.telling.plan_paths import body_of
from interlock.wire.graphs import Drawing, DrawnEdge, DrawnNode


def drawing(plan: Plan) -> Drawing:
    """Every node with its path, and the edges between them."""
    drawn = _Drawn(plan)
    drawn.add(ROOT, picture_of(plan), holder="", prefix="")
    return Drawing(nodes=drawn.nodes, edges=drawn.edges)


class _Drawn:
    """What was drawn of a graph so far."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.nodes: list[DrawnNode] = []
        self.edges: list[DrawnEdge] = []

    def add(self, index: int, picture: Picture, *, holder: str, prefix: str) -> None:
        """Draw a scope with everything in it."""
        scope = self._plan.scopes[index]
        for node, box in zip(scope.nodes, picture.boxes, strict=True):
            self._add_node(node, box, holder=holder, path=prefix + node.name)
        for arrow in picture.arrows:
            source, target = scope.nodes[arrow.source].name, scope.nodes[arrow.target].name
            self.edges.append(DrawnEdge(source=prefix + source, target=prefix + target, label=arrow.label))
        if scope.finally_ is not None and picture.afterwards is not None:
            self.add(scope.finally_, picture.afterwards, holder=holder, prefix=f"{prefix}finally/")

    def _add_node(self, node: Node, box: Box, *, holder: str, path: str) -> None:
        node, box = self._with_its_only_node(node, box)
        self.nodes.append(
            DrawnNode(node=path, name=node.name, kind=box.kind, what=box.what, notes=list(box.notes), inside=holder)
        )
        body = body_of(node)
        if body is not None and box.inside is not None:
            self.add(body, box.inside, holder=path, prefix=f"{path}/")

    def _with_its_only_node(self, node: Node, box: Box) -> tuple[Node, Box]:
        """An `each` with `do` and its one node are drawn as one: they have one path, and runs tell them together."""
        body = body_of(node)
        if body is None or box.inside is None or not self._plan.scopes[body].single:
            return node, box
        inner, inner_box = self._with_its_only_node(self._plan.scopes[body].nodes[0], box.inside.boxes[0])
        drawn = replace(
            inner_box, kind=box.kind, what=f"{box.what}: {inner_box.what}", notes=(*box.notes, *inner_box.notes)
        )
        return replace(inner, name=node.name), drawn
