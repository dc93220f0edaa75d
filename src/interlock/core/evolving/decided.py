"""The half of `evolve` that takes in what was decided: each command, once recorded, moves a node or a scope.

Changes the state in place and evaluates no expression.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from interlock.core import events as e
from interlock.core.evolving.accounts import accounts_above, call_of, charge, new_account
from interlock.core.evolving.attempts import forget, go_on_from
from interlock.core.evolving.calls import call_began
from interlock.core.evolving.compensating import (
    begin_compensation,
    keep_undo,
    keep_undo_of_step,
    remember_undo,
    start_undo,
    undo_failed,
    undo_retries,
    undo_waits,
)
from interlock.core.evolving.mailbox import (
    forget_waiter,
    keep_event,
    match_key,
    offer_event,
    remember_waiter,
    take_event,
)
from interlock.core.evolving.scopes import (
    close_inner,
    drop_scope,
    leave_compensation,
    open_finally,
    open_inner,
    poke,
    scope_values,
)
from interlock.core.evolving.settling import (
    count_edge,
    edge_was_decided,
    end_if_done,
    settle_node,
    stop_scope,
)
from interlock.core.lifecycle import NodeStatus, next_status
from interlock.core.node_facts import attempts_of, errors_of, note_of_failure
from interlock.core.paths import inner_key, node_at, path_of, top_of
from interlock.core.plan import EachWork, EmitWork, GraphWork, LoopWork, Node, Plan, WaitWork
from interlock.core.state import (
    QUEUED,
    Account,
    Attempt,
    BackingOff,
    Calling,
    Matter,
    Note,
    Opened,
    RunState,
    Scope,
    Waiting,
)
from interlock.core.values import Value

ScopeMove: TypeAlias = e.ScopeOpened | e.ScopeStopping | e.ScopeCompensating | e.ScopeEnded | e.RunEnded
UndoMove: TypeAlias = e.UndoStarted | e.UndoRetrying | e.UndoWaiting | e.UndoFailed


def take_decided(plan: Plan, state: RunState, event: e.Event) -> None:
    """The state after a recorded command."""
    state.policy = getattr(event.body, "policy", "") or state.policy
    match event.body:
        case e.ScopeOpened() | e.ScopeStopping() | e.ScopeCompensating() | e.ScopeEnded() | e.RunEnded():
            _move_scope(plan, state, event.path, event.body)
        case e.UndoStarted() | e.UndoRetrying() | e.UndoWaiting() | e.UndoFailed():
            _move_undo(state, event.path, event.body)
        case e.UndoKept() as body if body.tool:
            keep_undo_of_step(plan, state, event.path, body)
        case e.EventKept():
            keep_event(state, event.body.id, event.body.name)
        case _:
            found = node_at(plan, state, event.path)
            assert found is not None, f"a command speaks of {event.path}, which is not open"
            _move_node(plan, state, *found, event)


def _move_undo(state: RunState, path: str, body: UndoMove) -> None:
    match body:
        case e.UndoStarted():
            start_undo(state, path, body)
        case e.UndoRetrying():
            undo_retries(state, path, body)
        case e.UndoWaiting():
            undo_waits(state, path)
        case e.UndoFailed():
            undo_failed(state, path, body)


_BEFORE_CALLS: Final = frozenset({"approval", "budget"})
"""What a node waits for that has not made its call."""


def _move_node(plan: Plan, state: RunState, scope: Scope, node: Node, event: e.Event) -> None:
    match event.body:
        case e.NodeStarted() as body:
            _start(plan, state, scope, node, body)
        case e.NodeWaiting() as body:
            _wait(state, scope, node, event.path, body)
        case e.NodeOpened() as body:
            _open(plan, state, scope, node, path=event.path, body=body)
        case e.NodeRetrying() as body:
            _back_off(state, scope, node, event.path, body)
        case e.EdgeDecided() as body:
            _decide_edge(plan, state, scope, node, body)
        case e.NodeSucceeded() as body:
            _succeed(plan, state, scope, node, body)
        case e.NodeFailed() as body:
            _fail(plan, state, scope, node, body)
        case e.NodeSkipped():
            _end(plan, state, scope, node, "node.skipped")
        case e.NodeCancelling():
            _mark_cancelling(plan, state, scope, node)
        case e.NodeCancelled():
            _end(plan, state, scope, node, "node.cancelled")
        case e.NodeClosing() as body:
            _close(plan, state, scope, node, body)
        case e.UndoKept() as body:
            keep_undo(plan, scope, node, body)
        case _:
            raise AssertionError(f"{event.type} is no command about a node")


# --- attempts and waits ----------------------------------------------------------------------------------------------


def _start(plan: Plan, state: RunState, scope: Scope, node: Node, body: e.NodeStarted) -> None:
    attempt = Attempt(body.attempt, body.effect, body.digest, body.input, first=body.attempt)
    before = scope.live.get(node.index)
    if isinstance(before, BackingOff | Waiting):
        state.waits -= 1
        if before.attempt is not None and before.attempt.effect == body.effect:
            go_on_from(attempt, before.attempt)
    _open_account(scope, node)
    accounts = list(accounts_above(plan, state, scope, node.index))
    if accounts:
        charge(accounts, call_of(plan, scope, node.index))
    _move(scope, node, "node.started")
    scope.live[node.index] = Calling(attempt, since=state.seq)
    call_began(state, attempt)


def _open_account(scope: Scope, node: Node) -> None:
    """From here on a node's own limit counts."""
    account = new_account(scope, node)
    if account is not None:
        scope.accounts[node.index] = account


def _move(scope: Scope, node: Node, event_type: str) -> None:
    scope.status[node.index] = next_status(scope.status[node.index], event_type)


def _wait(state: RunState, scope: Scope, node: Node, path: str, body: e.NodeWaiting) -> None:
    before = scope.live.get(node.index)
    attempt, is_cancelling, has_held = None, False, isinstance(before, Opened)
    match before:
        case Calling():
            attempt, is_cancelling = before.attempt, before.cancelling
            state.waits += 1
        case Waiting() | BackingOff():
            attempt, is_cancelling = before.attempt, before.cancelling
            _leave_waiters(state, before, path)
            state.timers.clear(path, "timeout")
        case Opened():
            scope.undos.extend(before.undos)
            scope.standing.extend(before.standing)
            state.timers.clear(path, "timeout")
            state.waits += 1
        case None:
            state.waits += 1
    if attempt is None and body.reason in _BEFORE_CALLS:
        attempt = Attempt(1, "", body.digest, body.input)
    if attempt is not None and body.reason != "failure":
        attempt.status = ""
    live = Waiting(body.reason, state.seq, attempt, body.question, error=body.error, decision=body.decision)
    live.cancelling, live.has_held, live.errors = is_cancelling, has_held, errors_of(before)
    live.limit = body.limit
    if body.reason == "budget":
        _open_account(scope, node)
        if body.question is None:
            state.budget_line.append(path)
    _move(scope, node, "node.waiting")
    scope.live[node.index] = live
    if body.reason == "event":
        live.event, live.match = body.event, match_key(body.match)
        remember_waiter(state, live.event, live.match, path)
    due = body.due if body.within is None else state.at + body.within
    if due is not None:
        state.timers.set(path, "wait" if body.reason == "time" else "timeout", due)


def _back_off(state: RunState, scope: Scope, node: Node, path: str, body: e.NodeRetrying) -> None:
    before = scope.live.get(node.index)
    assert isinstance(before, Calling | Waiting)
    if isinstance(before, Calling):
        state.waits += 1
    attempt = before.attempt or Attempt(body.attempt, "", "", None)
    attempt.number, attempt.status = body.attempt, ""
    if not body.effect:
        forget(attempt)
    _move(scope, node, "node.retrying")
    scope.live[node.index] = BackingOff(attempt)
    if body.delay:
        state.timers.set(path, "retry", state.at + body.delay)
    else:
        state.matters.add(Matter("again", scope.key, node.index, cause=state.seq))


# --- ends ------------------------------------------------------------------------------------------------------------


def _succeed(plan: Plan, state: RunState, scope: Scope, node: Node, body: e.NodeSucceeded) -> None:
    before = scope.live.get(node.index)
    scope.values[node.index] = _composed(node, before) if body.composed else body.out
    _leave_waiters(state, before, _path(plan, scope, node))
    if isinstance(node.work, WaitWork) and node.work.event is not None and body.event:
        take_event(state, body.event, node.work.event)
    if not (body.adopted and state.adopted[_path(plan, scope, node)].is_shared):
        remember_undo(plan, state, scope, node)
    _move_to_end(plan, state, scope, node, "node.succeeded", note=_note_of(before, body.labels))
    if isinstance(node.work, EmitWork):
        # It was sent by the run that this one continues; the waits of this one have not heard of it.
        adopted = state.adopted[_path(plan, scope, node)]
        offer_event(state, adopted.effect, node.work.event, adopted.sent)


def _composed(node: Node, held: object) -> Value:
    """The value of a node that held scopes: of an `each` theirs in the order of its items, else that of the last."""
    assert isinstance(held, Opened)
    match node.work:
        case EachWork():
            return [held.results.get(index) for index in range(held.count)]
        case _:
            return held.outcome.out if held.outcome else None


def _note_of(before: object, labels: tuple[str, ...]) -> Note | None:
    errors = errors_of(before)
    return Note(labels=labels, errors=errors) if labels or errors else None


def _fail(plan: Plan, state: RunState, scope: Scope, node: Node, body: e.NodeFailed) -> None:
    before = scope.live.get(node.index)
    _leave_waiters(state, before, _path(plan, scope, node))
    if body.verdict is not None:
        stop_scope(state, top_of(state, scope), "blocked", body.error, rollback=body.verdict == "rollback")
    _move_to_end(plan, state, scope, node, "node.failed", note=note_of_failure(before, body.error))


def _end(plan: Plan, state: RunState, scope: Scope, node: Node, event_type: str) -> None:
    before = scope.live.get(node.index)
    _leave_waiters(state, before, _path(plan, scope, node))
    attempts = attempts_of(before)
    _move_to_end(plan, state, scope, node, event_type, note=Note(attempts=attempts) if attempts else None)


def _move_to_end(plan: Plan, state: RunState, scope: Scope, node: Node, event_type: str, *, note: Note | None) -> None:
    status = next_status(scope.status[node.index], event_type)
    scope.flags[node.index] |= QUEUED
    settle_node(plan, state, scope, node, status, note=note)


def _leave_waiters(state: RunState, live: object, path: str) -> None:
    if isinstance(live, Waiting) and live.event:
        forget_waiter(state, live.event, live.match, path)


def _path(plan: Plan, scope: Scope, node: Node) -> str:
    return path_of(plan, scope, node.index)


def _decide_edge(plan: Plan, state: RunState, scope: Scope, node: Node, body: e.EdgeDecided) -> None:
    edge = node.edges[body.ordinal]
    if body.error is not None and scope.status[edge.target] == NodeStatus.PENDING:
        scope.flags[edge.target] |= QUEUED
        scope.broken[edge.target] = body.error
        state.matters.add(Matter("broken", scope.key, edge.target, cause=state.seq))
    else:
        count_edge(plan, state, scope, edge, node.name, fires=body.taken)
    edge_was_decided(state, scope, edge, fires=body.taken)


# --- nodes that hold scopes ------------------------------------------------------------------------------------------


def _open(plan: Plan, state: RunState, scope: Scope, node: Node, *, path: str, body: e.NodeOpened) -> None:
    if isinstance(scope.live.get(node.index), Waiting | BackingOff):
        state.waits -= 1
    _move(scope, node, "node.opened")
    scope.live[node.index] = Opened(count=body.count, items=body.items, inputs=body.inputs)
    if node.budget and node.budget.counts:
        scope.accounts[node.index] = Account(node.budget)
    if body.within is not None:
        state.timers.set(path, "timeout", state.at + body.within)
    poke(plan, state, scope, node)


def _mark_cancelling(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    live = scope.live[node.index]
    live.cancelling = True
    if isinstance(live, Opened | Calling):
        close_inner(plan, state, scope, node)


def _close(plan: Plan, state: RunState, scope: Scope, node: Node, body: e.NodeClosing) -> None:
    held = scope.live[node.index]
    assert isinstance(held, Opened)
    held.closing = body.cause
    held.error = body.error
    close_inner(plan, state, scope, node)


def _move_scope(plan: Plan, state: RunState, key: str, body: ScopeMove) -> None:
    match body:
        case e.ScopeOpened():
            _open_scope(plan, state, key, body)
        case e.ScopeStopping():
            _stop(state, state.scopes[key], body)
        case e.ScopeCompensating():
            begin_compensation(state, state.scopes[key])
        case e.ScopeEnded():
            scope = state.scopes[key]
            outcome = body.outcome
            if body.composed:
                outcome = e.ScopeOutcome(outcome.status, _composed_of(plan, scope), outcome.error)
            drop_scope(plan, state, scope, outcome)
        case e.RunEnded():
            leave_compensation(state, state.scopes[key])
            state.outcome = body.outcome
        case _ as never:
            assert_never(never)


def _composed_of(plan: Plan, scope: Scope) -> Value:
    """The value of a scope that declares no outputs: its node's, what a graph leaves over, or all by name (rule 23)."""
    body = plan.scopes[scope.body]
    if body.single:
        return scope.values.get(0)
    if body.kind in {"graph", "block"}:
        return {body.nodes[index].name: scope.values.get(index) for index in body.unfollowed}
    return scope_values(plan, scope)


def _open_scope(plan: Plan, state: RunState, key: str, body: e.ScopeOpened) -> None:
    """Which node opens it is told by the key: a copy's carries the number, a graph's or block's does not."""
    if body.outcome is not None:
        open_finally(plan, state, state.scopes[key.removesuffix("finally/")], body.outcome)
        return
    holder, node = _holder_of(plan, state, key, body.index)
    held = holder.live[node.index]
    if isinstance(held, Opened) and isinstance(node.work, LoopWork):
        held.last, held.round = held.round, None
    open_inner(plan, state, holder, node, body.index)


def _holder_of(plan: Plan, state: RunState, key: str, index: int) -> tuple[Scope, Node]:
    path = key.removesuffix("/")
    for candidate in (path.removesuffix(f":{index}"), path):
        found = node_at(plan, state, candidate)
        if found is None:
            continue
        work = found[1].work
        if isinstance(work, EachWork | LoopWork | GraphWork):
            body = plan.scopes[work.body]
            if inner_key(candidate, body, index) == key:
                return found
    raise AssertionError(f"no open node holds {key}")


def _stop(state: RunState, scope: Scope, body: e.ScopeStopping) -> None:
    if not scope.stop_queued:
        # It was about to end, and its outputs could not be made: now it has to end as one that failed.
        scope.end_queued = False
    scope.stopping = body.cause
    scope.stop_queued = False
    scope.rollback |= body.rollback
    scope.error = body.error
    state.timers.clear(scope.key, "timeout")
    for index in scope.live:
        state.stops.add(Matter("cancel", scope.key, index, body.cause, state.seq))
    end_if_done(state, scope)
