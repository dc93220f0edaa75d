"""Taking back what was done: what is remembered for it, and how the state goes through it (rules 35 to 40).

Part of `evolve`. One entry at a time, by descending number of the result that finished each node; an entry leaves the
list when its undo starts, so nothing is undone twice.
"""

from __future__ import annotations

from typing import Literal

from interlock.core import events as e
from interlock.core.evolving.attempts import forget, go_on_from, note_death
from interlock.core.evolving.calls import call_began, call_ended
from interlock.core.evolving.settling import end_if_done
from interlock.core.in_doubt import is_death
from interlock.core.lifecycle import NodeStatus
from interlock.core.paths import node_at, node_of_step, path_of, undo_path
from interlock.core.plan import AgentWork, Node, Plan, ToolWork
from interlock.core.state import COMPENSATED, Attempt, Matter, Opened, RunState, Scope, Undoing


def remember_undo(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    """A node has done something: how to take it back is to be fixed, or it is named as standing."""
    if node.undo is not None:
        held = scope.live.get(node.index)
        if isinstance(node.work, AgentWork):
            steps = f"{path_of(plan, scope, node.index)}."
            scope.undos = [entry for entry in scope.undos if not entry.path.startswith(steps)]
            scope.standing = [path for path in scope.standing if not path.startswith(steps)]
        if isinstance(held, Opened):
            held.undos.clear()
            held.standing.clear()
        state.matters.add(Matter("undo", scope.key, node.index, state.seq, state.seq))
    elif isinstance(node.work, ToolWork) and plan.tools[node.work.tool].effect != "read":
        scope.standing.append(path_of(plan, scope, node.index))


def keep_undo(plan: Plan, scope: Scope, node: Node, body: e.UndoKept) -> None:
    """The input of an undo is fixed; where it could not be made, the undo will fail when it is asked for."""
    assert node.undo is not None
    path = path_of(plan, scope, node.index)
    scope.undos.append(
        e.Undone(node.undo.tool, body.input, body.of, scope.body, node=node.index, path=path, error=body.error)
    )


def keep_undo_of_step(plan: Plan, state: RunState, path: str, body: e.UndoKept) -> None:
    """The same for a call that an agent made."""
    place = node_at(plan, state, node_of_step(path))
    assert place is not None
    scope, node = place
    scope.undos.append(
        e.Undone(body.tool, body.input, body.of, scope.body, node=node.index, path=path, error=body.error)
    )


def begin_compensation(state: RunState, scope: Scope) -> None:
    """What the scope did is taken back, the last first."""
    scope.undos.sort(key=_by_seq)
    scope.compensating = scope.is_taking_back = True
    scope.end_queued = True
    state.compensating += 1
    _go_on(state, scope)


def _by_seq(entry: e.Undone) -> int:
    return entry.seq


def _go_on(state: RunState, scope: Scope) -> None:
    if scope.undos:
        state.matters.add(Matter("compensate", scope.key, cause=state.seq))
    else:
        scope.compensating = False
        scope.end_queued = False
        end_if_done(state, scope)


def start_undo(state: RunState, path: str, body: e.UndoStarted) -> None:
    """An undo begins, or is tried again."""
    scope = state.scopes[body.scope]
    attempt = Attempt(body.attempt, body.effect, "", body.input, first=body.attempt)
    if scope.undoing is None:
        state.undoing[path] = scope.key
        scope.undoing = Undoing(scope.undos.pop(), attempt)
    else:
        if scope.undoing.waiting:
            state.waits -= 1
        before = scope.undoing.attempt
        if before.effect == body.effect:
            go_on_from(attempt, before)
        scope.undoing = Undoing(scope.undoing.entry, attempt)
    call_began(state, attempt)


def note_undo_result(plan: Plan, state: RunState, path: str, body: e.UndoResult) -> None:
    """What came of trying to take something back."""
    scope, undoing = _find(state, path)
    call_ended(state, undoing.attempt)
    undoing.attempt.status = body.status
    undoing.attempt.error = body.error
    undoing.attempt.retryable, undoing.attempt.has_failed = body.retryable, body.status == "failed"
    if body.status == "done":
        _taken_back(plan, state, scope, undoing)
        return
    if is_death(path, undoing.attempt, body.error):
        note_death(undoing.attempt, moved=body.moved)
    state.matters.add(Matter("compensate", scope.key, cause=state.seq))


def settle_undo(plan: Plan, state: RunState, path: str, body: e.EffectSettled) -> bool:
    """Whether something was taken back is known now. False if the path names no undo under way."""
    if path not in state.undoing:
        return False
    scope, undoing = _find(state, path)
    undoing.attempt.status = body.status
    if body.status == "done":
        state.waits -= 1
        _taken_back(plan, state, scope, undoing)
    else:
        state.matters.add(Matter("compensate", scope.key, cause=state.seq))
    return True


def undo_is_due(state: RunState, path: str) -> bool:
    """A backoff is over: the undo is tried again. False if the path names no undo under way."""
    if path not in state.undoing:
        return False
    state.matters.add(Matter("compensate", state.undoing[path], cause=state.seq))
    return True


def undo_retries(state: RunState, path: str, body: e.UndoRetrying) -> None:
    """Another try is due after a while."""
    _, undoing = _find(state, path)
    _wait(state, undoing, "backoff")
    undoing.attempt.number, undoing.attempt.status = body.attempt, ""
    if not body.effect:
        forget(undoing.attempt)
    if body.delay:
        state.timers.set(path, "retry", state.at + body.delay)
    else:
        undo_is_due(state, path)


def undo_waits(state: RunState, path: str) -> None:
    """Nobody knows yet whether it was taken back."""
    _, undoing = _find(state, path)
    _wait(state, undoing, "reconcile")
    undoing.attempt.status = ""


def _wait(state: RunState, undoing: Undoing, reason: Literal["backoff", "reconcile"]) -> None:
    if not undoing.waiting:
        state.waits += 1
    undoing.waiting, undoing.since = reason, state.seq


def undo_failed(state: RunState, path: str, body: e.UndoFailed) -> None:
    """It could not be taken back: that is recorded, and the others go on."""
    if path not in state.undoing:
        scope = state.scopes[body.scope]
        scope.not_undone.append(scope.undos.pop().path)
        _go_on(state, scope)
        return
    scope, undoing = _find(state, path)
    if undoing.waiting:
        state.waits -= 1
    scope.not_undone.append(undoing.entry.path)
    _leave(state, scope, undoing)


def _taken_back(plan: Plan, state: RunState, scope: Scope, undoing: Undoing) -> None:
    _mark_compensated(plan, state, undoing.entry)
    _leave(state, scope, undoing)


def _leave(state: RunState, scope: Scope, undoing: Undoing) -> None:
    del state.undoing[undo_path(undoing.entry.path)]
    scope.undoing = None
    _go_on(state, scope)


def _mark_compensated(plan: Plan, state: RunState, entry: e.Undone) -> None:
    """The node is marked where its scope is still open; of an ended scope nothing is kept."""
    head, slash, _ = entry.path.rpartition("/")
    for key in (entry.path, head + slash):
        scope = state.scopes.get(key)
        if scope is not None and scope.body == entry.scope and path_of(plan, scope, entry.node) == entry.path:
            scope.flags[entry.node] |= COMPENSATED


def _find(state: RunState, path: str) -> tuple[Scope, Undoing]:
    scope = state.scopes[state.undoing[path]]
    assert scope.undoing is not None
    return scope, scope.undoing


def is_compensated(scope: Scope, index: int) -> bool:
    """Whether what a node did has been taken back."""
    return bool(scope.flags[index] & COMPENSATED) and scope.status[index] >= NodeStatus.SUCCEEDED
