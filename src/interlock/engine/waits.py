"""What a node waits for, as people are told it: a question, a verdict, a remedy, an instant, an event, another try."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.evolving.journal import open_steps
from interlock.core.state import Attempt, BackingOff, Calling, Waiting, all_steps
from interlock.core.values import Value

WaitReason: TypeAlias = Literal[
    "person", "hold", "failure", "reconcile", "approval", "budget", "time", "event", "retry"
]
FOR_PEOPLE: frozenset[WaitReason] = frozenset({"person", "hold", "failure", "reconcile", "approval", "budget"})
"""Waits that nobody but a person (or a tool's `reconcile`) ends."""


class Wait(Struct, frozen=True, kw_only=True):
    """One thing that is waited for. `path` is where a person's word is sent: for a step inside a node, the step's."""

    path: str
    reason: WaitReason
    since: int
    due: int | None = None
    question: e.Question | None = None
    answered_by: tuple[str, ...] = ()
    """Who has answered so far, where more than one has to."""
    event: str = ""
    match: Value = None
    effect: str = ""
    """The effect of which nobody knows what became."""
    tool: str = ""
    """What was called by it, where a step did so: a node says itself what it calls."""
    input: Value = None
    """What that was called with: by this people find out whether it happened."""
    error: e.Error | None = None
    decision: e.Decision | None = None

    @property
    def is_for_people(self) -> bool:
        """Whether a person can end it."""
        return self.reason in FOR_PEOPLE and not (self.reason == "budget" and self.question is None)


def waits_of(path: str, live: object, before: tuple[Wait, ...], event: e.Event) -> tuple[Wait, ...]:
    """What a live node waits for after an event about it. `before` are its waits until then: they keep their times."""
    match live:
        case Waiting(reason="reconcile"):
            return _unknowns(path, live, before, event)
        case Waiting():
            return (_own(path, live, before, event),)
        case BackingOff():
            return (_next_try(path, live, before, event),)
        case Calling():
            return asked_inside(path, live.attempt, before, event)
        case _:
            return ()


def _own(path: str, live: Waiting, before: tuple[Wait, ...], event: e.Event) -> Wait:
    if before and not isinstance(event.body, e.NodeWaiting):
        # A later word about it (an answer that is not the last) does not begin the wait anew.
        return replace(before[0], answered_by=tuple(live.answers))
    body = event.body if isinstance(event.body, e.NodeWaiting) else None
    return Wait(
        path=path,
        reason=live.reason,
        since=event.at,
        due=_due(event),
        question=live.question,
        answered_by=tuple(live.answers),
        event=live.event,
        match=body.match if body else None,
        error=live.error,
        decision=live.decision,
    )


def _due(event: e.Event) -> int | None:
    match event.body:
        case e.NodeWaiting(due=int(due)):
            return due
        case e.NodeWaiting(within=int(span)) | e.NodeRetrying(delay=span):
            return event.at + span
        case _:
            return None


def _unknowns(path: str, live: Waiting, before: tuple[Wait, ...], event: e.Event) -> tuple[Wait, ...]:
    """The steps whose outcome is unknown, if there are any: those have to be settled; else the node's own effect."""
    attempt = live.attempt
    since = before[0].since if before and not isinstance(event.body, e.NodeWaiting) else event.at
    if attempt is None:
        return ()
    unknown = {path + address: step for address, step in open_steps(attempt).items()}
    wait = Wait(
        path=path, reason="reconcile", since=since, effect=attempt.effect, input=attempt.input, error=live.error
    )
    if not unknown:
        return (wait,)
    return tuple(
        replace(wait, path=asked, effect=step.effect, tool=step.name, input=step.input, error=step.error)
        for asked, step in unknown.items()
    )


def _next_try(path: str, live: BackingOff, before: tuple[Wait, ...], event: e.Event) -> Wait:
    if before and not isinstance(event.body, e.NodeRetrying):
        return before[0]
    return Wait(path=path, reason="retry", since=event.at, due=_due(event), error=live.attempt.error)


def asked_inside(path: str, attempt: Attempt, before: tuple[Wait, ...], event: e.Event) -> tuple[Wait, ...]:
    """The open questions that the code of a node, or of what takes one back, asks while it is called."""
    known = {wait.path: wait for wait in before}
    asking = {
        f"{path}.{address}": step
        for address, step in all_steps(attempt.steps)
        if step.question is not None and step.status == "intended"
    }
    return tuple(
        known.get(asked) or Wait(path=asked, reason=asked_for(step.kind), since=event.at, question=step.question)
        for asked, step in asking.items()
    )


def asked_for(kind: e.KnownKind) -> WaitReason:
    """Why a step asks a person: for leave to make a call, for more of a spent limit, or for an answer of its own."""
    match kind:
        case "approval":
            return "approval"
        case "limit":
            return "budget"
        case _:
            return "person"
