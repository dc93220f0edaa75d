"""Events: the immutable facts of a run, and the only thing that changes its state.

Some come from `Outside` (people, timers, the world), the others are `Decided`: a command becomes the event of the same
name and fields. All of them are found here by their names, and so is what several of them hold (`event_parts`).
Times are whole microseconds since 1970 in UTC; durations are microseconds. They are data without cycles, so the
collector of cycles need not walk them (`gc=False`): with many alive at once it took half the time.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.decided_events import (
    EdgeDecided,
    EventKept,
    NodeCancelled,
    NodeCancelling,
    NodeClosing,
    NodeFailed,
    NodeOpened,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
    NodeWaiting,
    RunEnded,
    ScopeCompensating,
    ScopeEnded,
    ScopeOpened,
    ScopeStopping,
    UndoFailed,
    UndoKept,
    UndoRetrying,
    UndoStarted,
    UndoWaiting,
)
from interlock.core.event_parts import Decision as Decision
from interlock.core.event_parts import Error as Error
from interlock.core.event_parts import ErrorClass as ErrorClass
from interlock.core.event_parts import KnownKind as KnownKind
from interlock.core.event_parts import Option as Option
from interlock.core.event_parts import Question as Question
from interlock.core.event_parts import RunStatus as RunStatus
from interlock.core.event_parts import ScopeOutcome as ScopeOutcome
from interlock.core.event_parts import Start as Start
from interlock.core.event_parts import StepClass as StepClass
from interlock.core.event_parts import StepKind as StepKind
from interlock.core.event_parts import TimerKind as TimerKind
from interlock.core.event_parts import Undone as Undone
from interlock.core.outside_events import (
    AnswerGiven,
    DecisionMade,
    EffectDone,
    EffectFailed,
    EffectIntended,
    EffectSettled,
    EffectUnknown,
    EventReceived,
    NodeCancelAsked,
    NodeCompleteAsked,
    NodeResult,
    RemedyGiven,
    ResultAdopted,
    ResultLate,
    RunCancelAsked,
    RunMigrated,
    RunMode,
    RunPaused,
    RunResumed,
    RunStarted,
    TimerFired,
    UndoResult,
    VerdictGiven,
)

LOG_FORMAT: Final = 1
"""The version of the event format that this release writes."""

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
