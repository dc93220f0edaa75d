"""Paths: how one execution of a node is named, and how to find it in the state.

A scope's key begins the paths of its nodes: "" for the root, `refine:2/` for a round. The single node of an `each` with
`do` has the item's own path, so there the key *is* the node's path: `summarise:12`. Events about a scope carry its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.core.state import RunState, Scope

if TYPE_CHECKING:
    from interlock.core.plan import Node, Plan, ScopePlan

UNDO_SUFFIX = "!undo"


def body_of(plan: Plan, scope: Scope) -> ScopePlan:
    """The plan of a scope."""
    return plan.scopes[scope.body]


def path_of(plan: Plan, scope: Scope, index: int) -> str:
    """The path of a node of a scope."""
    body = plan.scopes[scope.body]
    return scope.key if body.single else scope.key + body.nodes[index].name


def node_at(plan: Plan, state: RunState, path: str) -> tuple[Scope, Node] | None:
    """The scope and node that a path names, if that scope is open."""
    scope = state.scopes.get(path)
    if scope is not None and plan.scopes[scope.body].single:
        return scope, plan.scopes[scope.body].nodes[0]
    head, slash, name = path.rpartition("/")
    scope = state.scopes.get(head + slash)
    if scope is None:
        return None
    body = plan.scopes[scope.body]
    index = body.index.get(name)
    return None if index is None or body.single else (scope, body.nodes[index])


def item_at(plan: Plan, state: RunState, path: str) -> Scope | None:
    """The open scope of an item with a body, which has no node of its own: `summarise:12`."""
    scope = state.scopes.get(f"{path}/")
    return scope if scope is not None and plan.scopes[scope.body].kind == "item" else None


def inner_key(container: str, body: ScopePlan, index: int) -> str:
    """The key of a scope that a node opens: of a copy it carries the number, of a graph or block it does not."""
    match body.kind:
        case "item" | "round":
            return f"{container}:{index}" if body.single else f"{container}:{index}/"
        case "finally":
            return f"{container}finally/"
        case "graph" | "block":
            return f"{container}/"


def owner_of(plan: Plan, state: RunState, scope: Scope) -> tuple[Scope, Node] | None:
    """The node that holds a scope, and the scope that node stands in; None for the root and for a `finally`."""
    if scope.owner < 0:
        return None
    parent = state.scopes[scope.parent]
    return parent, plan.scopes[parent.body].nodes[scope.owner]


def top_of(state: RunState, scope: Scope) -> Scope:
    """The outermost scope that a verdict stops: the root, or the `finally` in which the node stands."""
    while scope.owner >= 0:
        scope = state.scopes[scope.parent]
    return scope


def step_path(path: str, ordinal: int) -> str:
    """How the k-th call or question inside a node is addressed."""
    return f"{path}.{ordinal}"


def split_step(path: str) -> tuple[str, int] | None:
    """The node and ordinal of a step's path; None if it names a node."""
    node, dot, ordinal = path.rpartition(".")
    return (node, int(ordinal)) if dot and ordinal.isdigit() else None


def is_inside_step(path: str) -> bool:
    """Whether a path leads into a graph that an agent has called: `fix.3/build`. Names of nodes hold no dot."""
    head, slash, _ = path.rpartition("/")
    return slash == "/" and "." in head


def node_of_step(path: str) -> str:
    """The node or undo inside which a step is; the path itself if it names no step."""
    while (address := split_step(path)) is not None:
        path = address[0]
    return path


def undo_path(path: str) -> str:
    """How the undo of a node is addressed."""
    return path + UNDO_SUFFIX
