"""When a run rests: nothing moves it on but people and other systems.

A deadline of a whole graph moves nothing on, it only ends what rests; a question's own time limit does, in the end.
"""

from __future__ import annotations

from typing import Final

from interlock.core.evolving.calls import is_working
from interlock.core.plan import Micros
from interlock.core.state import RunState, next_due

FAR_MICROS: Final = 60 * 1_000_000
"""A time limit of what is waited for that is further off than this is for no one to sit through."""


def waits_for_outside(state: RunState, *, at: Micros) -> bool:
    """Whether only an answer, a verdict, an event or the like can move the run on soon: no call and no timer will."""
    if state.outcome is not None or is_working(state):
        return False
    is_settled = len(state.matters) == 0 and len(state.stops) == 0
    return state.is_paused or (is_settled and not _will_wake(state, soon=at + FAR_MICROS))


def may_rest(state: RunState, *, until: Micros) -> bool:
    """Whether nothing of the run is in hand, and no timer of it is due before an instant: nobody has to hold it."""
    if is_working(state) or (state.compensating and not state.is_paused):
        return False  # what takes back is seen to its end: a run that does never looks as if it rested
    is_settled = len(state.matters) == 0 and len(state.stops) == 0
    due = next_due(state)
    return (state.is_paused or is_settled) and (due is None or due > until)


def _will_wake(state: RunState, *, soon: Micros) -> bool:
    """Whether a node is woken by time; the root and other graphs have timers under their keys."""
    timers = state.timers
    return any(
        path and not path.endswith("/") and (kind != "timeout" or due <= soon) and timers.is_set(path, kind, order)
        for due, order, path, kind in timers.heap
    )
