"""The duties of every tenant that is heard of: the own one from the beginning on, others once somebody works for them.

That a tenant is there is noted outside its own place. It is a hint, that may be lost: who works for the tenant next
notes it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from interlock.engine.engine import Engine
from interlock.engine.serving.duties import Duty
from interlock.engine.serving.keeping import Keeper
from interlock.store.errors import RecordChangedError, StoreError
from interlock.store.event_store import EventStore
from interlock.store.lease import LeaseOwner
from interlock.tenancy import LOCAL_TENANT, PLATFORM
from interlock.tools.clock import Clock

TENANT_KIND: Final = "tenant"
LOOK_SECONDS: Final = 60.0
"""How often it is looked for tenants that others have noted."""

log = logging.getLogger(__name__)


async def note_tenant(store: EventStore, tenant: str) -> None:
    """Note that a tenant is there. The one that is always there needs no note."""
    if tenant != LOCAL_TENANT:
        with suppress(RecordChangedError, StoreError):
            await store.records.put(PLATFORM, TENANT_KIND, tenant, b"", expected=0)


class AllDuties:
    """Keeps duties for tenants, each under a lease of its own."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        owner: LeaseOwner,
        engine_of: Callable[[str], Awaitable[Engine]],
        duties: Callable[[Engine], Sequence[Duty]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self._engine_of = engine_of
        self._duties = duties
        self._kept: set[str] = set()
        self._heard = asyncio.Event()

    def hear_of(self, tenant: str) -> None:
        """Somebody works for a tenant here."""
        if tenant not in self._kept:
            self._heard.set()

    async def keep(self, home: str) -> None:
        """Keep them until it is cancelled; those of `home` from the beginning."""
        async with asyncio.TaskGroup() as keepers:
            await self._begin(home, keepers)
            while True:
                self._heard.clear()
                for tenant in await self._noted():
                    await self._begin(tenant, keepers)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._heard.wait()

    async def _begin(self, tenant: str, keepers: asyncio.TaskGroup) -> None:
        if tenant in self._kept:
            return
        self._kept.add(tenant)
        engine = await self._engine_of(tenant)
        keeper = Keeper(engine, self._clock, owner=self._owner, duties=self._duties(engine))
        if keeper.has_duties:
            keepers.create_task(keeper.work())

    async def _noted(self) -> list[str]:
        try:
            return [record.key for record in await self._store.records.listed(PLATFORM, TENANT_KIND)]
        except StoreError as error:
            log.warning("store_away why=%s", error)
            return []
