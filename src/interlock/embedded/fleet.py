"""The fleet of a store: its workers, and what waits for them."""

from __future__ import annotations

import socket

from interlock.engine.engine import Engine
from interlock.engine.serving.roster import WorkerRow, workers
from interlock.store.claims import RunsWaiting
from interlock.store.effect_queue import EffectsWaiting
from interlock.store.processes import is_running


class Fleet:
    """Who works on a store. It is there while the `Interlock` it came from is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def workers(self) -> list[WorkerRow]:
        """Every worker that has said of itself that it lives, the one that was started last first."""
        return await workers(
            self._engine.store, at=self._engine.now(), host=socket.gethostname(), is_running=is_running
        )

    async def runs_waiting(self, *, tenant: str | None = None) -> list[RunsWaiting]:
        """How many runs wait for somebody to drive them, by graph, and since when: of all tenants, or of one."""
        return [each for each in await self._engine.store.runs_waiting() if tenant in (None, each.tenant)]

    async def effects_waiting(self, *, tenant: str | None = None) -> list[EffectsWaiting]:
        """How many calls wait for a worker of their pool, and how many are being performed: of all, or of one."""
        return await self._engine.store.queue.depth(tenant=tenant)
