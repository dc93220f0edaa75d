"""What a trigger comes to at an instant: whether it wants an event, what that is told apart by, what the run is given.

Pure. Raises `EvaluationError` where an expression cannot be answered.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from interlock.core.deciding.reading import Reader
from interlock.core.evolving.scopes import open_root
from interlock.core.expressions import EvaluationError
from interlock.core.plan import Micros, OnEvent, Plan, Trigger
from interlock.core.state import RunState
from interlock.core.values import Value


class TriggeringEvent(Struct, frozen=True):
    """An event that may start runs, with every value in it."""

    id: str
    name: str
    data: Value = None


def inputs_of(plan: Plan, trigger: Trigger, *, at: Micros, event: TriggeringEvent | None = None) -> Value:
    """What the run is given that a trigger starts at an instant."""
    return _reader(plan, at, event).template(trigger.inputs)


def wants(plan: Plan, on: OnEvent, event: TriggeringEvent, *, at: Micros) -> bool:
    """Whether an event is one of those that start runs."""
    if on.event != event.name:
        return False
    return on.where is None or _reader(plan, at, event).holds(on.where)


def key_of(plan: Plan, on: OnEvent, event: TriggeringEvent, *, at: Micros) -> str:
    """What an event is told apart by: of events with the same, one starts a run."""
    if on.key is None:
        return event.id
    key = _reader(plan, at, event).template(on.key)
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise EvaluationError("`key` has to come to text or a whole number")
    return str(key)


def _reader(plan: Plan, at: Micros, event: TriggeringEvent | None) -> Reader:
    state = RunState("")
    state.at = at
    seen: Mapping[str, Value] = (
        {} if event is None else {"event": {"id": event.id, "name": event.name, "data": event.data}}
    )
    return Reader(plan, state, open_root(plan, state, {}), {}, seen)
