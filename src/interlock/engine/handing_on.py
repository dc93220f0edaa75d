"""The workspace of a run that continues another one: it begins with what the other has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from interlock.engine.worker import Worker


@asynccontextmanager
async def handed_on(worker: Worker, run: str) -> AsyncGenerator[str]:
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
