"""Schedules: runs are started at the instants that the triggers of released graphs name. A duty.

Each due instant starts one run: the run's key names the instant, and the record of what has been seen is changed after
the start, so that whoever is cut off between the two finds the run that was started. Time passes only as the engine's
clock tells it; what that means for clocks that jump is told in `due_instants`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import replace

from interlock.core.deciding.triggering import inputs_of
from interlock.core.expressions import EvaluationError
from interlock.core.plan import Micros, OnCron
from interlock.engine.engine import Engine
from interlock.engine.triggers.active_triggers import ActiveTrigger, active_triggers
from interlock.engine.triggers.cron_instants import instants_after
from interlock.engine.triggers.due_instants import due_now
from interlock.engine.triggers.trigger_records import NOTHING_YET, TriggerRecords, TriggerState, Wanted, key_of_record
from interlock.engine.triggers.triggered_starts import TriggeredStarts, by_trigger
from interlock.store.errors import RecordChangedError
from interlock.store.lease import LeaseOwner

LOOK_AGAIN_MICROS: Final = 30_000_000
"""How long a release that is new, or a trigger that was resumed, may go unseen."""
WAITING_LOOK_MICROS: Final = 2_000_000
"""How often it is looked whether a run has ended for which another one waits."""


class Schedules:
    """Starts what is due, and what has waited for the end of another run."""

    def __init__(self, engine: Engine, *, owner: LeaseOwner, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._starts = TriggeredStarts(engine, owner=owner, new_id=new_id)
        self._kept = TriggerRecords(engine.store.records, engine.tenant)

    @property
    def name(self) -> str:
        """What the duty is called."""
        return "schedules"

    async def turn(self) -> Micros | None:
        """Start what is due now; gives the instant at which there is something to do next."""
        wake_at = self._engine.now() + LOOK_AGAIN_MICROS
        triggers = await active_triggers(self._engine)
        states = await self._kept.states() if triggers else {}
        for active in triggers:
            kept = states.get(key_of_record(active.graph, active.trigger.name), NOTHING_YET)
            # Who has changed the record meanwhile has acted on it, or will be seen the next time.
            with suppress(RecordChangedError):
                wake_at = min(wake_at, await self._attend(active, *kept) or wake_at)
        return wake_at

    async def _attend(self, active: ActiveTrigger, state: TriggerState, version: int) -> Micros | None:
        """Do what one trigger asks for now; when it wants to be attended again."""
        if state.paused is not None:
            return None
        told = await self._starts.take_waiting(active.plan, active.trigger, state)
        if told != state:
            version = await self._kept.put(active.graph, active.trigger.name, told, expected=version)
            state = told
        next_due = None
        if isinstance(active.trigger.on, OnCron):
            state, next_due = await self._fall_due(active, active.trigger.on, state, version)
        return self._engine.now() + WAITING_LOOK_MICROS if state.waiting else next_due

    async def _fall_due(
        self, active: ActiveTrigger, on: OnCron, state: TriggerState, version: int
    ) -> tuple[TriggerState, Micros | None]:
        graph, name = active.graph, active.trigger.name
        try:
            zone = ZoneInfo(on.zone)
        except ZoneInfoNotFoundError:
            trouble = f"there is no time zone {on.zone} here: install tzdata"
            if state.trouble != trouble:
                await self._kept.put(graph, name, replace(state, trouble=trouble), expected=version)
            return state, None
        now = self._engine.now()
        seen = max(state.seen, await active.since(self._engine, at_least=state.seen))
        due = due_now(instants_after(on.cron, zone, seen), seen=seen, now=now, catch_up=on.catch_up)
        for instant in due.instants:
            state = replace(await self._take(active, state, instant), seen=instant)
            version = await self._kept.put(graph, name, state, expected=version)
        if due.missed or due.seen > state.seen:
            state = replace(state, seen=due.seen, missed=state.missed + due.missed)
            version = await self._kept.put(graph, name, state, expected=version)
        return state, next(instants_after(on.cron, zone, max(due.seen, now)), None)

    async def _take(self, active: ActiveTrigger, state: TriggerState, due: Micros) -> TriggerState:
        try:
            inputs = inputs_of(active.plan, active.trigger, at=due)
        except EvaluationError as problem:
            return replace(state, trouble=f"the inputs could not be made: {problem}")
        name = active.trigger.name
        wanted = Wanted(
            key=f"schedule:{active.graph}/{name}:{told_instant(due)}",
            due=due,
            inputs=inputs,
            by=by_trigger(active.graph, name),
        )
        return await self._starts.take(active.plan, active.trigger, state, wanted)


def next_instant(on: OnCron, *, after: Micros) -> Micros | None:
    """When a schedule falls due next; None if never, or if its zone is not known here."""
    try:
        return next(instants_after(on.cron, ZoneInfo(on.zone), after), None)
    except ZoneInfoNotFoundError:
        return None


def told_instant(at: Micros) -> str:
    """An instant as keys and people tell it: `2030-01-31T03:00:00Z`."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")
