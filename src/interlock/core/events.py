"""Events: the immutable facts of a run, and the only thing that changes its state.

Some come from `Outside` (people, timers, the world), the others are `Decided`: a command becomes the event of the same
name and fields. A stored event is a promise: a field may be added with a default, never reshaped. What several of them
hold stands in `event_parts`, and is found here as well.
Times are whole microseconds since 1970 in UTC; durations are microseconds. They are data without cycles, so the
collector of cycles need not walk them (`gc=False`): with many alive at once it took half the time.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.event_parts import Decision, Error, Question, ScopeOutcome, TimerKind, Undone
from interlock.core.event_parts import ErrorClass as ErrorClass  # noqa: PLC0414 - everything of events is found here
from interlock.core.event_parts import Option as Option  # noqa: PLC0414
from interlock.core.event_parts import RunStatus as RunStatus  # noqa: PLC0414
from interlock.core.plan import Budget, EffectClass, Micros
from interlock.core.spending import Spending
from interlock.core.values import Value

LOG_FORMAT: Final = 1
"""The version of the event format that this release writes."""

StepClass: TypeAlias = EffectClass | Literal["paid"]
"""What repeating a step would do. A `paid` one, a model call, costs again: after a crash it is repeated once."""

StepKind: TypeAlias = Literal["", "model", "tool", "agent", "graph", "memory", "person", "approval", "limit"]
"""What a step of an agent is. An `approval` asks a person whether a call may be made, a `limit` whether to raise one.
Steps of tools say nothing of it."""

KnownKind: TypeAlias = StepKind | Literal["refusal"]
"""What a step on record is: one that was begun, or a `refusal`, which never was."""

Start: TypeAlias = Literal["start", "retry", "rollback", "fork"]
"""Why a run was made: by itself, as the linked continuation of an ended one, or as another course from some node on."""


# --- From outside ----------------------------------------------------------------------------------------------------


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


# --- Decided ---------------------------------------------------------------------------------------------------------


class NodeStarted(Struct, frozen=True, gc=False, tag="node.started", omit_defaults=True):
    """An attempt begins: its intent is on record before anything touches the world."""

    attempt: int
    effect: str
    digest: str
    input: Value = None
    timeout: Micros | None = None
    because: tuple[str, ...] = ()
    tool: str = ""
    """The tool or agent that is called; of an `emit`, the name of the event."""
    emits: bool = False
    """Whether it sends an event out: such an effect stands in the outbox until its result is recorded."""
    is_agent: bool = False
    rules: tuple[str, ...] = ()
    """The rules by which the policy allowed it: of the way that led here, and of the call."""
    policy: str = ""
    """The policy's digest, where it is another than that of the run's last movement."""
    approved: bool = False
    """Whether the last of the rules wanted a person to approve, and one did."""


class NodeWaiting(Struct, frozen=True, gc=False, tag="node.waiting", omit_defaults=True):
    """A node waits without holding a worker. `due` is an instant; `within` a duration from this event."""

    reason: Literal["person", "hold", "failure", "time", "event", "reconcile", "approval", "budget"]
    due: int | None = None
    within: Micros | None = None
    question: Question | None = None
    event: str = ""
    match: Value = None
    effect: str = ""
    error: Error | None = None
    decision: Decision | None = None
    because: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    policy: str = ""
    input: Value = None
    """Of an `approval` or a `budget`: what the call that waits will be made with."""
    digest: str = ""
    limit: str = ""
    """Of a `budget`: whose limit it is."""


class NodeOpened(Struct, frozen=True, gc=False, tag="node.opened", omit_defaults=True):
    """A node that holds scopes begins. `items` of an `each`, `inputs` of a named graph."""

    items: Value = None
    count: int = 0
    inputs: Value = None
    within: Micros | None = None
    because: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    policy: str = ""


class ScopeOpened(Struct, frozen=True, gc=False, tag="scope.opened", omit_defaults=True):
    """One copy of a list of nodes begins. Of a `finally`, `outcome` says how the graph ended so far."""

    index: int = 0
    outcome: ScopeOutcome | None = None


class EventKept(Struct, frozen=True, gc=False, tag="event.kept", omit_defaults=True):
    """Nobody waited for a received event yet: it stays in the run's mailbox."""

    id: str
    name: str


class NodeRetrying(Struct, frozen=True, gc=False, tag="node.retrying", omit_defaults=True):
    """Another attempt is due after `delay`. With `effect`, nobody knows what became of the last one: its id is kept."""

    attempt: int
    delay: Micros
    effect: str = ""
    why: str = ""


class EdgeDecided(Struct, frozen=True, gc=False, tag="edge.decided", omit_defaults=True):
    """A conditional edge to `target`; an `error` in its condition fails the target."""

    target: str
    ordinal: int
    taken: bool
    why: str = ""
    error: Error | None = None


class NodeSucceeded(Struct, frozen=True, gc=False, tag="node.succeeded", omit_defaults=True):
    """`composed`: the value is made of what the state already holds, and is not repeated here."""

    out: Value = None
    labels: tuple[str, ...] = ()
    decision: Decision | None = None
    composed: bool = False
    adopted: int = 0
    event: str = ""
    """Which received event it waited for."""
    because: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    policy: str = ""


class NodeFailed(Struct, frozen=True, gc=False, tag="node.failed", omit_defaults=True):
    """A node has failed for good. With a `verdict` it was a gate, and the run stops."""

    error: Error
    decision: Decision | None = None
    verdict: Literal["block", "rollback"] | None = None
    because: tuple[str, ...] = ()


class NodeSkipped(Struct, frozen=True, gc=False, tag="node.skipped", omit_defaults=True):
    """A node will never start."""

    because: tuple[str, ...] = ()


class NodeCancelling(Struct, frozen=True, gc=False, tag="node.cancelling", omit_defaults=True):
    """A live node was asked to stop; it lives until its effect or its scopes have settled."""

    because: str = ""


class NodeCancelled(Struct, frozen=True, gc=False, tag="node.cancelled", omit_defaults=True):
    """A node was stopped after it had begun."""

    because: str = ""


Closing: TypeAlias = Literal["failed", "timeout", "quorum", "complete"]


class NodeClosing(Struct, frozen=True, gc=False, tag="node.closing", omit_defaults=True):
    """A node that holds scopes stops those still open; `cause` says how it will end."""

    cause: Closing
    error: Error | None = None


class ScopeStopping(Struct, frozen=True, gc=False, tag="scope.stopping", omit_defaults=True):
    """Nothing new starts in this scope; what lives is cancelled."""

    cause: Literal["failed", "cancelled", "blocked", "closing"]
    rollback: bool = False
    error: Error | None = None


class ScopeCompensating(Struct, frozen=True, gc=False, tag="scope.compensating", omit_defaults=True):
    """What a scope did is being taken back: `n` things, one at a time."""

    n: int


class UndoKept(Struct, frozen=True, gc=False, tag="undo.kept", omit_defaults=True):
    """The input of a node's undo; with `error` it could not be made, and undoing the node will fail."""

    of: int
    """The number of the result that finished the node: undoing goes backwards by it."""
    input: Value = None
    error: Error | None = None
    tool: str = ""
    """Of a call that an agent made: the tool that takes it back."""


class UndoStarted(Struct, frozen=True, gc=False, tag="undo.started", omit_defaults=True):
    """Something is being taken back: the intent is on record before anything touches the world."""

    scope: str
    of: int
    attempt: int
    effect: str
    tool: str
    input: Value = None
    timeout: Micros | None = None


class UndoRetrying(Struct, frozen=True, gc=False, tag="undo.retrying", omit_defaults=True):
    """Another attempt to take something back is due after `delay`."""

    attempt: int
    delay: Micros
    effect: str = ""


class UndoWaiting(Struct, frozen=True, gc=False, tag="undo.waiting", omit_defaults=True):
    """Whether something was taken back is unknown: its tool's `reconcile` or a person says."""

    effect: str


class UndoFailed(Struct, frozen=True, gc=False, tag="undo.failed", omit_defaults=True):
    """Something could not be taken back; the others go on. `scope` takes back what it was part of."""

    error: Error
    scope: str = ""


class ScopeEnded(Struct, frozen=True, gc=False, tag="scope.ended", omit_defaults=True):
    """`composed`: the value is what the scope's nodes hold, and is not repeated here."""

    outcome: ScopeOutcome
    composed: bool = False


class RunEnded(Struct, frozen=True, gc=False, tag="run.ended", omit_defaults=True):
    """The end of the run: nothing follows but what comes too late."""

    outcome: ScopeOutcome
    events_left: int = 0
    """How many received events nothing waited for."""


Outside: TypeAlias = (
    RunStarted
    | ResultAdopted
    | NodeResult
    | EffectIntended
    | EffectDone
    | EffectFailed
    | EffectUnknown
    | DecisionMade
    | ResultLate
    | EffectSettled
    | TimerFired
    | AnswerGiven
    | VerdictGiven
    | EventReceived
    | RunPaused
    | RunResumed
    | RunCancelAsked
    | NodeCancelAsked
    | NodeCompleteAsked
    | RemedyGiven
    | RunMode
    | RunMigrated
    | UndoResult
)
Decided: TypeAlias = (
    NodeStarted
    | NodeWaiting
    | NodeOpened
    | ScopeOpened
    | EventKept
    | NodeRetrying
    | EdgeDecided
    | NodeSucceeded
    | NodeFailed
    | NodeSkipped
    | NodeCancelling
    | NodeCancelled
    | NodeClosing
    | ScopeStopping
    | ScopeCompensating
    | UndoKept
    | UndoStarted
    | UndoRetrying
    | UndoWaiting
    | UndoFailed
    | ScopeEnded
    | RunEnded
)
Body: TypeAlias = Outside | Decided


class Command(Struct, frozen=True, gc=False):
    """What the core asks to be recorded: the body of the event it will become, and the path it is about."""

    path: str
    body: Decided
    cause: int = 0
    """The number of the event that raised the matter which this answers."""


class Event(Struct, frozen=True, gc=False):
    """A recorded fact. `path` is a node's or a scope's; empty, it speaks of the run."""

    seq: int
    at: int
    path: str
    body: Body
    actor: str = ""
    """Who, if a person or another system did it."""
    cause: int = 0

    @property
    def type(self) -> str:
        """The event's name, such as `node.started`."""
        return str(self.body.__struct_config__.tag)

    @property
    def attempt(self) -> int:
        """Which attempt of its node it belongs to; 0 if it belongs to none."""
        return getattr(self.body, "attempt", 0)
