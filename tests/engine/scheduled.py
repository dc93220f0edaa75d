"""Released graphs with triggers, on a store in memory and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.events import RunStarted
from interlock.core.requests import CancelRun
from interlock.engine.engine import Arrival, Engine
from interlock.engine.releasing.releases import publish
from interlock.engine.triggers.event_triggers import EventTriggers
from interlock.engine.triggers.schedules import Schedules
from interlock.engine.triggers.trigger_records import TriggerRecords, TriggerState
from interlock.engine.triggers.trigger_requests import TriggerRequests
from interlock.engine.triggers.triggered_starts import TriggeredStarts
from interlock.store.lease import LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from tests.policies import JUDGE

TENANT = "local"
MINUTE = 60_000_000
HOUR = 60 * MINUTE
NOON = 1_800_014_400_000_000
"""2027-01-15 12:00 in UTC."""
HOURLY: dict[str, Any] = {"cron": "0 * * * *"}


class Timetable:
    """A store with released graphs, and everything that acts on their triggers, as one process has it."""

    def __init__(self) -> None:
        self.now = NOON
        self.store = MemoryEventStore(clock=lambda: self.now)
        self._numbers = count(1)
        self.restart()

    def restart(self) -> None:
        """Another process goes on with the same store."""
        self.engine = Engine(self.store, tenant=TENANT, now=lambda: self.now, judge=JUDGE)
        owner = LeaseOwner(f"process {next(self._numbers)}", "host", 1, 1)
        self.schedules = Schedules(self.engine, owner=owner, new_id=self._new_id)
        self.events = EventTriggers(self.engine, owner=owner, new_id=self._new_id)
        self.requests = TriggerRequests(self.engine, TriggeredStarts(self.engine, owner=owner, new_id=self._new_id))
        self.kept = TriggerRecords(self.store.records, TENANT)

    def _new_id(self) -> str:
        return f"run{next(self._numbers)}"

    async def releases(self, trigger: Mapping[str, Any] | None, *, graph: str = "g", **keys: Any) -> None:  # noqa: ANN401 - what a document holds
        """A version of a graph is released: it waits for an hour, or is what `keys` say."""
        document: dict[str, Any] = {"graph": graph, "nodes": {"a": {"wait": "1h"}}} | keys
        document["triggers"] = {} if trigger is None else {"t": trigger}
        compiled = compile_graph(document, Catalogue())
        assert compiled.plan is not None, compiled.errors
        assert compiled.bundle is not None
        await publish(self.engine, compiled.plan, compiled.bundle.bytes, by="ada")

    async def state(self) -> TriggerState:
        """What is kept of the trigger."""
        state, _ = await self.kept.state("g", "t")
        return state

    async def started(self) -> list[str]:
        """The instants of all runs that were started, by their keys, the oldest first."""
        rows = await self.store.list_runs(TENANT)
        return [row.key.rpartition("T")[2].removesuffix(":00Z") for row in reversed(rows)]

    async def start_of(self, run: str) -> RunStarted:
        """What a run's first event says."""
        body = (await self.store.read(TENANT, run, limit=1))[0].body
        assert isinstance(body, RunStarted)
        return body

    async def end_all(self) -> None:
        """Whatever runs is cancelled, and over."""
        for row in await self.store.list_runs(TENANT):
            if row.ended_at is None:
                lease = await self.store.acquire_lease(TENANT, row.run, owner=LeaseOwner("ender", "host", 1, 1))
                run = await self.engine.load(row.run, lease)
                await self.engine.advance(run, [Arrival(CancelRun(by="ada"), "ada")])
