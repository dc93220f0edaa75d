"""Which policy is in force for each tenant in this process: that of the files, with what the tenant has registered.

What is registered elsewhere is in force here within seconds. Whoever drives runs of a tenant loads its policy first,
so none is driven under less than what was registered. Where the store cannot be read, what was loaded last holds on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.core.errors import InterlockError
from interlock.core.verdicts import Movement, Verdict
from interlock.governance.policy import Policy
from interlock.governance.registered import Registered, registered, with_registered
from interlock.store.event_store import EventStore

LOOK_SECONDS: Final = 1.0
"""How long what is registered elsewhere may go unnoticed."""
LOOK_ANYWAY_SECONDS: Final = 300.0
"""How often it is looked although nothing was heard of: who registered something may have ended before they told."""

log = logging.getLogger(__name__)


class TenantPolicy:
    """The policy of one tenant. Its `judge` is what an engine asks: it always asks the policy as it is by now."""

    def __init__(self, base: Policy) -> None:
        self._base = base
        self._version: int = 0
        self.policy = base

    def judge(self, movement: Movement) -> Verdict:
        """What the policy in force says of a movement."""
        return self.policy.judge(movement)

    def for_documents(self) -> PoliciesInForce:
        """What documents of other systems may name, and what that limits."""
        return PoliciesInForce(self.policy.names, self.policy.limits)

    def take(self, found: Registered) -> None:
        """Put in force what was registered, unless it is that already."""
        if found.version != self._version:
            self.policy = with_registered(self._base, found.policies)
            self._version = found.version


class TenantPolicies:
    """The policies of all tenants that this process works for."""

    def __init__(self, base: Policy, store: EventStore) -> None:
        self.base = base
        self._store = store
        self._of: dict[str, TenantPolicy] = {}

    def of(self, tenant: str) -> TenantPolicy:
        """The policy of a tenant; until it was loaded, that of the files."""
        return self._of.setdefault(tenant, TenantPolicy(self.base))

    async def load(self, tenant: str) -> TenantPolicy:
        """The policy of a tenant, with what is registered by now."""
        in_force = self.of(tenant)
        in_force.take(await registered(self._store.records, tenant))
        return in_force

    @asynccontextmanager
    async def kept_current(self) -> AsyncGenerator[None]:
        """Meanwhile what is registered elsewhere is noticed here."""
        looking = asyncio.ensure_future(self._keep_current())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _keep_current(self) -> None:
        loop = asyncio.get_running_loop()
        seen, looked_at = -1, loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                mark = await self._store.change_mark()
                if mark != seen or loop.time() - looked_at >= LOOK_ANYWAY_SECONDS:
                    for tenant in tuple(self._of):
                        await self.load(tenant)
                    seen, looked_at = mark, loop.time()
            except InterlockError as error:
                log.warning("policies_not_read why=%s", error)
