"""Whether a person is asked before a node fails: where the graph holds failures and nothing handles this one (rule 16).

A conditional edge is asked what it would say if the node failed now; it will be asked again once the node has.
"""

from __future__ import annotations

from interlock.core.deciding.reading import Reader
from interlock.core.events import Error
from interlock.core.expressions import EvaluationError
from interlock.core.node_facts import facts_if_failed
from interlock.core.plan import Edge, Node


def is_held(reader: Reader, node: Node, error: Error) -> bool:
    """Whether this failure, in the scope that is read, would stop the run, in a graph that then waits for a person."""
    plan, state, scope = reader.plan, reader.state, reader.scope
    if plan.root.on_failure != "hold":
        return False
    while not (scope.stopping or _is_handled(reader, node, error)):
        if scope.owner < 0:
            return scope.key == ""
        scope, node = state.scopes[scope.parent], plan.scopes[state.scopes[scope.parent].body].nodes[scope.owner]
        reader = Reader(plan, state, scope, reader.blobs)
    return False


def _is_handled(reader: Reader, node: Node, error: Error) -> bool:
    if node.continues or node.fallback is not None:
        return True
    handlers = [edge for edge in node.edges if edge.handles]
    if not handlers or any(edge.when is None for edge in handlers):
        return bool(handlers)
    facts = {node.name: facts_if_failed(reader.plan, reader.scope, node.index, error)}
    as_if = Reader(reader.plan, reader.state, reader.scope, reader.blobs, {"nodes": facts})
    return any(_would_fire(edge, as_if) for edge in handlers)


def _would_fire(edge: Edge, reader: Reader) -> bool:
    assert edge.when is not None
    try:
        return reader.holds(edge.when)
    except EvaluationError:
        return False
