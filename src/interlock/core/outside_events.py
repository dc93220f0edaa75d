"""What comes to a run from outside: from people, from timers, from the world. Each is an event as it is recorded.

A stored event is a promise: a field may be added with a default, never reshaped.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from interlock.core.event_parts import Decision, Error, Question, Start, StepClass, StepKind, TimerKind, Undone
from interlock.core.plan import Budget
from interlock.core.spending import Spending
from interlock.core.values import Value


class RunStarted(Struct, frozen=True, gc=False, tag="run.started", omit_defaults=True):
    """A run has begun: what it is pinned to, what it was given, and why it was made."""

    bundle: str
    graph: str
    graph_hash: str
    language: int
    inputs: Value
    tenant: str = "local"
    kind: Start = "start"
    parent: str = ""
    key: str = ""
    labels: dict[str, str] = {}
    priority: int = 0
    why: str = ""
    rule: str = ""
    """The rule by which the policy said whether it may run."""
    policy: str = ""
    refused: Error | None = None
    """Why it may not: it ends at once."""
    tainted: bool = False
    """Its inputs were made of an event, which somebody outside may have written."""


class ResultAdopted(Struct, frozen=True, gc=False, tag="result.adopted", omit_defaults=True):
    """A result of the parent run, taken over instead of running the node again. With `undo`: to be taken back."""

    parent_seq: int
    out: Value = None
    labels: tuple[str, ...] = ()
    effect: str = ""
    attempts: int = 1
    undo: Undone | None = None
    sent: Value = None
    """What an `emit` has sent: it is offered to the waits of the new run as well."""
    is_shared: bool = False
    """The parent goes on having it, so it is the parent's to take back."""
    tainted: bool = False
    """The parent had read by then what somebody outside may have written."""


class NodeResult(Struct, frozen=True, gc=False, tag="node.result", omit_defaults=True):
    """What came of an attempt. A `done` result is the node's success; an `unknown` one keeps its effect id.

    `not_done`: the call was stopped before it was made. One that was `cancelled` although nobody cancelled its node was
    stopped by a worker that left in good order.
    """

    effect: str
    status: Literal["done", "failed", "unknown", "not_done"]
    out: Value = None
    labels: tuple[str, ...] = ()
    error: Error | None = None
    retryable: bool = True
    calls: int = 1
    simulated: bool = False
    moved: bool = False
    """Of a call whose worker died: something in it had settled since a worker last died in it.

    Logs that were written before this was recorded say nothing of it: there all deaths in an effect counted together.
    """


class EffectIntended(Struct, frozen=True, gc=False, tag="effect.intended", omit_defaults=True):
    """A step inside a node is about to touch the world, or asks a person (`question`)."""

    ordinal: int
    effect: str
    name: str
    digest: str = ""
    key: str = ""
    effect_class: StepClass = "once"
    question: Question | None = None
    kind: StepKind = ""
    input: Value = None
    """What is asked for: the arguments of a tool, what an agent is given."""
    manifest: Value = None
    """Of a model call: what went into its context, what did not, and why."""
    reserve: Spending | None = None
    """What is held for it until it has settled."""
    limits: Budget | None = None
    """The limits of everything inside it, where it is an agent or a graph that an agent calls."""
    tries: int = 1
    """How often it has been begun: a paid call that was lost with its worker is made once more."""
    raises: str = ""
    """Of a question about a spent limit: whose limit it is. The answer `raise` grants as much again."""


class EffectDone(Struct, frozen=True, gc=False, tag="effect.done", omit_defaults=True):
    """A step has settled well."""

    ordinal: int
    effect: str
    out: Value = None
    spent: Spending | None = None
    simulated: bool = False
    tries: int = 1
    tainted: bool = False
    """Of a memory that was recalled: it holds what somebody outside may have written. Of a tool, its contract says."""


class EffectFailed(Struct, frozen=True, gc=False, tag="effect.failed", omit_defaults=True):
    """A step has failed, and is known to have."""

    ordinal: int
    effect: str
    error: Error
    spent: Spending | None = None
    simulated: bool = False
    tries: int = 1


class EffectUnknown(Struct, frozen=True, gc=False, tag="effect.unknown", omit_defaults=True):
    """Nobody knows what became of a step."""

    ordinal: int
    effect: str
    error: Error
    holds: bool = False
    """Its node neither ends nor is tried again before that is known.

    Logs that were written before this was recorded say nothing of it: there a node that was cancelled, or had failed,
    ended all the same.
    """
    tries: int = 1


class DecisionMade(Struct, frozen=True, gc=False, tag="decision.made", omit_defaults=True):
    """A choice that a door has made about a step inside a node: a policy's verdict, or which model answers."""

    decision: Decision
    ordinal: int = 0
    """The step it is about."""
    effect: str = ""
    name: str = ""
    key: str = ""
    """What is about to be called, and for what."""
    error: Error | None = None
    """Why it is not: the step is over before it was begun."""


class ResultLate(Struct, frozen=True, gc=False, tag="result.late", omit_defaults=True):
    """A result that came after its attempt had been given up: kept for people, changes nothing."""

    effect: str
    status: Literal["done", "failed", "unknown"]
    out: Value = None
    error: Error | None = None
    simulated: bool = False


class EffectSettled(Struct, frozen=True, gc=False, tag="effect.settled", omit_defaults=True):
    """What became of an unknown effect, found out by its `reconcile` hook or said by a person."""

    effect: str
    status: Literal["done", "not_done"]
    out: Value = None
    why: str = ""
    tries: int = 1
    """Of a step: which of its tries was in doubt."""


class TimerFired(Struct, frozen=True, gc=False, tag="timer.fired"):
    """Its time has come."""

    kind: TimerKind


class AnswerGiven(Struct, frozen=True, gc=False, tag="answer.given", omit_defaults=True):
    """A person's answer to a question.

    With `of` it was given there: who raises a limit has answered all who ask about it, and has granted that much once.
    """

    choice: str = ""
    form: Value = None
    why: str = ""
    of: str = ""
    effect: str = ""
    """Of a step's question: the effect that it is settled by, which logs that were written before do not say."""


class VerdictGiven(Struct, frozen=True, gc=False, tag="verdict.given", omit_defaults=True):
    """A person's verdict on a held gate."""

    verdict: Literal["promote", "block", "rollback"]
    why: str = ""


class EventReceived(Struct, frozen=True, gc=False, tag="event.received", omit_defaults=True):
    """An event came for the waits of this run."""

    id: str
    name: str
    data: Value = None


class RunPaused(Struct, frozen=True, gc=False, tag="run.paused", omit_defaults=True):
    """Nothing new is decided until the run is resumed."""

    why: str = ""


class RunResumed(Struct, frozen=True, gc=False, tag="run.resumed", omit_defaults=True):
    """What was put off is decided now."""

    why: str = ""


class RunCancelAsked(Struct, frozen=True, gc=False, tag="run.cancel_asked", omit_defaults=True):
    """Somebody wants the run to stop, perhaps with what it did taken back."""

    rollback: bool = False
    why: str = ""


class NodeCancelAsked(Struct, frozen=True, gc=False, tag="node.cancel_asked", omit_defaults=True):
    """Somebody wants a node to stop."""

    why: str = ""


class NodeCompleteAsked(Struct, frozen=True, gc=False, tag="node.complete_asked", omit_defaults=True):
    """Somebody wants an `each` to end with the items it has."""

    why: str = ""


class RemedyGiven(Struct, frozen=True, gc=False, tag="remedy.given", omit_defaults=True):
    """What a person wants done about a failure that is held."""

    act: Literal["retry", "edit", "skip", "fail"]
    input: Value = None
    why: str = ""


class RunMode(Struct, frozen=True, gc=False, tag="run.mode", omit_defaults=True):
    """The run moves to another mode."""

    mode: Literal["normal", "degraded", "minimal"]
    why: str = ""


class RunMigrated(Struct, frozen=True, gc=False, tag="run.migrated", omit_defaults=True):
    """The run goes on on another bundle of its graph, which could have brought it to where it stands.

    `before` is the bundle on which it was until then. All that follows is decided by the new one.
    """

    bundle: str
    graph_hash: str
    before: str
    why: str = ""


class UndoResult(Struct, frozen=True, gc=False, tag="undo.result", omit_defaults=True):
    """What came of one attempt to take something back; as in `NodeResult`."""

    effect: str
    status: Literal["done", "failed", "unknown", "not_done"]
    error: Error | None = None
    retryable: bool = True
    simulated: bool = False
    moved: bool = False
