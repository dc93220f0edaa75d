"""How far a run is, told to whoever called its tool and asked to be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server.context import ServerRequestContext

from interlock.core.events import Event
from interlock.embedded.handle import RunHandle

TOLD_SECONDS: Final = 0.25
"""How often at most: of what happens in between the last is told."""
_TOLD: Final = ("node.started", "node.waiting", "node.succeeded", "node.failed", "node.retrying")


@asynccontextmanager
async def progress_told(ctx: ServerRequestContext[Any, Any], run: RunHandle) -> AsyncGenerator[None]:
    """Tell how a run gets on within the block, where that is wanted."""
    if ctx.meta is None or "progress_token" not in ctx.meta:
        yield
        return
    telling = asyncio.ensure_future(_tell(ctx, run))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(ctx: ServerRequestContext[Any, Any], run: RunHandle) -> None:
    loop = asyncio.get_running_loop()
    told_at = 0.0
    await ctx.session.report_progress(0, message=f"run {run.id} is on record")
    async for event in run.events(follow=True):
        if event.type in _TOLD and loop.time() - told_at >= TOLD_SECONDS:
            told_at = loop.time()
            await ctx.session.report_progress(event.seq, message=_shown(event))


def _shown(event: Event) -> str:
    return f"{event.path} {event.type.removeprefix('node.')}"
