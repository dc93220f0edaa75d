"""What follows when a node settles: edges fire or are dead, joins are counted, failures are handled or stop the scope.

Part of `evolve`: changes the state in place and evaluates no expression; a conditional edge becomes a matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from interlock.core.events import Error
from interlock.core.lifecycle import NodeStatus, is_settled, next_status
from interlock.core.paths import path_of
from interlock.core.plan import Edge, Node, Plan, Role
from interlock.core.state import (
    QUEUED,
    Attempt,
    BackingOff,
    Calling,
    Matter,
    MatterKind,
    Note,
    Opened,
    RunState,
    Scope,
    Waiting,
)

StopCause = Literal["failed", "cancelled", "blocked", "closing"]


def settle_node(
    plan: Plan, state: RunState, scope: Scope, node: Node, status: NodeStatus, *, note: Note | None = None
) -> None:
    """A node has ended for good: everything that hangs on it is decided, or becomes a matter."""
    leave_live(plan, state, scope, node)
    scope.status[node.index] = status
    scope.unsettled -= 1
    if note is not None:
        scope.notes[node.index] = note
    is_failed = status == NodeStatus.FAILED
    if node.fallback is not None:
        _decide_edges(plan, state, scope, node, status, which="worded" if is_failed else "all")
        _call_fallback(plan, state, scope, node.fallback, is_needed=is_failed)
    else:
        is_handled, undecided = _decide_edges(plan, state, scope, node, status)
        if is_failed and not (is_handled or node.continues):
            _leave_unhandled(state, scope, node, undecided)
    if node.stands_in_for is not None and not (is_failed and node.fallback is not None):
        _settle_stood_in_for(plan, state, scope, node, status)
    if status == NodeStatus.SUCCEEDED:
        cancel_nodes(state, scope, node.cancels)
    end_if_done(state, scope)


def succeed_by_result(
    plan: Plan, state: RunState, scope: Scope, node: Node, *, attempt: Attempt, event_type: str
) -> None:
    """A result that says done is the node's success."""
    scope.values[node.index] = attempt.out
    status = next_status(scope.status[node.index], event_type)
    is_plain = attempt.number == 1 and not attempt.labels
    note = None if is_plain else Note(labels=attempt.labels, attempts=attempt.number)
    settle_node(plan, state, scope, node, status, note=note)


def leave_live(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    """What a node held while it lived goes: its wait, its timers; what it may have to undo passes to its scope."""
    live = scope.live.pop(node.index, None)
    if state.timers.live:
        state.timers.clear(path_of(plan, scope, node.index), "timeout", "retry", "wait")
    match live:
        case Waiting() | BackingOff():
            state.waits -= 1
        case Opened():
            scope.undos.extend(live.undos)
            scope.standing.extend(live.standing)
        case Calling() | None:
            pass  # A call has ended with its result.


# --- edges and joins -------------------------------------------------------------------------------------------------


def _decide_edges(
    plan: Plan,
    state: RunState,
    scope: Scope,
    node: Node,
    status: NodeStatus,
    *,
    which: Literal["all", "plain", "worded"] = "all",
) -> tuple[bool, int]:
    """Decides the edges that leave a node. Says whether one handled a failure, and how many still may."""
    is_handled, undecided = False, 0
    for ordinal, edge in enumerate(node.edges):
        if which != "all" and (edge.on is None) != (which == "plain"):
            continue
        fires = _fires(scope, node, edge, status)
        if fires and edge.when is not None and not scope.stopping:
            state.matters.add(Matter("edge", scope.key, node.index, ordinal, state.seq))
            undecided += edge.handles
        else:
            # A fuse copes with whatever became of a candidate, so such an edge handles also what it does not fire on.
            is_handled |= edge.handles and (fires or edge.candidate)
            count_edge(plan, state, scope, edge, node.name, fires=fires)
    return is_handled, undecided


def _fires(scope: Scope, node: Node, edge: Edge, status: NodeStatus) -> bool:
    if edge.candidate:
        return status == NodeStatus.SUCCEEDED and scope.values.get(node.index) is not None
    if edge.on is None:
        return status == NodeStatus.SUCCEEDED or (status == NodeStatus.FAILED and node.continues)
    note = scope.notes.get(node.index)
    return status.word in edge.on or (note is not None and not edge.on.isdisjoint(note.labels))


def count_edge(plan: Plan, state: RunState, scope: Scope, edge: Edge, source: str, *, fires: bool) -> None:
    """One edge is decided: its target may now be ready, or can never be (rules 9 and 10)."""
    index = edge.target
    if scope.stopping or scope.flags[index] & QUEUED or is_settled(scope.status[index]):
        return
    if edge.role == Role.REQUIREMENT:
        if not fires:
            _queue(state, scope, index, "dead", "requirement")
            return
        scope.unmet[index] -= 1
    elif fires:
        scope.fired[index] += 1
        if plan.scopes[scope.body].nodes[index].join.how != "all":
            scope.fired_by.setdefault(index, []).append(source)
    else:
        scope.dead[index] += 1
    _judge(plan, state, scope, plan.scopes[scope.body].nodes[index])


def _judge(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    """Whether a node is ready or can never be, by the counts of its edges."""
    if _can_never_be(scope, node):
        _queue(state, scope, node.index, "dead", "join")
    elif is_ready(scope, node):
        _queue(state, scope, node.index, "ready")
        cancel_nodes(state, scope, node.cancels_rest)


def is_ready(scope: Scope, node: Node) -> bool:
    """Whether the edges that have fired are enough (rule 10). A fallback is ready once it is called."""
    if node.stands_in_for is not None:
        return scope.status[node.stands_in_for] == NodeStatus.FAILED
    fired, dead, control = scope.fired[node.index], scope.dead[node.index], node.control
    match node.join.how:
        case "all":
            has_joined = fired == control
        case "any":
            has_joined = fired >= 1 and fired + dead == control
        case "quorum":
            has_joined = fired >= node.join.n
    return has_joined and scope.unmet[node.index] == 0


def _can_never_be(scope: Scope, node: Node) -> bool:
    fired, dead, control = scope.fired[node.index], scope.dead[node.index], node.control
    match node.join.how:
        case "all":
            return dead >= 1
        case "any":
            return fired == 0 and dead == control > 0
        case "quorum":
            return control - dead < node.join.n


def queue_if_free(state: RunState, scope: Scope, node: Node) -> None:
    """A node that waits for nothing is ready as soon as its scope opens."""
    if node.control == 0 and node.requirements == 0 and node.stands_in_for is None:
        _queue(state, scope, node.index, "ready")


def _queue(state: RunState, scope: Scope, index: int, kind: MatterKind, detail: str = "") -> None:
    scope.flags[index] |= QUEUED
    state.matters.add(Matter(kind, scope.key, index, detail, state.seq))


# --- failure ---------------------------------------------------------------------------------------------------------


def _leave_unhandled(state: RunState, scope: Scope, node: Node, undecided: int) -> None:
    """A failure that nothing has handled yet stops the scope, unless a conditional edge may still handle it."""
    if undecided:
        scope.unhandled[node.index] = undecided
    else:
        stop_scope(state, scope, "failed", _error_of(scope, node.index))


def edge_was_decided(state: RunState, scope: Scope, edge: Edge, *, fires: bool) -> None:
    """A conditional edge might have handled a failure: with the last one that did not, the failure is unhandled."""
    if not edge.handles or edge.source not in scope.unhandled:
        return
    scope.unhandled[edge.source] -= 1
    if fires:
        del scope.unhandled[edge.source]
    elif scope.unhandled[edge.source] == 0:
        del scope.unhandled[edge.source]
        stop_scope(state, scope, "failed", _error_of(scope, edge.source))


def _error_of(scope: Scope, index: int) -> Error | None:
    note = scope.notes.get(index)
    return note.error if note else None


def _call_fallback(plan: Plan, state: RunState, scope: Scope, index: int, *, is_needed: bool) -> None:
    """A fallback starts by the failure of its node alone. One that was cancelled before that cannot stand in."""
    if is_needed and is_settled(scope.status[index]):
        fallback = plan.scopes[scope.body].nodes[index]
        _settle_stood_in_for(plan, state, scope, fallback, NodeStatus(scope.status[index]))
    else:
        _queue(state, scope, index, "ready" if is_needed else "dead", "requirement")


def _settle_stood_in_for(plan: Plan, state: RunState, scope: Scope, fallback: Node, status: NodeStatus) -> None:
    """A fallback has settled: the plain edges of the node it stood in for are decided by it (rule 18).

    Where that stood in for another in its turn, it has the value now, or has failed for good. One that was skipped has
    handled nothing; one that was cancelled was not wanted any more, and neither is what it stood in for.
    """
    assert fallback.stands_in_for is not None
    node = plan.scopes[scope.body].nodes[fallback.stands_in_for]
    if scope.status[node.index] != NodeStatus.FAILED:
        return
    if status == NodeStatus.SUCCEEDED:
        scope.values[node.index] = scope.values.get(fallback.index)
        _decide_edges(plan, state, scope, node, NodeStatus.SUCCEEDED, which="plain")
    else:
        _decide_edges(plan, state, scope, node, NodeStatus.SKIPPED, which="plain")
    if node.stands_in_for is not None:
        _settle_stood_in_for(plan, state, scope, node, status)
    elif status == NodeStatus.SKIPPED:
        stop_scope(state, scope, "failed", _error_of(scope, node.index))


def stop_scope(
    state: RunState, scope: Scope, cause: StopCause, error: Error | None = None, *, rollback: bool = False
) -> None:
    """Asks the scope to stop. The first cause counts; a later wish to roll back is added to it.

    Of a graph whose status is known nothing can be stopped but its `finally` (rule 42).
    """
    if scope.finishing:
        finishing = state.scopes.get(f"{scope.key}finally/")
        if finishing is None:
            return
        scope = finishing
    scope.rollback |= rollback
    if scope.stopping or scope.stop_queued:
        return
    scope.stop_queued = True
    scope.error = error
    state.stops.add(Matter("stop", scope.key, detail=cause, cause=state.seq))


def cancel_nodes(state: RunState, scope: Scope, indexes: Iterable[int]) -> None:
    """Asks every one of these nodes that has not settled to stop, or never to start."""
    for index in indexes:
        if not is_settled(scope.status[index]):
            state.stops.add(Matter("cancel", scope.key, index, "", state.seq))


def end_if_done(state: RunState, scope: Scope) -> None:
    """A scope with nothing left to do wants ending: all settled, or stopping and nothing lives."""
    is_done = not scope.live if scope.stopping else scope.unsettled == 0
    if is_done and not scope.end_queued:
        scope.end_queued = True
        state.matters.add(Matter("end", scope.key, cause=state.seq))
