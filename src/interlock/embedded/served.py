"""A service as a face uses it that takes requests for anybody: an `Interlock` for each tenant, at work through it.

What is started through it is driven by the service where it has room, and left to any worker otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from interlock.engine.serving.service import Service
from interlock.engine.worker import Worker
from interlock.store.event_store import EventStore
from interlock.tools.clock import Clock

ForTenant = TypeVar("ForTenant")
"""What works for one tenant."""


class GivenWorker:
    """A worker that is there already, and stays when those who use it leave."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def open_for(self, what: str) -> Worker:
        """The worker, whatever it is wanted for: it is always open."""
        del what
        return self.worker

    async def enter(self) -> None:
        """It is open."""

    async def leave(self) -> None:
        """It stays open: whoever made it closes it."""


class Served(Generic[ForTenant]):
    """One service, for the faces that stand on it while it serves."""

    def __init__(
        self,
        service: Service,
        *,
        store: EventStore,
        clock: Clock,
        through: Callable[[Worker], ForTenant],
        works: bool,
    ) -> None:
        self.service = service
        self.store = store
        self.clock = clock
        self.works = works
        """Whether the service drives runs; where it does not, all that is asked for is left to workers."""
        self._through = through
        self._of: dict[str, ForTenant] = {}

    @property
    def leaves_to_others(self) -> bool:
        """Whether a run that is started now is better driven elsewhere, or later."""
        return not (self.works and self.service.has_room)

    async def of(self, tenant: str) -> ForTenant:
        """What works for a tenant."""
        found = self._of.get(tenant)
        if found is None:
            found = self._of[tenant] = self._through(await self.service.worker(tenant))
        return found
