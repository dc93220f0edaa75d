"""What a driver puts on record first when it takes a run up: what became of the calls that nobody holds any more."""

from __future__ import annotations

from collections.abc import Callable

from interlock.core.events import Error, NodeResult, UndoResult
from interlock.core.plan import Plan
from interlock.core.requests import Result, UndoneResult
from interlock.core.state import RunState
from interlock.engine.effects import Interrupted, interrupted
from interlock.engine.engine import Arrival


def left_behind(plan: Plan, state: RunState, *, is_known: Callable[[Interrupted], bool]) -> list[Arrival]:
    """Of what was in flight nobody knows what became, unless others perform it or have said so (`is_known`)."""
    return [Arrival(_result(call)) for call in interrupted(plan, state) if not is_known(call)]


def _result(call: Interrupted) -> Result | UndoneResult:
    lost = Error("lost", "its worker went while it was in flight", call.path)
    if call.is_undo:
        return UndoneResult(path=call.path, result=UndoResult(call.effect, "unknown", lost))
    if call.only_waits:
        put_down = Error("cancelled", "it was put down while it waited", call.path)
        return Result(path=call.path, result=NodeResult(call.effect, "not_done", error=put_down, calls=0))
    return Result(path=call.path, result=NodeResult(call.effect, "unknown", error=lost))
