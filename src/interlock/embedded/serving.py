"""A process that serves: a worker for everybody, with the duties of a project, and perhaps a face for requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from interlock.bootstrap import TENANT, Parts, Serving, running_service
from interlock.core.plan import DEFAULT_POOL
from interlock.embedded.duties import Duties
from interlock.embedded.served import ForTenant, Served
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.serving.service import Service
from interlock.engine.worker import Worker
from interlock.settings import WorkerSettings
from interlock.store.claims import RunLimit

Face: TypeAlias = Callable[[Served[ForTenant]], Awaitable[None]]
"""What takes requests while a process serves; it ends when the process is told to."""


async def serve(
    parts: Parts,
    settings: WorkerSettings,
    *,
    limits: Sequence[RunLimit],
    duties: Duties,
    until: asyncio.Event,
    on_ready: Callable[[WorkerCard], object],
    works: bool,
    face: Face[ForTenant] | None,
    through: Callable[[Worker], ForTenant],
) -> None:
    """Serve until told to stop. `through` makes what a face works with for a tenant."""
    serving = Serving(
        pools=frozenset(settings.pools or {DEFAULT_POOL}),
        tags=frozenset(settings.tags),
        concurrency=settings.concurrency,
        runs_max=settings.runs,
        limits=limits,
        duties=duties.of,
    )
    async with duties, running_service(parts, serving) as service:
        if works:
            await service.sign_on()
        on_ready(service.card)

        async def work(stop: asyncio.Event) -> None:
            if works:
                await service.serve(TENANT, until=stop, grace_seconds=settings.grace_seconds)
            else:
                await service.stand_by(until=stop)

        if face is None:
            await work(until)
        else:
            await _with_face(work, face(_served(parts, service, through, works=works)))


def _served(
    parts: Parts, service: Service, through: Callable[[Worker], ForTenant], *, works: bool
) -> Served[ForTenant]:
    return Served(service, store=parts.store, clock=parts.clock, through=through, works=works)


async def _with_face(work: Callable[[asyncio.Event], Awaitable[None]], face: Awaitable[None]) -> None:
    """Work while a face takes requests: when it has ended the work is told to, and what breaks one ends the other."""
    stop = asyncio.Event()
    working, facing = asyncio.ensure_future(work(stop)), asyncio.ensure_future(face)
    try:
        await asyncio.wait([working, facing], return_when=asyncio.FIRST_COMPLETED)
        if facing.done():
            stop.set()
            await asyncio.wait([working])
    finally:
        for task in (facing, working):
            task.cancel()
        results = await asyncio.gather(working, facing, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
