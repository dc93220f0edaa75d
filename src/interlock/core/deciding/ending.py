"""How nodes and scopes stop and end: cancels, winding down, undo lists, `finally`, and the run's end (rules 35-42)."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.deciding.in_hand import Deciding
from interlock.core.deciding.reading import Reader
from interlock.core.expressions import EvaluationError
from interlock.core.paths import inner_key
from interlock.core.state import BackingOff, Calling, Opened, Scope, Waiting
from interlock.core.undo_input import undo_input
from interlock.core.values import Value, is_map


def cancel_node(on: Deciding) -> e.Command:
    """It never started: skipped. It waits: cancelled at once. It is in flight or holds scopes: asked to stop."""
    live = on.live
    why = str(on.matter.detail or "cancelled")
    match live:
        case None:
            return on.command(e.NodeSkipped(("cancelled",)))
        case Calling() | Opened() | Waiting(reason="reconcile"):
            return on.command(e.NodeCancelling(why))
        case Waiting(reason="hold") if not _is_run_cancelled(on):
            return _block(on)
        case Waiting() | BackingOff():
            return on.command(e.NodeCancelled(why))


def _is_run_cancelled(on: Deciding) -> bool:
    return on.state.is_cancel_asked


def _block(on: Deciding) -> e.Command:
    """A held gate must not be stepped round by a race: cancelled by anything but the run's cancel, it blocks.

    A rollback that somebody has asked for there meanwhile is not forgotten.
    """
    said = on.live.given if isinstance(on.live, Waiting) else None
    verdict = "rollback" if said is not None and said["word"] == "rollback" else "block"
    error = e.Error("refused", "the gate was held when it was cancelled", on.path)
    decision = e.Decision("gate", verdict, why="cancelled while held")
    return on.command(e.NodeFailed(error, decision, verdict=verdict))


def stop_scope(on: Deciding) -> e.Command:
    """The scope stops: nothing new starts in it."""
    scope = on.scope
    return on.scope_command(e.ScopeStopping(on.matter.detail, scope.rollback, scope.error))


def keep_undo(on: Deciding) -> e.Command:
    """What the undo of a finished node will be called with, while its values are still there (rule 38)."""
    if is_map(on.matter.detail):
        return _keep_undo_of_step(on, on.matter.detail)
    node, undo = on.node, on.node.undo
    assert undo is not None
    try:
        return on.command(e.UndoKept(on.matter.detail, on.pack(_own_reader(on, node).template(undo.input))))
    except EvaluationError as problem:
        return on.command(e.UndoKept(on.matter.detail, error=e.Error("invalid", str(problem), on.path)))


def _keep_undo_of_step(on: Deciding, done: Mapping[str, Value]) -> e.Command:
    """The same of a call that an agent made: what the undo takes, by name, from what the call gave and was given."""
    tool, of = done["tool"], done["of"]
    reader = on.reader()
    found = undo_input(on.plan.tools[tool], reader.loaded(done["input"]), reader.loaded(done["out"]))
    if isinstance(found, str):
        message = f"`{tool}` needs `{found}`, and neither the call nor its result has it"
        body = e.UndoKept(of, error=e.Error("invalid", message, done["step"]), tool=tool)
    else:
        body = e.UndoKept(of, on.pack(found), tool=tool)
    return e.Command(done["step"], body, on.matter.cause)


def _own_reader(on: Deciding, node: p.Node) -> Reader:
    """An undo may use the value of its own node, also where that was cancelled after it had done its work."""
    live = on.live
    if isinstance(live, Calling | Waiting) and live.attempt is not None:
        return on.reader({node.name: live.attempt.out})
    return on.reader()


# --- scopes ----------------------------------------------------------------------------------------------------------


def end_scope(on: Deciding) -> e.Command:
    """Nothing is left to do here: take back what must be, run `finally`, and say how it ended."""
    scope, body = on.scope, on.body
    if scope.outcome is not None:
        return _ended(on, scope.outcome, composed=False)
    out: Value = None
    if not scope.stopping:
        try:
            out = _outputs(on)
        except EvaluationError as problem:
            return on.scope_command(e.ScopeStopping("failed", error=e.Error("invalid", f"outputs: {problem}")))
    elif _must_undo(on):
        return on.scope_command(e.ScopeCompensating(len(scope.undos)))
    outcome = _outcome(on, out)
    if body.finally_ is not None and not on.state.is_refused:
        key = inner_key(scope.key, on.plan.scopes[body.finally_], 0)
        return e.Command(key, e.ScopeOpened(outcome=outcome), on.matter.cause)
    return _ended(on, outcome, composed=not scope.stopping and body.outputs is None)


def _ended(on: Deciding, outcome: e.ScopeOutcome, *, composed: bool) -> e.Command:
    if on.scope.key == "":
        left = sum(len(box) for box in on.state.mailbox.values())
        return on.scope_command(e.RunEnded(outcome, left))
    return on.scope_command(e.ScopeEnded(outcome, composed))


def _outputs(on: Deciding) -> Value:
    """The declared outputs, each of which must have a value; without any, the root gives its unfollowed nodes'."""
    scope, body = on.scope, on.body
    if body.outputs is not None:
        reader = on.reader()
        return on.pack({name: _output(reader, name, template) for name, template in body.outputs})
    if scope.key == "" or body.finally_ is not None:
        return on.pack({body.nodes[index].name: scope.values.get(index) for index in body.unfollowed})
    return None


def _output(reader: Reader, name: str, template: p.Template) -> Value:
    if isinstance(template, p.BarePath) and reader.is_absent(template.chain):
        raise EvaluationError(f"`{name}` has no value, because `{template.chain[0]}` has none")
    return reader.template(template)


def _wants_rollback(on: Deciding) -> bool:
    """Who asked for taking back: a verdict or cancel with rollback, or the graph for a failure of its own (rule 37)."""
    scope, body = on.scope, on.body
    if body.kind != "graph" or not scope.stopping:
        return False
    if scope.rollback:
        return True
    causes = ("failed", "blocked") if scope.key == "" else ("failed",)
    return body.on_failure == "rollback" and scope.stopping in causes


def _must_undo(on: Deciding) -> bool:
    return _wants_rollback(on) and bool(on.scope.undos)


def _outcome(on: Deciding, out: Value) -> e.ScopeOutcome:
    """How the scope ended. A run that could not take back what it had to has failed, whatever else it came to."""
    scope = on.scope
    rollback = _wants_rollback(on)
    standing = tuple(scope.standing) if rollback else ()
    not_undone = tuple(scope.not_undone)
    if not_undone and scope.key == "":
        return e.ScopeOutcome("failed", None, scope.error or _not_undone(not_undone), not_undone, standing)
    if not scope.stopping:
        return e.ScopeOutcome("succeeded", out, not_undone=not_undone)
    return e.ScopeOutcome(_stopped_status(scope, rollback=rollback), None, scope.error, not_undone, standing)


def _not_undone(paths: tuple[str, ...]) -> e.Error:
    return e.Error("failed", f"what was to be taken back still stands: {', '.join(paths)}")


def _stopped_status(scope: Scope, *, rollback: bool) -> e.RunStatus:
    if rollback and scope.not_undone:
        return "failed"
    if rollback and scope.key == "":
        return "rolled_back"
    return "cancelled" if scope.stopping in {"cancelled", "closing"} else "failed"
