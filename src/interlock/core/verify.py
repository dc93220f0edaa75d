"""Verifying: a log is replayed, and each decision in it must be the one `decide` comes to, byte for byte (rule 47).

What came from outside is taken as it was recorded; nothing is called and nobody is asked. That the stored bytes are
those that were written is not seen here: the chain of headers tells it. A log may end, or something else may have come
in, before everything was decided: whoever took it in was not the one to act on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from interlock.core.decide import Need, decide
from interlock.core.events import Command, Event, Outside, RunStarted
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.state import RunState
from interlock.core.values import ENCODER, Blobs, Pack


class Divergence(Struct, frozen=True):
    """The first event that does not follow from those before it."""

    seq: int
    what: str


Verdict: TypeAlias = Need | Divergence | None


class Verification:
    """One log being verified. `state` is the run as it was after the events that hold so far."""

    def __init__(self, plan: Plan, state: RunState, events: Sequence[Event], pack: Pack) -> None:
        self.state = state
        self._plan = plan
        self._events = events
        self._pack = pack
        self._verified = 0

    def go_on(self, blobs: Blobs) -> Verdict:
        """Verify on: None once the whole log holds, else where it does not, or the values that have to be loaded."""
        while self._verified < len(self._events):
            event = self._events[self._verified]
            found = self._fault_in(event, blobs)
            if found is not None:
                return found
            try:
                self.state = evolve(self._plan, self.state, event)
            except (AssertionError, LookupError) as problem:
                return Divergence(
                    event.seq, f"event {event.seq} ({event.type}) cannot follow what is before: {problem}"
                )
            self._verified += 1
        return None

    def _fault_in(self, event: Event, blobs: Blobs) -> Verdict:
        if event.at < self.state.at:
            return Divergence(event.seq, f"event {event.seq} ({event.type}) is earlier than the one before it")
        if isinstance(event.body, RunStarted) and event.body.bundle != self._plan.bundle_hash:
            return Divergence(event.seq, f"the run is pinned to bundle {event.body.bundle}, and this is another")
        if isinstance(event.body, Outside):
            return None
        decided = decide(self._plan, self.state, blobs, self._pack)
        if isinstance(decided, Need):
            return decided
        if decided is None:
            return Divergence(event.seq, f"event {event.seq} ({event.type}) was recorded, and nothing is to be decided")
        return None if _is_same(event, decided) else Divergence(event.seq, _difference(event, decided))


def _is_same(event: Event, decided: Command) -> bool:
    return (event.path, event.cause, event.actor) == (decided.path, decided.cause, "") and (
        ENCODER.encode(event.body) == ENCODER.encode(decided.body)
    )


def _difference(event: Event, decided: Command) -> str:
    now = str(decided.body.__struct_config__.tag)
    if (now, decided.path) != (event.type, event.path):
        return f"event {event.seq} is {event.type} {event.path}, and {now} {decided.path} is decided"
    return f"event {event.seq} ({event.type} {event.path}) says something else than what is decided"
