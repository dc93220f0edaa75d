"""A worker that was closed drives nothing, whoever had asked for it just before."""

from __future__ import annotations

import asyncio

import pytest

from interlock.bootstrap import TENANT
from interlock.core.requests import StartRun
from interlock.engine.engine import Engine
from interlock.engine.errors import EngineStoppedError
from interlock.engine.performing import LiveWorld
from interlock.engine.worker import Worker
from interlock.store.event_store import Append
from interlock.store.memory.store import MemoryEventStore
from interlock.store.processes import this_process
from interlock.tools.clock import LoopClock
from interlock.tools.door import ToolDoor
from interlock.tools.toolbox import collect_tools
from tests.engine.recorded_runs import plan_of
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop


class SlowStore(MemoryEventStore):
    """A store that gives the tenant's key when the test says so."""

    def __init__(self) -> None:
        super().__init__(clock=LoopClock().now)
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def blob_key(self, tenant: str) -> bytes:
        """The key, in the end."""
        self.asked.set()
        await self.may_answer.wait()
        return await super().blob_key(tenant)


@in_event_loop
async def test_a_run_that_is_being_started_when_its_worker_is_closed_is_not_started() -> None:
    """Nobody would let it go again: it would be driven on, and no other worker could ever have it."""
    clock, plan = LoopClock(), plan_of({"graph": "g", "nodes": {"a": {"wait": "1h"}}})
    async with SlowStore() as store:
        engine = Engine(store, tenant=TENANT, now=clock.now, judge=JUDGE)
        world = LiveWorld(collect_tools([]), ToolDoor(clock=clock), tenant=TENANT)
        async with Worker(engine, world, clock, owner=this_process("a"), new_id=lambda: "run1") as worker:
            starting = asyncio.create_task(worker.start(plan, "run1", StartRun(inputs={}, tenant=TENANT)))
            await store.asked.wait()
        store.may_answer.set()

        with pytest.raises(EngineStoppedError):
            await starting
        assert await store.find_run(TENANT, "run1") is None


class HeldStore(MemoryEventStore):
    """A store that takes the first append when the test says so."""

    def __init__(self) -> None:
        super().__init__(clock=LoopClock().now, lease_micros=1)
        self.asked = asyncio.Event()
        self.may_append = asyncio.Event()

    async def append(self, append: Append) -> None:
        """Append, in the end."""
        self.asked.set()
        await self.may_append.wait()
        await super().append(append)


@in_event_loop
async def test_a_run_is_not_taken_for_lost_while_its_start_is_put_on_record() -> None:
    """Its lease is claimed by that very append: until then no store knows of it, and a renewal would not find it."""
    clock, plan = LoopClock(), plan_of({"graph": "g", "nodes": {"a": {"wait": "1ms"}}})
    async with HeldStore() as store:
        engine = Engine(store, tenant=TENANT, now=clock.now, judge=JUDGE)
        world = LiveWorld(collect_tools([]), ToolDoor(clock=clock), tenant=TENANT)
        async with Worker(engine, world, clock, owner=this_process("a"), new_id=lambda: "run1") as worker:
            starting = asyncio.create_task(worker.start(plan, "run1", StartRun(inputs={}, tenant=TENANT)))
            await store.asked.wait()
            await worker.renew_overdue()
            store.may_append.set()
            driver = await starting
            await worker.driven(driver)

    assert driver.status == "succeeded"
