"""Verifying a finished run by its log alone: folded again, each decision is the one that was recorded (rules 1 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from interlock.core import events as e
from interlock.core.decide import decide
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.settle import record, unpacked
from interlock.core.state import RunState, decode_state, encode_state
from interlock.core.values import ENCODER
from tests.simulation.broken_rule import BrokenRule


def verify(plan: Plan, log: Sequence[e.Event], ends: Sequence[int], last: RunState, dice: Random) -> None:
    """Folds a log from its start. `ends`: after how many events nothing was left to decide each time."""
    state = RunState(last.run)
    rests = frozenset(ends)
    for event in log:
        if dice.random() < 0.1:
            state = _through_bytes(plan, state)
        if isinstance(event.body, e.Decided):
            _check_decision(plan, state, event)
        state = evolve(plan, state, event)
        if event.seq in rests and (more := decide(plan, state, {}, unpacked)) is not None:
            raise BrokenRule(7, f"after event {event.seq} the log rests, and the replay goes on with {more}")
    if encode_state(state) != encode_state(last):
        raise BrokenRule(1, "the log leads to another state than the run came to")


def _check_decision(plan: Plan, state: RunState, event: e.Event) -> None:
    command = decide(plan, state, {}, unpacked)
    if not isinstance(command, e.Command):
        raise BrokenRule(7, f"event {event.seq} {event.type} {event.path} is decided by nobody in the replay")
    again = record(state, command, at=event.at)
    if ENCODER.encode(again) != ENCODER.encode(event):
        raise BrokenRule(7, f"the log goes on with {event}, and the replay with {again}")


def _through_bytes(plan: Plan, state: RunState) -> RunState:
    """The state as whoever loads a snapshot of it gets it: it must decide as the one that was written would have."""
    written = encode_state(state)
    restored = decode_state(written)
    ours, theirs = decide(plan, state, {}, unpacked), decide(plan, restored, {}, unpacked)
    if ENCODER.encode(ours) != ENCODER.encode(theirs):
        raise BrokenRule(1, f"the state decides {ours}, and its snapshot {theirs}")
    if encode_state(state) != written or encode_state(restored) != written:
        raise BrokenRule(1, "deciding has changed the state, or a snapshot is not what was written")
    return restored
