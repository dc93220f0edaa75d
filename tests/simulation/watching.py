"""All watchers of one run, and what is looked at when nothing is left to decide."""

from __future__ import annotations

from collections import Counter

from interlock.core import events as e
from interlock.core.plan import Plan
from interlock.core.state import BackingOff, Calling, RunState, Waiting, next_due
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.checkers import Checker, EndsOnce, LateChecker, NothingSwallowed, StartsNothing
from tests.simulation.effect_checkers import KeepsLedger, TakesBack
from tests.simulation.join_checkers import CountsJoins, KeepsLimits
from tests.simulation.mailbox_checker import OneWaiter
from tests.simulation.shadow import Shadow
from tests.simulation.step_checker import TellsOfSteps
from tests.simulation.timer_checker import FiresInTime
from tests.simulation.value_checker import GivesValues


class Watch:
    """Every rule, watched over one run."""

    def __init__(self, plan: Plan, run: str) -> None:
        self.shadow = Shadow(plan)
        self.mailbox = OneWaiter(self.shadow)
        self.events: Counter[str] = Counter()
        """How often each kind of event occurred."""
        self.nodes: Counter[str] = Counter()
        """How often a node of each kind ended in each way: `gate failed`."""
        joins = CountsJoins(self.shadow)
        self._late: tuple[LateChecker, ...] = (joins, self.mailbox, GivesValues(self.shadow), FiresInTime(self.shadow))
        self._checkers: tuple[Checker, ...] = (
            EndsOnce(self.shadow),
            StartsNothing(self.shadow),
            NothingSwallowed(self.shadow),
            KeepsLimits(self.shadow),
            KeepsLedger(self.shadow, run),
            TellsOfSteps(),
            TakesBack(self.shadow),
            *self._late,
        )

    def see(self, event: e.Event) -> None:
        """One more event of the log."""
        self.events[event.type] += 1
        for checker in self._checkers:
            checker.see(event)
        self.shadow.read(event)
        self.nodes.update(f"{settled.node.kind} {settled.status}" for settled in self.shadow.settled_last)
        for checker in self._late:
            checker.saw(event)

    def rest(self, state: RunState) -> None:
        """Nothing is left to decide: the run has ended, or something is under way, waited for or paused."""
        _check_counters(state)
        if state.has_ended:
            return
        self.mailbox.rest(is_paused=state.is_paused)
        is_moved = state.is_paused or state.calls_in_flight or next_due(state) is not None
        waits = any(live.waiting is not None for live in self.shadow.live())
        is_undoing = any(scope.undoing for scope in state.scopes.values())
        if not (is_moved or waits or is_undoing):
            raise BrokenRule(10, "nothing is in flight, due or waited for, and the run has not ended")

    def ended(self, state: RunState) -> None:
        """The run is over: nothing of it is left open."""
        if state.calls_in_flight or state.waits or state.compensating:
            raise BrokenRule(2, f"{state.calls_in_flight} calls and {state.waits} waits are left after the end")
        left = [key for key in state.scopes if key != ""]
        if left:
            raise BrokenRule(2, f"the scopes {left} are left after the end")


def _check_counters(state: RunState) -> None:
    """What the state counts while it goes is what it holds."""
    calls = waits = 0
    for scope in state.scopes.values():
        calls += sum(isinstance(live, Calling) and live.attempt.status == "" for live in scope.live.values())
        waits += sum(isinstance(live, BackingOff | Waiting) for live in scope.live.values())
        if scope.undoing is not None:
            waits += scope.undoing.waiting != ""
            calls += not scope.undoing.waiting and scope.undoing.attempt.status == ""
    if not 0 <= state.calls_waiting <= state.calls_in_flight:
        raise BrokenRule(2, f"of {state.calls_in_flight} calls {state.calls_waiting} are said to wait")
    if (calls, waits) != (state.calls_in_flight, state.waits):
        counted = f"{state.calls_in_flight} calls and {state.waits} waits"
        raise BrokenRule(2, f"the state counts {counted}, and holds {calls} and {waits}")
