"""Keeping duties: whichever worker of a tenant has the lease does them, each at its own pace.

A worker that does not have the lease asks for it seldom; one that dies is followed within a lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from interlock.engine.engine import Engine
from interlock.engine.serving.attention import Attention
from interlock.engine.serving.duties import Duty
from interlock.store.errors import LeaseHeldError, StoreError
from interlock.store.lease import Lease, LeaseOwner
from interlock.tools.clock import Clock

KEEPER: Final = "!keeper"
"""What the lease stands under, beside those of runs: no run is called so."""
ASK_SECONDS: Final = 60.0
"""How often a worker that does not keep the duties asks whether it may, at least: else when a lease runs out."""
TURN_SECONDS: Final = 20.0
"""How often a duty has a turn although nothing was committed."""
PAUSE_SECONDS: Final = 0.2
"""How long a duty waits between two turns at least: what was committed meanwhile is done in one."""

log = logging.getLogger(__name__)


class Keeper:
    """Does the duties of one tenant whenever this worker has the lease for them."""

    def __init__(self, engine: Engine, clock: Clock, *, owner: LeaseOwner, duties: Sequence[Duty]) -> None:
        self._engine = engine
        self._clock = clock
        self._owner = owner
        self._duties = duties
        self.is_keeping = False

    @property
    def has_duties(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._duties)

    async def work(self) -> None:
        """Ask for the lease, do the duties while it is held, and so on until it is cancelled."""
        while True:
            seconds = ASK_SECONDS
            try:
                await self._keep(await self._engine.store.acquire_lease(self._engine.tenant, KEEPER, owner=self._owner))
            except LeaseHeldError as held:
                # Whoever lives has renewed it long before; who does not is followed at that instant.
                seconds = max(PAUSE_SECONDS, (held.expires_at - self._clock.now()) / 1_000_000)
            except StoreError as error:
                log.warning("store_away why=%s", error)
            await asyncio.sleep(min(seconds, ASK_SECONDS))

    async def _keep(self, lease: Lease) -> None:
        tasks = [asyncio.ensure_future(self._do(duty)) for duty in self._duties]
        self.is_keeping = True
        try:
            await self._hold(lease)
        finally:
            self.is_keeping = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(StoreError):
                await self._engine.store.release_lease(lease)

    async def _hold(self, lease: Lease) -> None:
        """Renew the lease until it is lost."""
        held = [lease]
        while held:
            await asyncio.sleep(self._engine.store.lease_micros / 3 / 1_000_000)
            with suppress(StoreError):  # a lease outlives a missed beat
                held = await self._engine.store.renew_leases(held)

    async def _do(self, duty: Duty) -> None:
        attention = Attention(self._engine.store, self._clock, "anything")
        while True:
            until: int | None = None
            try:
                await attention.note()
                until = await duty.turn()
            except Exception:  # a boundary: the other duties go on, and this one has its next turn
                log.exception("duty_failed duty=%s", duty.name)
            await asyncio.sleep(PAUSE_SECONDS)
            await attention.wait(until=until, seconds_max=TURN_SECONDS)
