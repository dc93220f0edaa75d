"""What events are made of: errors, decisions, questions, outcomes. None of them is an event; several events hold each.

Stored with the events, and as much of a promise: a field may be added with a default, never reshaped. Whoever reads
or writes events finds them in `events` as well.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.core.plan import EffectClass
from interlock.core.values import Value

ErrorClass: TypeAlias = Literal[
    "timeout",
    "unavailable",
    "rate_limited",
    "invalid",
    "refused",
    "exhausted",
    "failed",
    "cancelled",
    "lost",
    "no_progress",
]
RunStatus: TypeAlias = Literal["succeeded", "failed", "cancelled", "rolled_back"]
TimerKind: TypeAlias = Literal["timeout", "retry", "wait", "wall"]

StepClass: TypeAlias = EffectClass | Literal["paid"]
"""What repeating a step would do. A `paid` one, a model call, costs again: after a crash it is repeated once."""

StepKind: TypeAlias = Literal["", "model", "tool", "agent", "graph", "memory", "person", "approval", "limit"]
"""What a step of an agent is. An `approval` asks a person whether a call may be made, a `limit` whether to raise one.
Steps of tools say nothing of it."""

KnownKind: TypeAlias = StepKind | Literal["refusal"]
"""What a step on record is: one that was begun, or a `refusal`, which never was."""

Start: TypeAlias = Literal["start", "retry", "rollback", "fork"]
"""Why a run was made: by itself, as the linked continuation of an ended one, or as another course from some node on."""


class Error(Struct, frozen=True, gc=False, omit_defaults=True):
    """Why something failed: its class decides what may be done about it, its message is for people."""

    kind: ErrorClass
    message: str
    path: str = ""
    """Where it began, when it reached this node from inside."""
    because: Error | None = None
    """The error that this one followed (a fallback that failed as well)."""


class Option(Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that could have been chosen, and what was known of it."""

    name: str
    score: Value = None
    note: str = ""


class Decision(Struct, frozen=True, gc=False, omit_defaults=True):
    """A recorded choice: what was asked, what could have been chosen, what was, and why.

    Of a policy's verdict `rule` is the rule that decided, and `digest` that of the policy it stands in.
    """

    point: str
    chosen: str
    options: tuple[Option, ...] = ()
    why: str = ""
    rule: str = ""
    digest: str = ""


class Question(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a person is asked: choices, or a form to fill in."""

    text: str
    choices: tuple[str, ...] = ()
    form: Value = None
    quorum: int = 1


class Undone(Struct, frozen=True, gc=False, omit_defaults=True):
    """How to take back what a node did: kept when the node has finished, since its values may be gone later."""

    tool: str
    input: Value
    seq: int
    scope: int
    """Which scope of the plan the node stands in, to find its `undo` there."""
    node: int
    path: str
    error: Error | None = None
    """Why its input could not be made: then taking it back fails as soon as it is asked for."""


class ScopeOutcome(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a scope ended."""

    status: RunStatus
    out: Value = None
    error: Error | None = None
    not_undone: tuple[str, ...] = ()
    left_standing: tuple[str, ...] = ()
