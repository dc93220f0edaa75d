"""What is kept beside the log so that it can be asked quickly, and the one function that derives it from events. Pure.

A run's row, its ledger and its open questions say nothing that the log does not say: an adapter applies the changes of
each append in that append's own transaction, and can drop all of it and apply the changes of the whole log instead.
Two things in a run's row come from whoever folds the run, because the plan has a say in them: its status while it lives
and the instant at which it wants to be woken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.paths import node_of_step, split_step, step_path
from interlock.core.values import Value

LineKind: TypeAlias = Literal["tool", "emit", "step", "question", "undo", "agent", "model", "memory", "graph"]
LineStatus: TypeAlias = Literal["intended", "done", "failed", "unknown", "not_done"]
AskedFor: TypeAlias = Literal["person", "hold", "failure", "reconcile", "approval", "budget"]

_CHOICES: Final[dict[AskedFor, tuple[str, ...]]] = {
    "person": (),
    "hold": ("promote", "block", "rollback"),
    "failure": ("retry", "edit", "skip", "fail"),
    "reconcile": ("done", "not_done"),
    "approval": (),
    "budget": (),
}
"""What may be said to each wait that people can end; to a question, what its author says."""

_ASKED_BY_STEPS: Final[dict[e.StepKind, AskedFor]] = {"approval": "approval", "limit": "budget"}
"""What steps ask a person for that are put to people by the engine; the others ask for an answer of their own."""


class RunRow(Struct, frozen=True, gc=False):
    """A run as lists show it."""

    tenant: str
    run: str
    status: str
    graph: str
    graph_hash: str
    bundle: str
    kind: e.Start
    parent: str
    key: str
    labels: dict[str, str]
    started_at: int
    ended_at: int | None
    seq: int
    """The number of its last event."""
    head: bytes
    """The hash of its last header."""
    due: int | None
    """When it wants to be woken, if nothing else happens before."""
    waiting: int
    """How many of its questions are open."""
    error: str
    priority: int = 0
    """Of two runs that wait to be driven, the one with the higher number goes first."""
    imported_from: str = ""
    """Of a run that was imported: whose it was where it ran. Nobody drives it here."""


class RunOrigin(Struct, frozen=True, gc=False):
    """What a run's first event says of it."""

    graph: str
    graph_hash: str
    bundle: str
    kind: e.Start
    parent: str
    key: str
    labels: dict[str, str]
    started_at: int
    priority: int


class RunPin(Struct, frozen=True, gc=False):
    """What a run goes on on, from some event on."""

    bundle: str
    graph_hash: str


class RunEnding(Struct, frozen=True, gc=False):
    """What a run's last event says of it."""

    status: str
    ended_at: int
    error: str


class LedgerRow(Struct, frozen=True, gc=False):
    """One effect of a run: what was intended, and what came of it. A repeat under the same id is the same line."""

    effect: str
    path: str
    """Of a step inside a node, the step's own: `fix.3`."""
    attempt: int
    ordinal: int
    """Which step inside the node; 0 if it is the node's own effect."""
    kind: LineKind
    name: str
    """The tool, the event that is sent, or what the node's code called its step."""
    digest: str
    """The digest of the request."""
    intended_seq: int
    status: LineStatus = "intended"
    settled_seq: int | None = None


class RunEffect(Struct, frozen=True, gc=False):
    """An effect, and the run that it is one of."""

    run: str
    line: LedgerRow


class Settlement(Struct, frozen=True, gc=False):
    """What became of an effect whose line was opened by an earlier append."""

    effect: str
    status: LineStatus
    seq: int


class QuestionRow(Struct, frozen=True, gc=False):
    """Something that only a person can move on: a question, a held gate or failure, an effect nobody knows the end of.

    It is addressed as `RUN:PATH`. The question's choices are the words that may be said about it.
    """

    run: str
    path: str
    node: str
    """The node that asks, and with whose end nobody is asked any more. Steps ask under a path of their own."""
    reason: AskedFor
    question: e.Question
    asked_seq: int
    asked_at: int
    due: int | None


class OutboxRow(Struct, frozen=True, gc=False):
    """An event that is to be sent out and is not known to have been."""

    run: str
    effect: str
    path: str
    event: str
    data: Value
    intended_seq: int


class RunChanges(Struct, gc=False):
    """What some events of one run change in its rows.

    `closed` is applied before `asked`, and `intended` before `settled`.
    """

    origin: RunOrigin | None = None
    pin: RunPin | None = None
    ending: RunEnding | None = None
    intended: dict[str, LedgerRow] = {}
    settled: dict[str, Settlement] = {}
    closed: list[str] = []
    """Paths about which nothing is asked any more, nor by the code inside them."""
    asked: dict[str, QuestionRow] = {}


def changes(run: str, events: Iterable[e.Event]) -> RunChanges:
    """What these events, which follow each other in the run's log, change in its rows."""
    found = RunChanges()
    for event in events:
        _note(found, run, event)
    return found


def _note(found: RunChanges, run: str, event: e.Event) -> None:
    path = event.path
    match event.body:
        case e.NodeStarted() as body:
            _open_line(found, _line_of_node(event, body))
            if body.attempt > 1:
                _close(found, path)
        case e.NodeResult() as body:
            _settle_line(found, body.effect, body.status, event.seq)
            _close(found, path)
        case e.EffectIntended() as body:
            _open_line(found, _line_of_step(event, body))
            if body.question is not None:
                _ask(found, _question_of_step(run, event, body, body.question))
        case e.EffectDone() as body:
            _settle_step(found, event, body, "done")
        case e.EffectFailed() as body:
            _settle_step(found, event, body, "failed")
        case e.EffectUnknown() as body:
            _settle_step(found, event, body, "unknown")
        case e.EffectSettled() as body:
            _settle_line(found, _line_id(body.effect, body.tries), body.status, event.seq)
            _close(found, path)
        case e.UndoStarted() as body:
            _open_line(found, _line_of_undo(event, body))
            _close(found, path)
        case e.UndoResult() as body:
            _settle_line(found, body.effect, body.status, event.seq)
            _close(found, path)
        case e.NodeWaiting() as body:
            _close(found, path)
            if body.reason in _CHOICES and (body.reason != "budget" or body.question is not None):
                _ask(found, _question_of_node(run, event, body, body.reason))
        case e.UndoWaiting():
            _ask(found, _question_of_undo(run, event))
        case e.AnswerGiven() as body:
            # Of a node's own question the node's end tells: several people may have to answer it.
            if body.effect:
                _settle_line(found, body.effect, "done", event.seq)
            if split_step(path) is not None:
                _close(found, path)
        case (
            e.NodeSucceeded() | e.NodeFailed() | e.NodeSkipped() | e.NodeCancelled() | e.NodeRetrying() | e.UndoFailed()
        ):
            _close(found, path)
        case e.RunStarted() as body:
            found.origin = _origin_of(event, body)
        case e.RunMigrated() as body:
            found.pin = RunPin(body.bundle, body.graph_hash)
        case e.RunEnded() as body:
            found.ending = _ending_of(event, body)
        case _:
            pass


def _open_line(found: RunChanges, line: LedgerRow) -> None:
    found.settled.pop(line.effect, None)
    found.intended[line.effect] = line


def _settle_line(found: RunChanges, effect: str, status: LineStatus, seq: int) -> None:
    line = found.intended.get(effect)
    if line is None:
        found.settled[effect] = Settlement(effect, status, seq)
    else:
        found.intended[effect] = replace(line, status=status, settled_seq=seq)


def _settle_step(
    found: RunChanges, event: e.Event, body: e.EffectDone | e.EffectFailed | e.EffectUnknown, status: LineStatus
) -> None:
    _settle_line(found, _line_id(body.effect, body.tries), status, event.seq)
    _close(found, step_path(event.path, body.ordinal))


def _line_id(effect: str, tries: int) -> str:
    """A call that was lost and is made once more has a line of its own: both are paid for."""
    return effect if tries == 1 else f"{effect}~{tries}"


def _ask(found: RunChanges, question: QuestionRow) -> None:
    found.asked[question.path] = question


def _close(found: RunChanges, path: str) -> None:
    found.closed.append(path)
    if found.asked:
        found.asked = {key: row for key, row in found.asked.items() if path not in (row.path, row.node)}


def _line_of_node(event: e.Event, body: e.NodeStarted) -> LedgerRow:
    kind: LineKind = "emit" if body.emits else "agent" if body.is_agent else "tool"
    return LedgerRow(body.effect, event.path, body.attempt, 0, kind, body.tool, body.digest, event.seq)


def _line_of_step(event: e.Event, body: e.EffectIntended) -> LedgerRow:
    path, effect = step_path(event.path, body.ordinal), _line_id(body.effect, body.tries)
    return LedgerRow(effect, path, 0, body.ordinal, _kind_of_step(body), body.name, body.digest, event.seq)


def _kind_of_step(body: e.EffectIntended) -> LineKind:
    if body.question is not None:
        return "question"
    match body.kind:
        case "person" | "approval" | "limit":
            return "question"
        case "":
            return "step"
        case kind:
            return kind


def _line_of_undo(event: e.Event, body: e.UndoStarted) -> LedgerRow:
    return LedgerRow(body.effect, event.path, body.attempt, 0, "undo", body.tool, "", event.seq)


def _question_of_node(run: str, event: e.Event, body: e.NodeWaiting, reason: AskedFor) -> QuestionRow:
    due = event.at + body.within if body.due is None and body.within is not None else body.due
    why = body.error.message if body.error else body.decision.why if body.decision else ""
    question = body.question or e.Question(why, _CHOICES[reason])
    return QuestionRow(run, event.path, event.path, reason, question, event.seq, event.at, due)


def _question_of_step(run: str, event: e.Event, body: e.EffectIntended, question: e.Question) -> QuestionRow:
    path, node = step_path(event.path, body.ordinal), node_of_step(event.path)
    return QuestionRow(run, path, node, _ASKED_BY_STEPS.get(body.kind, "person"), question, event.seq, event.at, None)


def _question_of_undo(run: str, event: e.Event) -> QuestionRow:
    question = e.Question("", _CHOICES["reconcile"])
    return QuestionRow(run, event.path, event.path, "reconcile", question, event.seq, event.at, None)


def _origin_of(event: e.Event, body: e.RunStarted) -> RunOrigin:
    who = (body.graph, body.graph_hash, body.bundle, body.kind, body.parent, body.key)
    return RunOrigin(*who, body.labels, started_at=event.at, priority=body.priority)


def _ending_of(event: e.Event, body: e.RunEnded) -> RunEnding:
    error = body.outcome.error
    return RunEnding(body.outcome.status, event.at, error.message if error else "")
