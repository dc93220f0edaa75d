"""A call that takes as long as it is told and must happen once, for workers that have nothing else to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from interlock import AsyncToolContext, ToolFailed, done, not_done, tool
from interlock.tools.reconciling import Reconciled
from tests.chaos.fleet.world import TryGivenUp, World

WORLD = World(Path("world"))


def took_place(effect_id: str, item: int) -> Reconciled:
    """Look whether a call came to its end."""
    return done(item) if WORLD.took_place(effect_id) else not_done()


@tool(effect="once", reconcile=took_place)
async def take_time(ctx: AsyncToolContext, item: int, seconds: float) -> int:
    """Take the time, then do what must happen once."""
    begun = await asyncio.to_thread(WORLD.begin, ctx.effect_id, ctx.attempt)
    await asyncio.sleep(seconds)
    try:
        await asyncio.to_thread(WORLD.perform, ctx.effect_id, ctx.attempt, begun=begun)
    except TryGivenUp as given_up:
        raise ToolFailed(str(given_up), retryable=False) from given_up
    return item
