"""The triggers of released graphs, from Python: how they stand, and what people may ask of them."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.core.canonical import canonical
from interlock.core.deciding.triggering import TriggeringEvent
from interlock.engine.triggers.event_triggers import EventTriggers, Offered
from interlock.engine.triggers.trigger_requests import TriggerRequests, TriggerView
from interlock.engine.triggers.triggered_starts import TriggeredStarts
from interlock.engine.worker import Worker


class Triggers:
    """They work while the `Interlock` they came from is open. A trigger is called `GRAPH/NAME`."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        starts = TriggeredStarts(worker.engine, owner=worker.owner, new_id=worker.new_id)
        self._requests = TriggerRequests(worker.engine, starts)

    async def listed(self) -> list[TriggerView]:
        """Every trigger of every version in force."""
        return await self._requests.views()

    async def get(self, trigger: str) -> TriggerView:
        """One of them. Raises `UnknownTriggerError`."""
        return await self._requests.view(trigger)

    async def pause(self, trigger: str, *, by: str, why: str = "") -> None:
        """Start nothing until it is resumed: what falls due meanwhile is passed over."""
        await self._requests.pause(trigger, by=by, why=why)

    async def resume(self, trigger: str) -> None:
        """Go on from now."""
        await self._requests.resume(trigger)

    async def fire(
        self, trigger: str, data: Mapping[str, object] | None = None, *, id: str = "", by: str = "", why: str = ""
    ) -> str:
        """Start a run by hand, whatever else runs; gives its id. `data` is that of an event, for an event trigger."""
        value = canonical(data, where="the data")
        return await self._requests.fire(trigger, id=id or self._worker.new_id(), data=value, by=by, why=why)

    async def send(self, name: str, data: object = None, *, id: str = "", by: str = "") -> list[Offered]:
        """Offer an event to the triggers of all released graphs; what came of it at those that wanted it.

        An event of the same id starts nothing twice, so whoever does not know whether it was sent sends it again.
        """
        offering = EventTriggers(self._worker.engine, owner=self._worker.owner, new_id=self._worker.new_id)
        event = TriggeringEvent(id or self._worker.new_id(), name, canonical(data, where="the data"))
        return await offering.offer(event, by=by)
