"""A run rehearsed by the pure core: made-up inputs, calls answered by what fits their schemas, people who say yes.

Time passes only when nothing else happens. Where a rehearsal stands and what comes next follows from its log alone, so
one that is cut anywhere and moved goes on as if nothing had been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.admit import waits
from interlock.core.paths import node_at
from interlock.core.plan import AgentWork, JsonSchema, Plan, ToolWork
from interlock.core.settle import admit_all, fold, settle
from interlock.core.state import RunState, Waiting, next_due
from interlock.core.values import ENCODER, Value, decode_leaf
from interlock.engine.conformance.made_up import CannotMakeUp, made_up
from interlock.engine.effects import Interrupted, interrupted

RUN: Final = "rehearsal"
PERSON: Final = "rehearsal"
EVENTS_MAX: Final = 2_000
_SECOND: Final = 1_000_000
_DECODE: Final = msgspec.msgpack.Decoder(list[e.Event], ext_hook=decode_leaf).decode


class RehearsedRun(Struct, frozen=True):
    """The log of a rehearsal. `stuck`: why it went no further, where it did not come to its end."""

    log: tuple[e.Event, ...]
    status: str = ""
    stuck: str = ""

    @property
    def traces(self) -> list[str]:
        """A digest of each event."""
        return [hashlib.sha256(ENCODER.encode(event)).hexdigest() for event in self.log]


def rehearse_run(plan: Plan, *, log: Sequence[e.Event] = (), pauses_at: int | None = None) -> RehearsedRun:
    """The run from its start, or from where a log ends; paused and resumed as soon as it has so many events."""
    rehearsal = _Rehearsal(plan, log)
    if not log:
        rehearsal.admit(r.StartRun(inputs=_fitting(plan.root.inputs) or {}))
    rehearsal.settle()
    while not rehearsal.state.has_ended and not rehearsal.stuck:
        if pauses_at is not None and rehearsal.state.seq >= pauses_at:
            pauses_at = None
            rehearsal.pause_and_resume()
        rehearsal.go_on()
    outcome = rehearsal.state.outcome
    return RehearsedRun(tuple(rehearsal.log), "" if outcome is None else outcome.status, rehearsal.stuck)


def encoded_log(log: Sequence[e.Event]) -> bytes:
    """Events as bytes."""
    return ENCODER.encode(list(log))


def decoded_log(data: bytes) -> list[e.Event]:
    """Events from bytes."""
    return _DECODE(data)


class _Rehearsal:
    """One rehearsal on its way."""

    def __init__(self, plan: Plan, log: Sequence[e.Event]) -> None:
        self.plan = plan
        self.state = fold(plan, RunState(RUN), log)
        self.log = list(log)
        self.stuck = ""

    def settle(self) -> None:
        """Whatever follows."""
        settled = settle(self.plan, self.state, at=self.state.at)
        self.log += settled.events
        self.state = settled.state
        if settled.need:
            self.stuck = "it needs values that are kept elsewhere"

    def admit(self, request: r.Request, *, at: int | None = None) -> None:
        """A request, which has to be taken."""
        actor = getattr(request, "by", "") or PERSON
        arrived = admit_all(self.plan, self.state, [(request, actor)], at=at or self.state.at + _SECOND)
        self.log += arrived.events
        self.state = arrived.state
        if arrived.refused[0] is not None:
            self.stuck = arrived.refused[0].reason
        elif not arrived.events:
            self.stuck = "nothing came of what was told to it"

    def go_on(self) -> None:
        """What happens next: a call is answered, else a person answers, else time passes."""
        if len(self.log) > EVENTS_MAX:
            self.stuck = f"it is longer than {EVENTS_MAX:,} events"
            return
        in_flight = sorted(interrupted(self.plan, self.state), key=lambda each: each.path)
        waiting = sorted(waits(self.plan, self.state), key=lambda each: each[0])
        answers = [request for path, live in waiting if (request := _answer(path, live)) is not None]
        due = next_due(self.state)
        if in_flight:
            self.admit(self._result(in_flight[0]))
        elif answers:
            self.admit(answers[0])
        elif due is not None:
            self.admit(r.TimePassed(), at=max(due, self.state.at))
        else:
            self.stuck = f"{', '.join(path for path, _ in waiting) or 'it'} waits for what nobody makes up"
            return
        self.settle()

    def pause_and_resume(self) -> None:
        """A pause at this very moment, and the way on."""
        self.admit(r.PauseRun(by=PERSON))
        self.settle()
        self.admit(r.ResumeRun(by=PERSON))
        self.settle()

    def _result(self, call: Interrupted) -> r.Request:
        if call.is_undo:
            return r.UndoneResult(path=call.path, result=e.UndoResult(call.effect, "done"))
        out = _fitting(self._output_at(call.path))
        return r.Result(path=call.path, result=e.NodeResult(call.effect, "done", out, calls=1))

    def _output_at(self, path: str) -> JsonSchema | None:
        found = node_at(self.plan, self.state, path)
        match found[1].work if found else None:
            case ToolWork(tool=tool):
                return self.plan.tools[tool].output
            case AgentWork(agent=agent):
                return self.plan.agents[agent].output
            case _:
                return None


def _fitting(schema: JsonSchema | None) -> Value:
    """Something that fits; nothing, where that cannot be made up."""
    try:
        return made_up(schema) if schema is not None else None
    except CannotMakeUp:
        return None


def _answer(path: str, live: Waiting) -> r.Request | None:
    """What a person says who wants it to go on; nothing where no person is waited for."""
    match live.reason:
        case "person" if live.question is not None:
            choice = live.question.choices[0] if live.question.choices else ""
            form = _fitting(live.question.form)
            return r.Answer(path=path, by=f"{PERSON}-{len(live.answers)}", choice=choice, form=form)
        case "hold":
            return r.GiveVerdict(path=path, by=PERSON, verdict="promote")
        case "failure":
            return r.GiveRemedy(path=path, by=PERSON, act="fail")
        case _:
            return None
