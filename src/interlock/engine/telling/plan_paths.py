"""Which node of a plan a path names, whether or not anything of it is open. A path that fits nothing names none."""

from __future__ import annotations

from interlock.core.plan import ROOT, EachWork, GraphWork, LoopWork, Node, Plan


def planned_node(plan: Plan, path: str) -> tuple[int, Node] | None:
    """The node that a path like `refine:2/review` names, and the index of the scope of the plan in which it stands."""
    found: tuple[int, Node] | None = None
    scope: int | None = ROOT
    for segment in path.split("/"):
        if scope is None:
            return None
        body = plan.scopes[scope]
        if segment == "finally" and body.finally_ is not None:
            scope, found = body.finally_, None
            continue
        name, colon, _ = segment.partition(":")
        if name not in body.index:
            return None
        found = scope, body.nodes[body.index[name]]
        scope = body_of(found[1])
        if colon and scope is not None and plan.scopes[scope].single:
            # The one node of an `each` with `do` has the item's own path.
            found = scope, plan.scopes[scope].nodes[0]
            scope = body_of(found[1])
    return found


def body_of(node: Node) -> int | None:
    """The index of the scope that a node holds, if it holds one."""
    match node.work:
        case EachWork(body=body) | LoopWork(body=body) | GraphWork(body=body):
            return body
        case _:
            return None
