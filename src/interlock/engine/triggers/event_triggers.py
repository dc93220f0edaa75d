"""Event triggers: events that are sent to no run, and those that runs emit, start runs of released graphs.

An event is offered to every trigger of its name. It is told apart by the trigger's key, or by its own id, and starts
one run: whoever sends an event again, or is cut off and begins anew, starts nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from interlock.core.compiling.names import wrong_event_name
from interlock.core.deciding.triggering import TriggeringEvent, inputs_of, key_of, wants
from interlock.core.events import NodeStarted
from interlock.core.expressions import EvaluationError
from interlock.core.plan import Micros, OnEvent
from interlock.engine.engine import Engine
from interlock.engine.errors import EventNameError
from interlock.engine.triggers.active_triggers import ActiveTrigger, active_triggers
from interlock.engine.triggers.trigger_records import TriggerRecords, TriggerState, Wanted
from interlock.engine.triggers.triggered_starts import TriggeredStarts, by_trigger
from interlock.store.errors import RecordChangedError
from interlock.store.event_store import FeedEntry
from interlock.store.lease import LeaseOwner
from interlock.store.sealing import read_header, unseal

CURSOR_KIND: Final = "cursor"
CURSOR_KEY: Final = "event triggers"
ENTRIES_AT_ONCE: Final = 100
PORTIONS_A_TURN: Final = 20
"""After so many the turn ends, although there is more: whoever holds the duty looks at its lease in between."""
TRIES_MAX: Final = 10
"""How often a trigger's record is read again where others change it at the same moment."""
_SENT: Final = "node.started"

Outcome: TypeAlias = Literal["started", "known", "waits", "overlaps", "paused", "failed"]


class Offered(Struct, frozen=True, kw_only=True):
    """What a trigger has made of an event that it wanted.

    `known`: an event told apart by the same key has started the run before.
    """

    trigger: str
    outcome: Outcome
    run: str = ""
    why: str = ""


class EventTriggers:
    """Offers events to the triggers of released graphs. As a duty it follows what runs emit."""

    def __init__(self, engine: Engine, *, owner: LeaseOwner, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._starts = TriggeredStarts(engine, owner=owner, new_id=new_id)
        self._kept = TriggerRecords(engine.store.records, engine.tenant)

    async def offer(self, event: TriggeringEvent, *, by: str = "") -> list[Offered]:
        """Offer an event to every trigger; what those came to that wanted it. Raises `EventNameError`."""
        if wrong_event_name(event.name) is not None:
            raise EventNameError(event.name)
        found = [await self._offer(active, event, by) for active in await active_triggers(self._engine)]
        return [offered for offered in found if offered is not None]

    async def _offer(self, active: ActiveTrigger, event: TriggeringEvent, by: str) -> Offered | None:
        on, called = active.trigger.on, f"{active.graph}/{active.trigger.name}"
        if not isinstance(on, OnEvent):
            return None
        now = self._engine.now()
        try:
            if not wants(active.plan, on, event, at=now):
                return None
            key = f"event:{called}:{key_of(active.plan, on, event, at=now)}"
            inputs = inputs_of(active.plan, active.trigger, at=now, event=event)
        except EvaluationError as problem:
            why = f"event {event.name} {event.id}: {problem}"
            await self._note(active, lambda state: replace(state, trouble=why))
            return Offered(trigger=called, outcome="failed", why=why)
        known = await self._engine.store.find_by_key(self._engine.tenant, key)
        if known is not None:
            return Offered(trigger=called, outcome="known", run=known.run)
        by = by or by_trigger(active.graph, active.trigger.name)
        return await self._take(active, Wanted(key=key, due=now, inputs=inputs, by=by, why=f"event {event.id}"))

    async def _take(self, active: ActiveTrigger, wanted: Wanted) -> Offered:
        graph, name = active.graph, active.trigger.name
        tries = 0
        while True:
            state, version = await self._kept.state(graph, name)
            if state.paused is not None:
                return Offered(trigger=f"{graph}/{name}", outcome="paused")
            told = await self._starts.take(active.plan, active.trigger, state, wanted)
            try:
                await self._kept.put(graph, name, told, expected=version)
            except RecordChangedError:
                tries += 1
                if tries < TRIES_MAX:
                    continue  # what was started is found by its key
                raise
            return _offered(f"{graph}/{name}", state, told, wanted)

    async def _note(self, active: ActiveTrigger, change: Callable[[TriggerState], TriggerState]) -> None:
        graph, name = active.graph, active.trigger.name
        state, version = await self._kept.state(graph, name)
        with suppress(RecordChangedError):  # somebody has more to say of it at the moment
            await self._kept.put(graph, name, change(state), expected=version)

    # --- the duty ---

    @property
    def name(self) -> str:
        """What the duty is called."""
        return "event triggers"

    async def turn(self) -> Micros | None:
        """Offer what runs have emitted since the last turn, up to a bound."""
        triggers = await active_triggers(self._engine)
        names = {active.trigger.on.event for active in triggers if isinstance(active.trigger.on, OnEvent)}
        if not names:
            return None
        records, tenant = self._engine.store.records, self._engine.tenant
        record = await records.find(tenant, CURSOR_KIND, CURSOR_KEY)
        cursor, version = (0, 0) if record is None else (msgspec.json.decode(record.data, type=int), record.version)
        for _ in range(PORTIONS_A_TURN):
            entries = await self._engine.store.feed(tenant, after=cursor, limit=ENTRIES_AT_ONCE)
            if not entries:
                return None
            for entry in entries:
                await self._offer_emitted(entry, names, triggers)
            cursor = entries[-1].position
            try:
                data = msgspec.json.encode(cursor)
                version = await records.put(tenant, CURSOR_KIND, CURSOR_KEY, data, expected=version)
            except RecordChangedError:
                return None  # somebody else follows the feed as well: whatever they offer again starts nothing
        return self._engine.now()

    async def _offer_emitted(self, entry: FeedEntry, names: set[str], triggers: Sequence[ActiveTrigger]) -> None:
        """Offer what one append says was sent. The id of such an event is its effect's."""
        count = entry.last_seq - entry.first_seq + 1
        sealed = await self._engine.store.read_sealed(
            self._engine.tenant, entry.run, after=entry.first_seq - 1, limit=count
        )
        for one in sealed:
            if read_header(one).type != _SENT or one.payload is None:
                continue
            sent = unseal(one)
            if isinstance(sent.body, NodeStarted) and sent.body.emits and sent.body.tool in names:
                data = await self._engine.whole(sent.body.input)
                event = TriggeringEvent(sent.body.effect, sent.body.tool, data)
                for active in triggers:
                    if sent.at >= await active.since(self._engine, at_least=sent.at):
                        await self._offer(active, event, f"run {entry.run}")


def _offered(trigger: str, before: TriggerState, after: TriggerState, wanted: Wanted) -> Offered:
    """What has come of it, by what it has changed."""
    if after.last is not None and after.last != before.last:
        return Offered(trigger=trigger, outcome="started", run=after.last.run)
    if any(each.key == wanted.key for each in after.waiting):
        return Offered(trigger=trigger, outcome="waits")
    if after.trouble:
        return Offered(trigger=trigger, outcome="failed", why=after.trouble)
    return Offered(trigger=trigger, outcome="overlaps")
