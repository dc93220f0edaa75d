"""`settle`: decide, record, evolve, until nothing is left to decide or a value is missing.

The shell appends the events it gives, all or none, and acts on nothing that is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from interlock.core.admit import admit
from interlock.core.decide import Need, decide
from interlock.core.events import (
    AnswerGiven,
    Command,
    EffectDone,
    EffectIntended,
    EffectSettled,
    Event,
    EventReceived,
    NodeResult,
    Outside,
    RemedyGiven,
    ResultAdopted,
    ResultLate,
    RunStarted,
)
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.requests import Refused, Request
from interlock.core.state import RunState
from interlock.core.values import Blobs, Pack, Value
from interlock.core.verdicts import AskPolicy

SETTLED_AT_ONCE_MAX = 1_000_000
"""How many events one settling may give where nobody asks for fewer."""


class Settled(Struct, frozen=True, gc=False):
    """What was decided, the state after it, and what must be loaded before more can be."""

    events: tuple[Event, ...]
    state: RunState
    need: frozenset[str] = frozenset()
    goes_on: bool = False
    """Whether there is more to decide than was asked for."""


def unpacked(value: Value) -> Value:
    """The packing of those who keep every value inside its event."""
    return value


def settle(
    plan: Plan,
    state: RunState,
    *,
    at: int,
    blobs: Blobs | None = None,
    pack: Pack = unpacked,
    judge: AskPolicy | None = None,
    at_most: int = SETTLED_AT_ONCE_MAX,
) -> Settled:
    """What follows from the state as it is: everything, up to so many events. Consumes the state."""
    events: list[Event] = []
    while len(events) < at_most:
        match decide(plan, state, blobs or {}, pack, judge):
            case Command() as command:
                event = record(state, command, at=at)
                events.append(event)
                state = evolve(plan, state, event)
            case Need(digests=digests):
                return Settled(tuple(events), state, digests)
            case None:
                return Settled(tuple(events), state)
    return Settled(tuple(events), state, goes_on=True)


class Arrived(Struct, frozen=True, gc=False):
    """What was recorded of requests and arrivals, the state after it, and which were refused."""

    events: tuple[Event, ...]
    state: RunState
    refused: tuple[Refused | None, ...]
    """For each request, in order: why it was refused, or None."""


def admit_all(
    plan: Plan, state: RunState, requests: Sequence[tuple[Request, str]], *, at: int, pack: Pack = unpacked
) -> Arrived:
    """Admits requests one after the other, each by the state that the one before has left. Consumes the state."""
    events: list[Event] = []
    refused: list[Refused | None] = []
    at = max(at, state.at)
    for request, actor in requests:
        admitted = admit(plan, state, request, at=at)
        refused.append(admitted if isinstance(admitted, Refused) else None)
        for path, body in [] if isinstance(admitted, Refused) else admitted:
            event = Event(state.seq + 1, at, path, packed(body, pack), actor)
            events.append(event)
            state = evolve(plan, state, event)
    return Arrived(tuple(events), state, tuple(refused))


def packed(body: Outside, pack: Pack) -> Outside:
    """The same fact with its large values put aside."""
    match body:
        case RunStarted():
            return structs.replace(body, inputs=pack(body.inputs))
        case EffectIntended(input=None, manifest=None):
            return body
        case EffectIntended():
            return structs.replace(body, input=pack(body.input), manifest=pack(body.manifest))
        case NodeResult() | EffectDone() | EffectSettled() | ResultLate() | ResultAdopted():
            return body if body.out is None else structs.replace(body, out=pack(body.out))
        case EventReceived():
            return structs.replace(body, data=pack(body.data))
        case AnswerGiven():
            return body if body.form is None else structs.replace(body, form=pack(body.form))
        case RemedyGiven():
            return body if body.input is None else structs.replace(body, input=pack(body.input))
        case _:
            return body


def record(state: RunState, command: Command, *, at: int) -> Event:
    """The event that a command becomes. Time never runs backwards in a run."""
    return Event(state.seq + 1, max(at, state.at), command.path, command.body, cause=command.cause)


def fold(plan: Plan, state: RunState, events: Sequence[Event]) -> RunState:
    """The state after a whole stretch of the log. Consumes the state."""
    for event in events:
        state = evolve(plan, state, event)
    return state
