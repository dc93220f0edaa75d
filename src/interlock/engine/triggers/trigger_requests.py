"""What people ask of triggers: how they stand, to pause or resume one, to fire one by hand. What they ask is kept."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.deciding.triggering import TriggeringEvent, inputs_of
from interlock.core.expressions import EvaluationError
from interlock.core.plan import Micros, OnCron, OnEvent
from interlock.core.values import Value
from interlock.engine.engine import Engine
from interlock.engine.errors import TriggerRefusedError
from interlock.engine.triggers.active_triggers import ActiveTrigger, active_trigger, active_triggers
from interlock.engine.triggers.schedules import next_instant
from interlock.engine.triggers.trigger_records import (
    NOTHING_YET,
    Paused,
    TriggerRecords,
    TriggerState,
    Wanted,
    key_of_record,
)
from interlock.engine.triggers.triggered_starts import TriggeredStarts


class TriggerView(Struct, frozen=True, kw_only=True):
    """A trigger of a released graph as it stands."""

    graph: str
    name: str
    version: int
    kind: Literal["cron", "event"]
    what: str
    """Its cron expression, or the name of its event."""
    zone: str = ""
    overlap: str
    catch_up: str = ""
    next: Micros | None = None
    """When it falls due next, unless it is paused."""
    state: TriggerState = TriggerState()


class TriggerRequests:
    """Asks triggers by their names, `GRAPH/NAME`."""

    def __init__(self, engine: Engine, starts: TriggeredStarts) -> None:
        self._engine = engine
        self._starts = starts
        self._kept = TriggerRecords(engine.store.records, engine.tenant)

    async def views(self) -> list[TriggerView]:
        """Every trigger of every version in force."""
        states = await self._kept.states()
        found = await active_triggers(self._engine)
        kept = [states.get(key_of_record(each.graph, each.trigger.name), NOTHING_YET) for each in found]
        return [self._view(each, state) for each, (state, _) in zip(found, kept, strict=True)]

    async def view(self, name: str) -> TriggerView:
        """One of them."""
        active, state, _ = await self._find(name)
        return self._view(active, state)

    async def pause(self, name: str, *, by: str, why: str = "") -> None:
        """Start nothing until it is resumed: what falls due meanwhile is passed over."""
        active, state, version = await self._find(name)
        if state.paused is not None:
            raise TriggerRefusedError(name, f"it is paused already, by {state.paused.by}")
        await self._put(active, replace(state, paused=Paused(at=self._engine.now(), by=by, why=why)), version)

    async def resume(self, name: str) -> None:
        """Go on from now, also where a clock that stood in the future had seen more: a key starts no run again."""
        active, state, version = await self._find(name)
        if state.paused is None:
            raise TriggerRefusedError(name, "it is not paused")
        await self._put(active, replace(state, paused=None, seen=self._engine.now()), version)

    async def fire(self, name: str, *, id: str, data: Value = None, by: str, why: str = "") -> str:
        """Start a run by hand, whatever else runs; gives the run. An event trigger is given the data of an event."""
        active, state, version = await self._find(name)
        now, on = self._engine.now(), active.trigger.on
        event = TriggeringEvent(id, on.event, data) if isinstance(on, OnEvent) else None
        try:
            inputs = inputs_of(active.plan, active.trigger, at=now, event=event)
        except EvaluationError as problem:
            raise TriggerRefusedError(name, f"its inputs cannot be made: {problem}") from problem
        wanted = Wanted(key=f"fired:{name}:{id}", due=now, inputs=inputs, by=by, why=why)
        told = await self._starts.start(active.plan, active.trigger, state, wanted)
        if told.last is None or told.last == state.last:
            raise TriggerRefusedError(name, told.trouble)
        await self._put(active, told, version)
        return told.last.run

    async def _find(self, name: str) -> tuple[ActiveTrigger, TriggerState, int]:
        graph, _, trigger = name.partition("/")
        active = await active_trigger(self._engine, graph, trigger)
        return active, *await self._kept.state(graph, trigger)

    async def _put(self, active: ActiveTrigger, state: TriggerState, version: int) -> None:
        await self._kept.put(active.graph, active.trigger.name, state, expected=version)

    def _view(self, active: ActiveTrigger, state: TriggerState) -> TriggerView:
        trigger, on = active.trigger, active.trigger.on
        is_cron = isinstance(on, OnCron)
        after = max(state.seen, self._engine.now())
        return TriggerView(
            graph=active.graph,
            name=trigger.name,
            version=active.history.releases[-1].version,
            kind="cron" if is_cron else "event",
            what=on.cron.source if is_cron else on.event,
            zone=on.zone if is_cron else "",
            overlap=trigger.overlap,
            catch_up=on.catch_up if is_cron else "",
            next=next_instant(on, after=after) if is_cron and state.paused is None else None,
            state=state,
        )
