"""A worker that was held up for longer than its lease begins nothing of which somebody else may be in charge by now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from interlock import tool
from interlock.bootstrap import TENANT
from interlock.core.plan import Micros
from interlock.core.requests import StartRun
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld
from interlock.engine.worker import Worker
from interlock.store import LeaseLostError
from interlock.store.event_store import Append
from interlock.store.memory.store import MemoryEventStore
from interlock.tools.clock import LoopClock
from interlock.tools.door import ToolDoor
from interlock.tools.toolbox import collect_tools
from tests.engine.recorded_runs import plan_of
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop
from tests.store.logs import owner


class LateClock(LoopClock):
    """The machine's time, or so much later."""

    def __init__(self) -> None:
        super().__init__()
        self.later: Micros = 0

    def now(self) -> Micros:
        """What time it is."""
        return super().now() + self.later


class HeldUpStore(MemoryEventStore):
    """A store whose first commit is answered after a while in which anything may happen."""

    def __init__(self, clock: LateClock) -> None:
        super().__init__(clock=clock.now, is_running=lambda _: True)
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def append(self, append: Append) -> None:
        """Commit, and only then be held up."""
        await super().append(append)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


class Case:
    """One run with one call, driven by a worker that is held up between the intent of the call and the call itself."""

    def __init__(self) -> None:
        self.clock = LateClock()
        self.store = HeldUpStore(self.clock)
        self.paid: list[str] = []

        @tool(effect="once")
        async def pay() -> str:
            self.paid.append("paid")
            return "paid"

        toolbox = collect_tools([pay])
        self.plan = plan_of({"graph": "g", "nodes": {"a": {"tool": "pay"}}}, *toolbox.contracts().values())
        engine = Engine(self.store, tenant=TENANT, now=self.clock.now, judge=JUDGE)
        world = LiveWorld(toolbox, ToolDoor(clock=self.clock), tenant=TENANT)
        self.worker = Worker(engine, world, self.clock, owner=owner(1), new_id=lambda: "run1")

    async def is_held_up(self) -> None:
        """Time passes, more than a lease of it."""
        self.clock.later += self.store.lease_micros + 1

    async def is_followed(self) -> None:
        """Time passes, and somebody else takes the run over."""
        await self.is_held_up()
        await self.store.acquire_lease(TENANT, "run1", owner=owner(2))

    async def drive(self) -> None:
        """From the start of the run to where it is not driven here any more."""
        async with self.store, self.worker:
            driver = await self.worker.start(self.plan, "run1", StartRun(inputs={}, tenant=TENANT))
            await self.worker.driven(driver)


@in_event_loop
async def test_a_call_that_was_intended_is_not_begun_once_another_worker_has_the_run() -> None:
    """The other one has asked whether the payment took place, and was told no: it must not take place after that."""
    case = Case()
    case.store.meanwhile = case.is_followed

    with pytest.raises(LeaseLostError):
        await asyncio.wait_for(case.drive(), timeout=10)

    assert case.paid == []


@in_event_loop
async def test_a_call_is_begun_late_if_nobody_has_followed() -> None:
    """A computer that was asleep for an hour goes on where it was: nothing was taken from it."""
    case = Case()
    case.store.meanwhile = case.is_held_up

    await asyncio.wait_for(case.drive(), timeout=10)

    assert case.paid == ["paid"]
