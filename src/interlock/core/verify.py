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
from interlock.core.events import Command, Event, Outside, RunMigrated, RunStarted
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.recorded_verdicts import RecordedVerdicts
from interlock.core.state import RunState
from interlock.core.values import ENCODER, Blobs, Pack


class Divergence(Struct, frozen=True):
    """The first event that does not follow from those before it, and what does, if anything."""

    seq: int
    what: str
    decided: Command | None = None


Verdict: TypeAlias = Need | Divergence | None


class Verification:
    """One log being verified. `state` is the run as it was after the events that hold so far.

    The plan is to be that of the bundle on which the run is where its log ends. Which that is, the events say, or the
    caller who has seen all of them: a long log is verified page by page. Of another plan it can be asked whether these
    decisions could have been its own, with the hash of its own bundle.
    """

    def __init__(
        self, plan: Plan, state: RunState, events: Sequence[Event], pack: Pack, *, bundle: str | None = None
    ) -> None:
        self.state = state
        self._bundle = bundle_in_force(events) if bundle is None else bundle
        self._plan = plan
        self._events = events
        self._pack = pack
        self._verified = 0

    @property
    def is_done(self) -> bool:
        """Whether everything holds that there is of the log so far."""
        return self._verified == len(self._events)

    def more(self, events: Sequence[Event]) -> None:
        """The next page of the log, once what came before holds: that is not looked at any more."""
        assert self.is_done, "what came before has to hold"
        self._events, self._verified = events, 0

    def go_on(self, blobs: Blobs, *, at_most: int | None = None) -> Verdict:
        """Verify on, so many events at most: None if they hold, else where not, or the values that are to be loaded."""
        end = len(self._events) if at_most is None else min(len(self._events), self._verified + at_most)
        while self._verified < end:
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
        if isinstance(event.body, RunStarted) and self._bundle != self._plan.bundle_hash:
            return Divergence(event.seq, f"the run is pinned to bundle {self._bundle}, and this is another")
        if isinstance(event.body, Outside):
            return None
        judge = RecordedVerdicts(self.state, event)
        decided = decide(self._plan, self.state, blobs, self._pack, judge)
        if isinstance(decided, Need):
            return decided
        if decided is None:
            return Divergence(event.seq, f"event {event.seq} ({event.type}) was recorded, and nothing is to be decided")
        return None if _is_same(event, decided) else Divergence(event.seq, _difference(event, decided), decided)


def bundle_in_force(events: Sequence[Event]) -> str:
    """The bundle that the last of these events to speak of one names; nothing if none does."""
    pinned = stretches(events)
    return pinned[-1][0] if pinned else ""


def stretches(events: Sequence[Event]) -> list[tuple[str, int]]:
    """The bundles on which a run was, one after the other, each with the number of the last event before the next.

    A log is verified for each of them from its first event up to there: what came before a migration could have been
    decided by the bundle that the run went on on.
    """
    begun = [(each.body.bundle, each.seq) for each in events if isinstance(each.body, RunStarted | RunMigrated)]
    ends = [*(seq - 1 for _, seq in begun[1:]), events[-1].seq if events else 0]
    return [(bundle, end) for (bundle, _), end in zip(begun, ends, strict=False)]


def _is_same(event: Event, decided: Command) -> bool:
    return (event.path, event.cause, event.actor) == (decided.path, decided.cause, "") and (
        ENCODER.encode(event.body) == ENCODER.encode(decided.body)
    )


def _difference(event: Event, decided: Command) -> str:
    now = str(decided.body.__struct_config__.tag)
    if (now, decided.path) != (event.type, event.path):
        return f"event {event.seq} is {event.type} {event.path}, and {now} {decided.path} is decided"
    return f"event {event.seq} ({event.type} {event.path}) says something else than what is decided"
