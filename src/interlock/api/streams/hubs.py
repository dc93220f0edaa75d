"""The hubs of all tenants."""

from __future__ import annotations

from interlock.api.streams.hub import Hub
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served


class Hubs:
    """One hub for each tenant that somebody has listened to."""

    def __init__(self, served: Served[Interlock]) -> None:
        self._served = served
        self._hubs: dict[str, Hub] = {}

    async def of(self, tenant: str) -> Hub:
        """The hub of a tenant."""
        interlock = await self._served.of(tenant)
        return self._hubs.setdefault(tenant, Hub(self._served.store, tenant, interlock))

    async def close(self) -> None:
        """Nothing more is told: whoever listens is let go, and may come again."""
        for hub in self._hubs.values():
            await hub.close()
