"""The asyncio worker: holds leases, drives runs, performs their effects, and notices what other processes ask of them.

Tasks live in one group that waits for them. A worker drives any number of runs of one tenant; `close` lets all of them
go, so that another worker can take them up where they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from interlock.core.plan import Plan
from interlock.core.requests import StartRun
from interlock.core.state import RunState
from interlock.engine.driving import RunDriver
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.errors import EngineStoppedError, RequestRefusedError
from interlock.engine.performing import Performer
from interlock.engine.signals import decode_request
from interlock.store.errors import StoreError
from interlock.store.lease import LEASE_MICROS, Lease, LeaseOwner
from interlock.tools.clock import Clock

SIGNAL_POLL_SECONDS: Final = 0.05
"""How often the store is asked whether anything was committed elsewhere; the question costs next to nothing."""


class Worker:
    """Drives runs. Use it as an async context manager."""

    def __init__(self, engine: Engine, performer: Performer, clock: Clock, *, owner: LeaseOwner) -> None:
        self.engine = engine
        self.performer = performer
        self.clock = clock
        self.owner = owner
        self.drivers: dict[str, RunDriver] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._housekeeping: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._housekeeping = [loop.create_task(self._watch_signals()), loop.create_task(self._renew_leases())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let every run go and stop. What is in flight is asked to stop; its outcome is for the next worker."""
        housekeeping, self._housekeeping = self._housekeeping, []
        for task in housekeeping:
            task.cancel()
        for driver in list(self.drivers.values()):
            driver.let_go()
        await asyncio.gather(*housekeeping, *self._tasks.values(), return_exceptions=True)

    async def start(self, plan: Plan, run: str, request: StartRun) -> RunDriver:
        """A new run, driven from its first event on. Returns once the start is durable."""
        if not self._housekeeping:
            raise EngineStoppedError
        lease = await self.engine.store.acquire_lease(self.engine.tenant, run, owner=self.owner)
        in_hand = RunInHand(plan, RunState(run, self.engine.tenant), lease, await self.engine.packer())
        driver = self._driver(in_hand)
        begun = driver.submit(request, by=request.by)
        self._launch(driver, is_new=True)
        refused = await begun
        if refused is not None:
            driver.let_go()
            raise RequestRefusedError(run, refused.reason)
        return driver

    async def take_up(self, run: str) -> RunDriver:
        """Go on with a run that nobody drives; a driver of this worker is given as it is."""
        if run in self.drivers:
            return self.drivers[run]
        lease = await self.engine.store.acquire_lease(self.engine.tenant, run, owner=self.owner)
        driver = self._driver(await self.engine.load(run, lease))
        self._launch(driver, is_new=False)
        return driver

    async def ended(self, driver: RunDriver) -> None:
        """Wait until a run is not driven here any more; raises what went wrong with driving it."""
        task = self._tasks.get(driver.run_id)
        if task is not None:
            await asyncio.shield(task)

    def _driver(self, in_hand: RunInHand) -> RunDriver:
        return RunDriver(self.engine, in_hand, self.performer, self.clock, on_end=self._forget)

    def _launch(self, driver: RunDriver, *, is_new: bool) -> None:
        self.drivers[driver.run_id] = driver
        self._tasks[driver.run_id] = asyncio.get_running_loop().create_task(self._drive(driver, is_new=is_new))

    async def _drive(self, driver: RunDriver, *, is_new: bool) -> None:
        try:
            await driver.drive(is_new=is_new)
        finally:
            if not driver.run.has_ended:
                await self.engine.store.release_lease(driver.run.lease)

    def _forget(self, driver: RunDriver) -> None:
        self.drivers.pop(driver.run_id, None)
        self._tasks.pop(driver.run_id, None)

    # --- what other processes do ---

    async def _watch_signals(self) -> None:
        """Requests that other processes left for the runs driven here."""
        seen = -1
        delivered: set[int] = set()
        while True:
            mark = await self.engine.store.change_mark()
            if mark != seen and self.drivers:
                seen = mark
                signals = await self.engine.store.unread_signals(self.engine.tenant)
                delivered &= {signal.id for signal in signals}
                for signal in signals:
                    driver = self.drivers.get(signal.run)
                    if driver is not None and signal.id not in delivered:
                        delivered.add(signal.id)
                        driver.deliver(Arrival(decode_request(signal.kind, signal.body), signal.sender, signal.id))
            await asyncio.sleep(SIGNAL_POLL_SECONDS)

    async def _renew_leases(self) -> None:
        """A lease is renewed at a third of its life, so one missed beat does no harm. A lost one ends the driving."""
        while True:
            await asyncio.sleep(LEASE_MICROS / 3 / 1_000_000)
            leases = [driver.run.lease for driver in self.drivers.values()]
            if not leases:
                continue
            try:
                held = await self.engine.store.renew_leases(leases)
            except StoreError:
                continue
            self._let_lost_go(leases, held)

    def _let_lost_go(self, leases: Sequence[Lease], held: Sequence[Lease]) -> None:
        kept = {lease.run: lease for lease in held}
        for lease in leases:
            driver = self.drivers.get(lease.run)
            if driver is None:
                continue
            if lease.run in kept:
                driver.run.lease = kept[lease.run]
            else:
                driver.let_go()
