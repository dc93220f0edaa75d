"""Which node of a plan a path names, whether or not anything of it is open. A path that fits nothing names none."""

from __future__ import annotations

from interlock.core.plan import ROOT, EachWork, GraphWork, LoopWork, Node, Plan, ScopePlan


def planned_node(plan: Plan, path: str) -> Node | None:
    """The node that a path like `refine:2/review` names."""
    scope: ScopePlan | None = plan.scopes[ROOT]
    node: Node | None = None
    for segment in path.split("/"):
        if scope is None:
            return None
        if segment == "finally" and scope.finally_ is not None:
            scope, node = plan.scopes[scope.finally_], None
            continue
        name, colon, _ = segment.partition(":")
        index = scope.index.get(name)
        if index is None:
            return None
        node = scope.nodes[index]
        scope = _held_by(plan, node)
        if colon and scope is not None and scope.single:
            # The one node of an `each` with `do` has the item's own path.
            node = scope.nodes[0]
            scope = _held_by(plan, node)
    return node


def _held_by(plan: Plan, node: Node) -> ScopePlan | None:
    match node.work:
        case EachWork(body=body) | LoopWork(body=body) | GraphWork(body=body):
            return plan.scopes[body]
        case _:
            return None
