"""The asyncio worker: holds leases, drives runs, performs their effects, and notices what other processes ask of them.

Tasks live in one group that waits for them. A worker drives any number of runs of one tenant; `close` lets all of them
go, so that another worker can take them up where they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from interlock.core.admit import admit
from interlock.core.plan import Plan
from interlock.core.requests import Refused, Result, StartRun, misfit
from interlock.core.state import RunState
from interlock.core.values import Value
from interlock.engine.direct_calls import DirectCall
from interlock.engine.driving import RunDriver
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.errors import EngineStoppedError, RequestRefusedError, ToolsMissingError, start_refused
from interlock.engine.kept_histories import KeptHistories
from interlock.engine.performing import Performer
from interlock.engine.serving.attention import POLL_SECONDS, Attention
from interlock.engine.sharing.claimed_effects import ClaimedEffects
from interlock.engine.sharing.placing import Placing
from interlock.engine.signals import decode_request
from interlock.store.effect_queue import OfferRow
from interlock.store.errors import StoreError
from interlock.store.event_store import Signal
from interlock.store.lease import Lease, LeaseOwner, first_lease
from interlock.tools.clock import Clock
from interlock.tools.outcome import ToolOutcome
from interlock.tools.workspace.workspaces import Workspaces

log = logging.getLogger(__name__)


class Worker:
    """Drives runs. Use it as an async context manager."""

    def __init__(
        self,
        engine: Engine,
        performer: Performer,
        clock: Clock,
        *,
        owner: LeaseOwner,
        new_id: Callable[[], str],
        placing: Placing | None = None,
        workspaces: Workspaces | None = None,
    ) -> None:
        self.engine = engine
        self.performer = performer
        self.clock = clock
        self.owner = owner
        self.new_id = new_id
        self.placing = placing or Placing({})
        self.workspaces = workspaces
        self.drivers: dict[str, RunDriver] = {}
        self.histories = KeptHistories(engine)
        """The runs that were looked at lately, for those who look again."""
        self._tasks: dict[RunDriver, asyncio.Task[None]] = {}
        self.calls: dict[str, DirectCall] = {}
        """Runs that whoever waits for their answer drives."""
        self._call_tasks: set[asyncio.Task[ToolOutcome]] = set()
        self._housekeeping: list[asyncio.Task[None]] = []
        self._delivered: dict[int, RunDriver] = {}
        self._seen_mark: int | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._housekeeping = [loop.create_task(self._watch_signals()), loop.create_task(self._renew_leases())]
        if self.placing.limits and not self.placing.is_shared:
            self._housekeeping.append(loop.create_task(self._perform_limited()))
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
        for call in self._call_tasks:
            call.cancel()  # whoever takes it up knows that it was asked
        await asyncio.gather(*housekeeping, *self._tasks.values(), *self._call_tasks, return_exceptions=True)

    async def start(self, plan: Plan, run: str, request: StartRun) -> RunDriver:
        """A new run, driven from its first event on. Returns once the start is durable."""
        self._check_open()
        state = RunState(run, self.engine.tenant)
        refused = misfit(request, request.by) or admit(plan, state, request, at=self.engine.now())
        if isinstance(refused, Refused):
            raise start_refused(run, refused)
        self._check_tools(run, plan)
        leases = self.engine.store.lease_micros
        lease = first_lease(self.engine.tenant, run, self.owner, at=self.engine.now(), lease_micros=leases)
        packer = await self.engine.packer()
        self._check_open()  # it may have been closed meanwhile: nobody would let the run go
        driver = self._driver(RunInHand(plan, state, lease, packer, priority=request.priority))
        begun = driver.submit(request, by=request.by)
        self._launch(driver, is_new=True)
        try:
            await begun
        except StoreError:
            await self._until_over(driver)
            raise
        return driver

    async def call_directly(
        self, plan: Plan, run: str, request: StartRun, given: Value, *, says: Callable[[str], None] | None
    ) -> asyncio.Task[ToolOutcome]:
        """Start a run of one agent that asks a model, and drive it for whoever awaits this; see `direct_calls`."""
        self._check_open()
        unreadable = misfit(request, request.by)
        if unreadable is not None:
            raise RequestRefusedError(run, unreadable.reason)
        leases = self.engine.store.lease_micros
        lease = first_lease(self.engine.tenant, run, self.owner, at=self.engine.now(), lease_micros=leases)
        in_hand = RunInHand(plan, RunState(run, self.engine.tenant), lease, await self.engine.packer())
        call = DirectCall(self.engine, self.performer, self.clock, in_hand, says=says)
        self.calls[run] = call
        task = asyncio.get_running_loop().create_task(call.outcome(request, given))
        self._call_tasks.add(task)
        task.add_done_callback(lambda done: self._forget_call(run, done))
        return task

    def _forget_call(self, run: str, done: asyncio.Task[ToolOutcome]) -> None:
        self.calls.pop(run, None)
        self._call_tasks.discard(done)

    async def take_up(self, run: str) -> RunDriver:
        """Go on with a run that nobody drives; a driver of this worker is given as it is."""
        self._check_open()
        if run in self.drivers:
            return self.drivers[run]
        lease = await self.engine.store.acquire_lease(self.engine.tenant, run, owner=self.owner)
        return await self.go_on(lease)

    async def go_on(self, lease: Lease, *, keeps_lease: bool = False) -> RunDriver:
        """Go on with a run of which this worker has the lease.

        If that cannot be, the lease is given back; with `keeps_lease` it runs out, so that nobody tries again at once.
        """
        run, tenant = lease.run, self.engine.tenant
        try:
            await self._let_former_go(run)
            in_hand = await self.engine.load(run, lease)
            self._check_tools(run, in_hand.plan)
            # An answer takes its offer away and leaves a signal: in this order it is seen by one of them at least.
            is_untouched = in_hand.state.seq == 1  # only its start is on record, which offers nothing
            on_offer = [] if is_untouched else await self.engine.store.queue.offers(tenant, run)
            left = await self.engine.store.unread_signals(tenant, run=run)
            self._check_open()
        except BaseException:
            if not keeps_lease:
                await self.engine.store.release_lease(lease)
            raise
        driver = self._driver(in_hand, on_offer=on_offer)
        self._launch(driver, is_new=False)
        for signal in left:
            # Before it decides anything: whoever left a cancel was told that it will be acted on.
            self._deliver_signal(signal)
        return driver

    async def _let_former_go(self, run: str) -> None:
        """A lease that ran out while this process did nothing may come back to it: what it did before is over."""
        former = self.drivers.get(run)
        if former is not None:
            former.let_go()
            await self._until_over(former)

    async def drain(self, *, seconds: float) -> None:
        """Begin nothing more, and let each run go once nothing of it is performed here; wait so long at most."""
        self.placing.hands.limit = 0
        for driver in list(self.drivers.values()):
            driver.drain()
        tasks = [*self._tasks.values(), *self._call_tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _check_open(self) -> None:
        if not self._housekeeping:
            raise EngineStoppedError

    def _check_tools(self, run: str, plan: Plan) -> None:
        missing = self.performer.missing(plan.tools)
        if missing and not self.placing.is_shared:
            raise ToolsMissingError(run, missing)

    async def driven(self, driver: RunDriver) -> None:
        """Wait until a run is not driven by this driver any more; raises what went wrong with driving it."""
        await self._until_over(driver)
        if driver.failure is not None:
            raise driver.failure

    async def _until_over(self, driver: RunDriver) -> None:
        task = self._tasks.get(driver)
        if task is not None:
            await asyncio.wait([task])

    def _driver(self, in_hand: RunInHand, *, on_offer: Sequence[OfferRow] = ()) -> RunDriver:
        return RunDriver(
            self.engine,
            in_hand,
            self.performer,
            self.clock,
            placing=self.placing,
            on_end=self._forget,
            on_offer=on_offer,
        )

    def _launch(self, driver: RunDriver, *, is_new: bool) -> None:
        self.drivers[driver.run_id] = driver
        self._tasks[driver] = task = asyncio.get_running_loop().create_task(self._drive(driver, is_new=is_new))
        task.add_done_callback(lambda _: self._tasks.pop(driver))
        # Signals that were left before this driver was there have to be looked for again.
        self._seen_mark = None

    async def _drive(self, driver: RunDriver, *, is_new: bool) -> None:
        try:
            await driver.drive(is_new=is_new)
        except Exception as error:  # noqa: BLE001 - the boundary of a task: whoever waits for the run is told
            driver.failure = error
            if self.placing.is_shared:
                # Nobody waits here for a run that others have started.
                log.warning("run_let_go run_id=%s why=%s", driver.run_id, error)
        finally:
            is_held_back = self.placing.is_shared and driver.failure is not None
            if not (driver.run.has_ended or driver.run.is_released or is_held_back):
                # Nobody renews it any more, so one that cannot be given back runs out.
                with suppress(StoreError):
                    await self.engine.store.release_lease(driver.run.lease)

    def _forget(self, driver: RunDriver) -> None:
        if self.drivers.get(driver.run_id) is driver:
            del self.drivers[driver.run_id]

    def note_late(self, run: str, result: Result) -> None:
        """What came of a call after it had been given up is recorded, if its run is still driven here."""
        driver = self.drivers.get(run)
        if driver is not None:
            driver.deliver(Arrival(result))

    # --- what other processes do ---

    async def _watch_signals(self) -> None:
        """Requests that other processes left for the runs driven here."""
        while True:
            try:
                mark = await self.engine.store.change_mark("signals")
                if mark != self._seen_mark and (self.drivers or self.calls):
                    self._seen_mark = mark
                    unread = await self.engine.store.unread_signals(self.engine.tenant)
                    self._deliver_signals(unread)
                    await self._tell_calls(unread)
            except StoreError:
                # The next append of a driver meets the same trouble and tells it to whoever waits for the run.
                self._seen_mark = None
            await asyncio.sleep(POLL_SECONDS)

    def _deliver_signals(self, signals: Sequence[Signal]) -> None:
        """Each signal once to each driver of its run. One that this release cannot read stays where it is."""
        unread = {signal.id for signal in signals}
        self._delivered = {number: driver for number, driver in self._delivered.items() if number in unread}
        for signal in signals:
            self._deliver_signal(signal)

    async def _tell_calls(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            call, request = self.calls.get(signal.run), decode_request(signal.kind, signal.body)
            if call is not None and request is not None:
                await call.hear(Arrival(request, signal.sender, signal.id))

    def _deliver_signal(self, signal: Signal) -> None:
        driver = self.drivers.get(signal.run)
        if driver is None or self._delivered.get(signal.id) is driver:
            return
        self._delivered[signal.id] = driver
        request = decode_request(signal.kind, signal.body)
        if request is None:
            # Nobody of this release can take it, and while it is unread the run can be claimed: given back, it would
            # come again at once. A newer release takes the run up when this worker leaves.
            driver.keep()
        else:
            driver.deliver(Arrival(request, signal.sender, signal.id))

    async def _perform_limited(self) -> None:
        """Effects of pools with limits are taken from the queue even by who serves its own runs alone."""
        claimed = ClaimedEffects(
            self.engine.store.queue,
            Attention(self.engine.store, self.clock, "work"),
            self.clock,
            seeker=lambda: self.placing.seeker(self.owner, runs=frozenset(self.drivers)),
            door_of=lambda _: self,
            hands=self.placing.hands,
            lease_micros=self.engine.store.lease_micros,
        )
        try:
            await claimed.work()
        finally:
            await claimed.finish(seconds=0)

    async def _renew_leases(self) -> None:
        """A lease is renewed at a third of its life, so one missed beat does no harm. A lost one ends the driving."""
        while True:
            await asyncio.sleep(self.engine.store.lease_micros / 3 / 1_000_000)
            if not (self.drivers or self.calls):
                continue
            with suppress(StoreError):
                await self._renew()
            if any(driver.has_offers for driver in self.drivers.values()):
                # Nobody else may serve the store: then an effect whose worker went would be waited for for ever.
                with suppress(StoreError):
                    await self.engine.store.queue.answer_for_the_dead(host=self.owner.host)

    async def renew_overdue(self) -> None:
        """Renew leases that have run out by this worker's clock: it was held up, and may take its own runs for free."""
        now = self.engine.now()
        if any(driver.run.lease.expires_at <= now for driver in self.drivers.values()):
            await self._renew()

    async def _renew(self) -> None:
        # A lease that is still to be claimed by the first append of its run would seem to be lost.
        leases = [driver.run.lease for driver in self.drivers.values() if driver.has_begun]
        called = [call.run.lease for call in self.calls.values() if call.is_on_record]
        held = await self.engine.store.renew_leases([*leases, *called])
        self._let_lost_go(leases, held)
        for lease in held:
            if (call := self.calls.get(lease.run)) is not None:
                call.run.lease = lease

    def _let_lost_go(self, leases: Sequence[Lease], held: Sequence[Lease]) -> None:
        kept = {lease.run: lease for lease in held}
        for lease in leases:
            driver = self.drivers.get(lease.run)
            if driver is None or driver.run.lease.epoch != lease.epoch:
                continue
            if lease.run in kept:
                driver.run.lease = kept[lease.run]
            elif not driver.run.is_released:
                if self.placing.is_shared:
                    log.warning("lease_lost run_id=%s", lease.run)
                driver.let_go()
