"""A run that goes on from another is begun, driven here or left to others, in a workspace as the other has left it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct

from interlock.core.plan import Plan
from interlock.core.requests import StartRun
from interlock.engine.driving import RunDriver
from interlock.engine.starting import start_detached
from interlock.engine.worker import Worker


class Begun(Struct, frozen=True):
    """A new run, and who drives it here; nobody, where it is left to whichever worker takes it."""

    run: str
    driver: RunDriver | None = None


async def begin_after(worker: Worker, parent: str, plan: Plan, request: StartRun, *, detach: bool) -> Begun:
    """Begin a run that goes on from another. Returns once its start is on record."""
    async with _handed_on(worker, parent) as new:
        if detach:
            return Begun(await start_detached(worker.engine, plan, new, request, owner=worker.owner))
        return Begun(new, await worker.start(plan, new, request))


@asynccontextmanager
async def _handed_on(worker: Worker, run: str) -> AsyncGenerator[str]:
    """The id of a new run that has the workspace of another. If it is not begun in here, its workspace is given up."""
    new = worker.new_id()
    if worker.workspaces is None:
        yield new
        return
    await asyncio.to_thread(worker.workspaces.hand_on, run, new)
    try:
        yield new
    except BaseException:
        await asyncio.to_thread(worker.workspaces.discard, new)
        raise
