"""Verifying a finished run by its log alone: folded again, it decides what was recorded (rules 1 and 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random

from msgspec import Struct

from interlock.core import events as e
from interlock.core.decide import Need, decide
from interlock.core.evolve import evolve
from interlock.core.lifecycle import RUN_LIFECYCLE
from interlock.core.plan import Plan
from interlock.core.recorded_verdicts import RecordedVerdicts
from interlock.core.settle import record, unpacked
from interlock.core.state import RunState, decode_state, encode_state, status_of
from interlock.core.values import ENCODER, Pack, Value
from tests.simulation.broken_rule import BrokenRule


class Replay(Struct, frozen=True):
    """What a log is decided with again: the plan, the values kept outside of it, and what puts values aside."""

    plan: Plan
    blobs: Mapping[str, Value] = {}
    pack: Pack = unpacked

    def decide(self, state: RunState, event: e.Event | None = None) -> e.Command | None:
        """The next command; every value is at hand. What the policy said is what stands in the event that was next."""
        judge = None if event is None else RecordedVerdicts(state, event)
        command = decide(self.plan, state, self.blobs, self.pack, judge)
        assert not isinstance(command, Need), f"the replay needs {command}"
        return command

    def verify(self, log: Sequence[e.Event], last: RunState, dice: Random, *, rests: Collection[int] = ()) -> None:
        """Folds a log from its start. `rests`: after which events nothing was left to decide."""
        state = RunState(last.run, last.tenant)
        for event in log:
            if dice.random() < 0.1:
                state = self._through_bytes(state)
            if isinstance(event.body, e.Decided):
                self._check_decision(state, event)
            before = status_of(state)
            state = evolve(self.plan, state, event)
            _check_move(before, status_of(state), event)
            if event.seq in rests and (more := self.decide(state)) is not None:
                raise BrokenRule(7, f"after event {event.seq} the log rests, and the replay goes on with {more}")
        if encode_state(state) != encode_state(last):
            raise BrokenRule(1, "the log leads to another state than the run came to")

    def _check_decision(self, state: RunState, event: e.Event) -> None:
        command = self.decide(state, event)
        if command is None:
            raise BrokenRule(7, f"event {event.seq} {event.type} {event.path} is decided by nobody in the replay")
        again = record(state, command, at=event.at)
        if ENCODER.encode(again) != ENCODER.encode(event):
            raise BrokenRule(7, f"the log goes on with {event}, and the replay with {again}")

    def _through_bytes(self, state: RunState) -> RunState:
        """The state as whoever loads a snapshot gets it: it must decide as the one that was written would have."""
        written = encode_state(state)
        restored = decode_state(written)
        ours, theirs = self.decide(state), self.decide(restored)
        if ENCODER.encode(ours) != ENCODER.encode(theirs):
            raise BrokenRule(1, f"the state decides {ours}, and its snapshot {theirs}")
        if encode_state(state) != written or encode_state(restored) != written:
            raise BrokenRule(1, "deciding has changed the state, or a snapshot is not what was written")
        return restored


def _check_move(before: str, after: str, event: e.Event) -> None:
    """A run's status moves as its table says; running and waiting are told apart by what is in flight."""
    if before == after or {before, after} == {"running", "waiting"}:
        return
    if after not in RUN_LIFECYCLE.get((before, event.type), ""):
        raise BrokenRule(2, f"{event.type} moves the run from {before} to {after}, which no table says")
