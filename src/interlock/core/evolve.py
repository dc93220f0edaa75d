"""`evolve`: the only change there is. A recorded event meets the state, and the state is as if it had always been so.

It consumes the state it is given, refuses nothing and evaluates no expression: whatever needs an evaluation becomes a
matter for `decide`. A decided event answers the oldest matter and takes it off the agenda.
"""

from __future__ import annotations

from typing import assert_never

from interlock.core import events as e
from interlock.core.evolving.accounts import (
    accounts_above,
    book,
    book_lost_steps,
    raise_limit,
    wake_for_budget,
)
from interlock.core.evolving.attempts import note_death, note_progress
from interlock.core.evolving.calls import call_ended
from interlock.core.evolving.compensating import note_undo_result, remember_undo, settle_undo, undo_is_due
from interlock.core.evolving.decided import take_decided
from interlock.core.evolving.journal import RAISE, note_step, settle_step
from interlock.core.evolving.mailbox import offer_event
from interlock.core.evolving.run_time import grant_time, spend_time
from interlock.core.evolving.scopes import open_root
from interlock.core.evolving.settling import cancel_nodes, stop_scope, succeed_by_result
from interlock.core.evolving.staleness import drop_stale
from interlock.core.in_doubt import is_death
from interlock.core.paths import body_of, item_at, node_at, path_of, split_step
from interlock.core.plan import EmitWork, Node, Plan, ToolWork
from interlock.core.spending import NOTHING, Spending
from interlock.core.state import Adopted, Attempt, Calling, Matter, MatterKind, RunState, Scope, Waiting


def evolve(plan: Plan, state: RunState, event: e.Event) -> RunState:
    """The state after one more event. The state given is consumed: use the one returned."""
    assert event.seq == state.seq + 1, f"event {event.seq} does not follow {state.seq}"
    state.seq, state.at = event.seq, event.at
    if isinstance(event.body, e.Outside):
        _take_from_outside(plan, state, event, event.body)
    else:
        _answer_matter(state, event.body)
        take_decided(plan, state, event)
    drop_stale(plan, state)
    state.timers.tidy()
    return state


def _answer_matter(state: RunState, answer: e.Decided) -> None:
    """A command answers the oldest matter. An event that only failed the wait it was offered to is offered again."""
    agenda = state.stops if len(state.stops) else state.matters
    matter = agenda.first()
    agenda.drop_first()
    if matter is not None and matter.kind == "offer" and isinstance(answer, e.NodeFailed | e.NodeWaiting):
        agenda.add(matter)


# --- from outside ----------------------------------------------------------------------------------------------------


def _take_from_outside(plan: Plan, state: RunState, event: e.Event, body: e.Outside) -> None:
    match body:
        case e.RunStarted():
            _start_run(plan, state, body)
        case e.ResultAdopted():
            _adopt(state, event.path, body)
        case e.NodeResult():
            _take_result(plan, state, event.path, body)
        case e.EffectIntended() | e.EffectDone() | e.EffectFailed() | e.EffectUnknown() | e.DecisionMade():
            note_step(plan, state, event.path, body)
        case e.EffectSettled():
            _settle_effect(plan, state, event.path, body)
        case e.TimerFired():
            _fire_timer(plan, state, event.path, body)
        case e.AnswerGiven():
            _take_answer(plan, state, event, body)
        case e.VerdictGiven() | e.RemedyGiven():
            _take_word(plan, state, event, body)
        case e.EventReceived():
            state.is_tainted = True  # an event is what somebody outside says
            offer_event(state, body.id, body.name, body.data)
        case e.RunPaused():
            state.is_paused = True
        case e.RunResumed():
            state.is_paused = False
            grant_time(plan, state)
        case e.RunCancelAsked():
            _cancel_run(state, body)
        case e.NodeCancelAsked() | e.NodeCompleteAsked():
            _take_wish(plan, state, event.path, body)
        case e.RunMode():
            state.mode = body.mode
        case e.UndoResult():
            note_undo_result(plan, state, event.path, body)
        case e.ResultLate() | e.RunMigrated():
            # What a run goes on on says its log: whoever loads it takes the plan of the last bundle there.
            pass
        case _ as never:
            assert_never(never)


def _start_run(plan: Plan, state: RunState, body: e.RunStarted) -> None:
    state.tenant = body.tenant
    state.started_at = state.at
    state.policy = body.policy
    state.is_tainted = body.tainted
    root = open_root(plan, state, body.inputs)
    if body.refused is not None:
        state.is_refused = True
        stop_scope(state, root, "failed", body.refused)
    elif body.kind == "rollback":
        stop_scope(state, root, "cancelled", rollback=True)


def _adopt(state: RunState, path: str, body: e.ResultAdopted) -> None:
    if body.undo is not None:
        state.scopes[""].undos.append(body.undo)
    else:
        state.is_tainted |= body.tainted
        state.adopted[path] = Adopted(
            body.parent_seq, body.out, body.labels, body.attempts, body.effect, body.sent, body.is_shared
        )


def _take_result(plan: Plan, state: RunState, path: str, body: e.NodeResult) -> None:
    """A done result *is* the node's success, unless it was being cancelled; any other is a matter."""
    scope, node = _find(plan, state, path)
    live = scope.live[node.index]
    assert isinstance(live, Calling)
    attempt = live.attempt
    attempt.status, attempt.out, attempt.labels = body.status, body.out, body.labels
    attempt.error, attempt.retryable, attempt.has_failed = body.error, body.retryable, body.status == "failed"
    if isinstance(node.work, ToolWork) and plan.tools[node.work.tool].is_foreign:
        state.is_tainted = True
    call_ended(state, attempt)
    _book_call(plan, state, scope, node, attempt, was_made=body.calls > 0)
    if body.status in {"done", "failed"} and plan.called_graphs:
        note_progress(plan, state, path)
    if body.status == "done":
        _take_done(plan, state, scope, node, live, event_type="node.result")
        return
    if is_death(path, attempt, body.error):
        note_death(attempt, moved=body.moved)
    state.matters.add(Matter("tried", scope.key, node.index, cause=state.seq))


def _book_call(plan: Plan, state: RunState, scope: Scope, node: Node, attempt: Attempt, *, was_made: bool) -> None:
    """What was held for a call is given back, and what it costs is spent, if it was made; so are its lost steps."""
    if attempt.steps:
        book_lost_steps(plan, state, path_of(plan, scope, node.index), attempt)
    if node.price:
        price = Spending(usd=node.price)
        book(accounts_above(plan, state, scope, node.index), price, price if was_made else NOTHING)
    if state.budget_line:
        wake_for_budget(plan, state)


def _take_done(
    plan: Plan, state: RunState, scope: Scope, node: Node, live: Calling | Waiting, *, event_type: str
) -> None:
    """An effect was done: its undo counts, and what it sent is heard in its own run, though the node was stopped."""
    attempt = live.attempt
    assert attempt is not None
    remember_undo(plan, state, scope, node)
    if live.cancelling:
        state.matters.add(Matter("tried", scope.key, node.index, cause=state.seq))
    else:
        succeed_by_result(plan, state, scope, node, attempt=attempt, event_type=event_type)
    if isinstance(node.work, EmitWork):
        offer_event(state, attempt.effect, node.work.event, attempt.input)


def _settle_effect(plan: Plan, state: RunState, path: str, body: e.EffectSettled) -> None:
    """What became of an unknown effect is known now: it is done, or can be repeated under its id."""
    if settle_undo(plan, state, path, body) or settle_step(plan, state, path, body):
        return
    scope, node = _find(plan, state, path)
    live = scope.live[node.index]
    assert isinstance(live, Waiting)
    assert live.attempt is not None
    live.attempt.status, live.attempt.out = body.status, body.out
    if isinstance(node.work, ToolWork) and plan.tools[node.work.tool].is_foreign:
        state.is_tainted = True
    if body.status == "done":
        _take_done(plan, state, scope, node, live, event_type="effect.settled")
    else:
        state.matters.add(Matter("tried", scope.key, node.index, cause=state.seq))


def _fire_timer(plan: Plan, state: RunState, path: str, body: e.TimerFired) -> None:
    state.timers.clear(path, body.kind)
    if body.kind == "wall":
        spend_time(plan, state)
    elif path == "" or path.endswith("/"):
        name = body_of(plan, state.scopes[path]).name
        stop_scope(state, state.scopes[path], "failed", e.Error("timeout", f"graph {name} has passed its deadline"))
    elif not undo_is_due(state, path):
        _raise(plan, state, path, "again" if body.kind == "retry" else "due")


def _take_answer(plan: Plan, state: RunState, event: e.Event, body: e.AnswerGiven) -> None:
    if settle_step(plan, state, event.path, body):
        return
    scope, node = _find(plan, state, event.path)
    live = scope.live[node.index]
    assert isinstance(live, Waiting)
    assert live.question is not None
    live.answers[event.actor] = {"choice": body.choice, "form": body.form, "why": body.why}
    agreed = sum(answer["choice"] == body.choice for answer in live.answers.values())
    if agreed >= live.question.quorum:
        live.given = body.choice
        if live.reason == "budget" and body.choice == RAISE and not body.of:
            raise_limit(plan, state, live.limit)
        _raise(plan, state, event.path, "got")


def _take_word(plan: Plan, state: RunState, event: e.Event, body: e.VerdictGiven | e.RemedyGiven) -> None:
    """A person's word on a held gate or a held failure."""
    scope, node = _find(plan, state, event.path)
    live = scope.live[node.index]
    assert isinstance(live, Waiting)
    if isinstance(body, e.VerdictGiven):
        live.given = {"word": body.verdict, "by": event.actor, "why": body.why}
    else:
        live.given = {"word": body.act, "by": event.actor, "why": body.why}
        if body.act == "edit" and live.attempt is not None:
            live.attempt.input = body.input
    _raise(plan, state, event.path, "got")


def _cancel_run(state: RunState, body: e.RunCancelAsked) -> None:
    """A cancel ends a pause. Where the run stops already, it stops what `finally` still does, at any depth."""
    state.is_paused = False
    state.is_cancel_asked = True
    root = state.scopes[""]
    was_stopping = root.stopping or root.stop_queued
    stop_scope(state, root, "cancelled", rollback=body.rollback)
    for scope in list(state.scopes.values()):
        if was_stopping and scope.finishing:
            stop_scope(state, scope, "cancelled")


def _take_wish(plan: Plan, state: RunState, path: str, body: e.NodeCancelAsked | e.NodeCompleteAsked) -> None:
    item = item_at(plan, state, path) or (state.scopes.get(f"{path}/") if split_step(path) else None)
    if item is not None:
        stop_scope(state, item, "cancelled")
        return
    scope, node = _find(plan, state, path)
    if isinstance(body, e.NodeCancelAsked):
        cancel_nodes(state, scope, (node.index,))
    else:
        state.matters.add(Matter("due", scope.key, node.index, "complete", state.seq))


def _raise(plan: Plan, state: RunState, path: str, kind: MatterKind) -> None:
    scope, node = _find(plan, state, path)
    state.matters.add(Matter(kind, scope.key, node.index, cause=state.seq))


def _find(plan: Plan, state: RunState, path: str) -> tuple[Scope, Node]:
    found = node_at(plan, state, path)
    assert found is not None, f"an event speaks of {path}, which is not open"
    return found
