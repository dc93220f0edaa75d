"""What the core decides: each is asked for as a command, and recorded as the event of the same name and fields.

A stored event is a promise: a field may be added with a default, never reshaped.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.core.event_parts import Decision, Error, Question, ScopeOutcome
from interlock.core.plan import Micros
from interlock.core.values import Value


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
