"""Whether a person is asked before a node fails: where the graph holds failures and nothing handles this one (rule 16).

A condition that decides this is asked what it would say if the node failed now; it will be asked again once it has.
"""

from __future__ import annotations

from interlock.core.deciding.reading import Reader
from interlock.core.events import Error
from interlock.core.expressions import EvaluationError, Expression
from interlock.core.lifecycle import is_settled
from interlock.core.node_facts import facts_if_failed
from interlock.core.paths import body_of
from interlock.core.plan import Node


def is_held(reader: Reader, node: Node, error: Error) -> bool:
    """Whether this failure, in the scope that is read, would stop the run, in a graph that then waits for a person."""
    plan, state, scope = reader.plan, reader.state, reader.scope
    if plan.root.on_failure != "hold":
        return False
    item: int | None = None
    while not scope.stopping:
        facts = facts_if_failed(plan, scope, node.index, error, item=item)
        if _is_handled(node, Reader(plan, state, scope, reader.blobs, {"nodes": {node.name: facts}})):
            return False
        if scope.owner < 0:
            return scope.key == ""
        owner, item, scope = scope.owner, scope.index, state.scopes[scope.parent]
        node = body_of(plan, scope).nodes[owner]
    return False


def _is_handled(node: Node, as_if: Reader) -> bool:
    """Whether something copes with the failure of a node, read as if it had failed."""
    if node.continues:
        return True
    if node.fallback is not None:
        return _would_start(node.fallback, as_if)
    return any(edge.when is None or _would_hold(edge.when, as_if, or_else=False) for edge in node.edges if edge.handles)


def _would_start(fallback: int, as_if: Reader) -> bool:
    """Whether a fallback would stand in. One whose condition cannot be answered starts, and is itself what fails."""
    node = body_of(as_if.plan, as_if.scope).nodes[fallback]
    if is_settled(as_if.scope.status[fallback]):
        return False
    return node.when is None or _would_hold(node.when, as_if, or_else=True)


def _would_hold(condition: Expression, as_if: Reader, *, or_else: bool) -> bool:
    try:
        return as_if.holds(condition)
    except EvaluationError:
        return or_else
