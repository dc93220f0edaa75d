"""After an attempt that was no plain success (rules 32 to 35).

It is repeated, given up, or ends cancelled; or somebody is asked what became of it.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

from interlock.core import events as e
from interlock.core.deciding.in_hand import Deciding
from interlock.core.evolving.journal import step_in_question
from interlock.core.identity import effect_id
from interlock.core.in_doubt import must_be_known
from interlock.core.paths import undo_path
from interlock.core.plan import EffectClass, Retry
from interlock.core.state import DEATHS_MAX, Attempt, Calling, Undoing, Waiting

NEVER_RETRIED = frozenset({"invalid", "refused", "exhausted", "cancelled"})


class Again(Struct, frozen=True):
    """Try again after a while: under a new id, or (`keeps_id`) under the same, since nobody knows what happened."""

    number: int
    delay: int
    keeps_id: bool
    why: str


class GiveUp(Struct, frozen=True):
    """It has failed for good."""

    error: e.Error


After = Again | GiveUp | Literal["ask"]


def after(attempt: Attempt, effect: EffectClass, retry: Retry, *, run: str, path: str) -> After:
    """What follows an attempt that did not succeed. `ask`: nobody may repeat it before its outcome is known."""
    error = attempt.error or e.Error("failed", "the attempt failed without saying why", path)
    match attempt.status:
        case "unknown" if effect == "once":
            return "ask"
        case "unknown" | "not_done" if error.kind == "lost":
            return _after_death(attempt, error)
        case "unknown" | "not_done" if error.kind == "cancelled":
            # The node lives, so it was its worker that stopped the call: no failure and no death, however often.
            return Again(attempt.number, 0, keeps_id=True, why="its worker left")
        case "unknown" | "not_done":
            return _after_failure(attempt, error, retry, run=run, path=path, keeps_id=True)
        case _:
            return _after_failure(attempt, error, retry, run=run, path=path, keeps_id=False)


def _after_death(attempt: Attempt, error: e.Error) -> After:
    """A worker that died is no failure of the tool: it is repeated, but not for ever."""
    if attempt.deaths_in_a_row >= DEATHS_MAX:
        message = f"its worker died {attempt.deaths_in_a_row} times in it; the last time: {error.message}"
        return GiveUp(e.Error("lost", message, error.path))
    return Again(attempt.number, 0, keeps_id=True, why="its worker died")


def _after_failure(attempt: Attempt, error: e.Error, retry: Retry, *, run: str, path: str, keeps_id: bool) -> After:
    may_retry = attempt.retryable and error.kind in retry.on and error.kind not in NEVER_RETRIED
    if not may_retry or attempt.number >= retry.attempts:
        return GiveUp(error)
    delay = backoff(retry, run=run, path=path, attempt=attempt.number)
    return Again(attempt.number + 1, delay, keeps_id, f"{error.kind}: attempt {attempt.number} of {retry.attempts}")


def backoff(retry: Retry, *, run: str, path: str, attempt: int) -> int:
    """min(max, first * 2^(attempt-1)), less up to half of it by a hash: runs come back apart, and none by chance."""
    full = min(retry.backoff_max, retry.backoff * 2 ** min(attempt - 1, 40))
    digest = hashlib.sha256(f"{run}\n{path}\n{attempt}".encode()).digest()
    return full - full * int.from_bytes(digest[:4], "big") // 2**33


# --- nodes -----------------------------------------------------------------------------------------------------------


def after_attempt(on: Deciding) -> e.Command:
    """What follows at a node."""
    live = on.live
    assert isinstance(live, Calling | Waiting)
    attempt = live.attempt
    assert attempt is not None
    effect = on.plan.effect_of(on.node.work)
    step = step_in_question(attempt, is_cancelled=live.cancelling)
    if step is not None:
        return on.command(e.NodeWaiting("reconcile", effect=step.effect, error=attempt.error))
    if live.cancelling:
        return _end_cancelled(on, attempt, effect)
    match after(attempt, effect, on.node.retry, run=on.state.run, path=on.path):
        case Again() as again:
            kept = attempt.effect if again.keeps_id else ""
            return on.command(e.NodeRetrying(again.number, again.delay, kept, again.why))
        case GiveUp(error=error):
            return on.failed(_about(on, error))
        case "ask":
            return on.command(e.NodeWaiting("reconcile", effect=attempt.effect, error=attempt.error))


def _about(on: Deciding, error: e.Error) -> e.Error:
    """The error with its place; after a fallback, with the failure it stood in for."""
    because = error.because
    if on.node.stands_in_for is not None:
        note = on.scope.notes.get(on.node.stands_in_for)
        because = note.error if note else None
    return e.Error(error.kind, error.message, error.path or on.path, because)


def _end_cancelled(on: Deciding, attempt: Attempt, effect: EffectClass) -> e.Command:
    """A cancelled node ends when its effect has settled: one that may have been done must be known first (rule 35)."""
    if attempt.status == "unknown" and must_be_known(effect, on.node.undo, is_cancelled=True):
        return on.command(e.NodeWaiting("reconcile", effect=attempt.effect, error=attempt.error))
    return on.command(e.NodeCancelled())


# --- undoing ---------------------------------------------------------------------------------------------------------


def after_undo(on: Deciding) -> e.Command:
    """The next thing to take back, or what follows an attempt to take one back."""
    undoing = on.scope.undoing
    if undoing is None:
        entry = on.scope.undos[-1]
        if entry.error is not None:
            return e.Command(undo_path(entry.path), e.UndoFailed(entry.error, on.scope.key), on.matter.cause)
        return _undo(on, entry, 1, "")
    attempt = undoing.attempt
    if attempt.status == "":
        return _undo(on, undoing.entry, attempt.number, attempt.effect)
    return _after_undo_attempt(on, undoing)


def _undo(on: Deciding, entry: e.Undone, number: int, effect: str) -> e.Command:
    path = undo_path(entry.path)
    undo = on.plan.scopes[entry.scope].nodes[entry.node].undo
    body = e.UndoStarted(
        scope=on.scope.key,
        of=entry.seq,
        attempt=number,
        effect=effect or effect_id(on.state.run, path, number, 0),
        tool=entry.tool,
        input=entry.input,
        timeout=undo.timeout if undo else None,
    )
    return e.Command(path, body, on.matter.cause)


def _after_undo_attempt(on: Deciding, undoing: Undoing) -> e.Command:
    entry, attempt, path = undoing.entry, undoing.attempt, undo_path(undoing.entry.path)
    undo = on.plan.scopes[entry.scope].nodes[entry.node].undo
    retry = undo.retry if undo else Retry()
    effect = on.plan.tools[entry.tool].effect
    step = step_in_question(attempt, is_cancelled=False)
    if step is not None:
        return e.Command(path, e.UndoWaiting(step.effect), on.matter.cause)
    match after(attempt, effect, retry, run=on.state.run, path=path):
        case Again() as again:
            kept = attempt.effect if again.keeps_id else ""
            return e.Command(path, e.UndoRetrying(again.number, again.delay, kept), on.matter.cause)
        case GiveUp(error=error):
            return e.Command(path, e.UndoFailed(error, on.scope.key), on.matter.cause)
        case "ask":
            return e.Command(path, e.UndoWaiting(attempt.effect), on.matter.cause)
