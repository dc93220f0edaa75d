"""One process that serves: it drives runs that nobody drives, performs effects on offer, and does the duties.

Everything it knows is in the store. It takes no more than it has room for, says of itself that it lives, and leaves in
good order: what it has begun is finished, and what it has not begun is left to others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from interlock.engine.engine import Engine
from interlock.engine.serving.all_duties import AllDuties, note_tenant
from interlock.engine.serving.attention import Attention, to_the_end
from interlock.engine.serving.duties import Duty
from interlock.engine.serving.roster import BEAT_SECONDS, CHANGE_SECONDS, WorkerCard, WorkerState, sign_off, sign_on
from interlock.engine.sharing.claimed_effects import LOOK_SECONDS, ClaimedEffects
from interlock.engine.sharing.placing import Placing
from interlock.engine.worker import Worker
from interlock.store.claims import RunLimit
from interlock.store.errors import StoreError
from interlock.store.event_store import EventStore
from interlock.store.lease import Lease
from interlock.tools.clock import Clock

if TYPE_CHECKING:
    from interlock.models.standing import ModelStanding

RUNS_MAX: Final = 1_000
"""How many runs one process drives at once. Those that rest are not among them."""
CLAIMED_AT_ONCE: Final = 200
"""How many runs are taken at a time, so that workers that start together share what waits."""
QUICKER_SECONDS: Final = 1.0
"""How soon runs are looked at again that another worker took at the very same moment: it may not live to drive them."""

GOODBYE_SECONDS: Final = 1.0
"""For how long it is tried to say on the roster that it leaves: that is for people to look at, and no more."""

log = logging.getLogger(__name__)


class Service:
    """A worker of a store. `worker_of` makes what drives the runs of a tenant."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        card: WorkerCard,
        placing: Placing,
        worker_of: Callable[[str], AbstractAsyncContextManager[Worker]],
        limits: Sequence[RunLimit] = (),
        runs_max: int = RUNS_MAX,
        duties: Callable[[Engine], Sequence[Duty]] = lambda _: (),
        models: Callable[[], Sequence[ModelStanding]] = list,
    ) -> None:
        """`models` says how the models stand that were asked here."""
        self._store = store
        self._clock = clock
        self.card = card
        self._placing = placing
        self._worker_of = worker_of
        self._limits = limits
        self._runs_max = runs_max
        self._all_duties = AllDuties(store, clock, owner=card.owner, engine_of=self._engine_of, duties=duties)
        self.models = models
        self._workers: dict[str, Worker] = {}
        self._opened = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._runs_attention = Attention(store, clock, "work")
        self._claimed = ClaimedEffects(
            store.queue,
            Attention(store, clock, "work"),
            clock,
            seeker=lambda: placing.seeker(card.owner),
            door_of=lambda tenant: self._workers[tenant],
            hands=placing.hands,
            lease_micros=store.lease_micros,
            prepare=self.worker,
        )
        self._state: WorkerState = "working"

    async def sign_on(self) -> None:
        """Say that it is there. Raises what keeps it from writing: whoever cannot do that can do nothing here."""
        await self._beat()

    async def serve(self, tenant: str, *, until: asyncio.Event, grace_seconds: float) -> None:
        """Work until told to stop, then finish what was begun, for so long at most. `tenant`: its own one."""
        async with self._opened:
            taking = asyncio.ensure_future(self._claim_runs())
            performing = asyncio.ensure_future(self._claimed.work())
            others = [asyncio.ensure_future(self._report()), asyncio.ensure_future(self._all_duties.keep(tenant))]
            stopping = asyncio.ensure_future(until.wait())
            tasks = [taking, performing, *others]
            held = (0, 0)
            try:
                await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task.done():
                        task.result()
                self._store.leave_soon()
                held = self._load
                await _cancelled([taking, *others])
                await self._leave(grace_seconds)
            finally:
                self._store.leave_soon()
                await _cancelled([*tasks, stopping])
                await self._claimed.finish(seconds=0)
                await self._sign_off(held)

    async def stand_by(self, *, until: asyncio.Event) -> None:
        """Take no work, and be there for those who start runs for others to drive."""
        async with self._opened:
            await until.wait()

    async def _leave(self, grace_seconds: float) -> None:
        """Finish what was begun. Claims of effects are kept meanwhile."""
        self._state = "draining"
        self._claimed.take_no_more()
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._beat()
        drains = [worker.drain(seconds=grace_seconds) for worker in self._workers.values()]
        await asyncio.gather(*drains, self._claimed.finish(seconds=grace_seconds))

    # --- runs ---

    @property
    def driving(self) -> int:
        """How many runs are driven here."""
        return sum(len(worker.drivers) for worker in self._workers.values())

    @property
    def performing(self) -> int:
        """How many effects are performed here for runs that are driven elsewhere."""
        return self._placing.hands.busy

    @property
    def has_room(self) -> bool:
        """Whether one more run can be driven here."""
        return self._state == "working" and self.driving < self._runs_max

    async def worker(self, tenant: str) -> Worker:
        """What drives the runs of a tenant here; it is made when it is asked for first."""
        async with self._opening:
            if tenant not in self._workers:
                self._workers[tenant] = await self._opened.enter_async_context(self._worker_of(tenant))
                await note_tenant(self._store, tenant)
                self._all_duties.hear_of(tenant)
        return self._workers[tenant]

    async def _engine_of(self, tenant: str) -> Engine:
        return (await self.worker(tenant)).engine

    async def _claim_runs(self) -> None:
        """Take runs as long as there is room."""
        while True:
            await self._runs_attention.note()
            look_again: int | None = None
            seconds = LOOK_SECONDS
            try:
                look_again, seconds = await to_the_end(self._look_for_runs())
            except StoreError as error:
                log.warning("store_away why=%s", error)
                seconds = 1.0
            await self._runs_attention.wait(until=look_again, seconds_max=seconds)

    async def _look_for_runs(self) -> tuple[int | None, float]:
        """Take what waits; when to look again."""
        room = self._runs_max - self.driving
        if room <= 0:
            return None, 0.1
        if await self._take_runs(room):
            return self._clock.now(), 0.0
        due = await self._store.next_claim()
        if due is None or due > self._clock.now():
            return due, LOOK_SECONDS
        if await self._take_runs(room):  # a lease may have run out in between, which nobody hears of
            return self._clock.now(), 0.0
        # What can be claimed and was not is held back by a limit: who works on it will be heard of. Where there is no
        # limit another worker was quicker.
        return None, LOOK_SECONDS if self._limits else QUICKER_SECONDS

    async def _take_runs(self, room: int) -> bool:
        """Whether there were any."""
        at = self._clock.now()
        for worker in list(self._workers.values()):
            await worker.renew_overdue()
        # As of then its own leases hold. Meanwhile the clock may have been put forward, and they would seem to be over.
        leases = await self._store.claim_runs(
            owner=self.card.owner, limit=min(room, CLAIMED_AT_ONCE), limits=self._limits, at=at
        )
        await asyncio.gather(*(self._go_on(lease) for lease in leases))
        return bool(leases)

    async def _go_on(self, lease: Lease) -> None:
        try:
            worker = await self.worker(lease.tenant)
            await worker.go_on(lease, keeps_lease=True)
        except Exception as error:  # noqa: BLE001 - the boundary of a run: the others are driven on
            # Its lease is left to run out: until then nobody else tries what could not be done here.
            log.warning("run_not_driven run_id=%s why=%r", lease.run, error)

    # --- saying that it lives ---

    async def _report(self) -> None:
        told, told_at = None, 0.0
        while True:
            load, now = self._load, asyncio.get_running_loop().time()
            if load != told or now - told_at >= BEAT_SECONDS:
                with suppress(StoreError):
                    await self._beat()
                    told, told_at = load, now
            await asyncio.sleep(CHANGE_SECONDS)

    async def _sign_off(self, held: tuple[int, int]) -> None:
        """Strike it off the roster. Where that cannot be, the last line says what it had in hand when it was told."""
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await sign_off(self._store, self.card)
        except (StoreError, TimeoutError) as error:
            log.warning(
                "left_store_away driving=%d performing=%d why=%s; others go on once its leases have run out",
                *held,
                str(error) or f"the store did not answer within {GOODBYE_SECONDS:g} s",
            )

    @property
    def _load(self) -> tuple[int, int]:
        """How many runs are driven and effects performed here."""
        return self.driving, self.performing

    async def _beat(self) -> None:
        await sign_on(
            self._store,
            self.card,
            state=self._state,
            driving=self.driving,
            performing=self.performing,
        )


async def _cancelled(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
