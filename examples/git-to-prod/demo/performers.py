"""Who performs what of a run, as the store has it: by this the cluster's demo knows which worker to kill, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from interlock import Interlock, RunHandle
from interlock.bootstrap import TENANT, make_store
from interlock.core.events import Event
from interlock.store.places import parse_place
from interlock.tools.clock import LoopClock

COMES_WITHIN_SECONDS = 120
LOOK_EVERY_SECONDS = 0.02


def performer_when(store: str, run: str, node: str, moment: Callable[[Sequence[Event]], bool]) -> int | None:
    """The process that performs a node when something has come to be so; None if that does not come, or nobody does."""
    return asyncio.run(_performer_when(store, run, node, moment))


async def _performer_when(store: str, run: str, node: str, moment: Callable[[Sequence[Event]], bool]) -> int | None:
    async with Interlock(store) as interlock, make_store(parse_place(store), clock=LoopClock()) as opened:
        processes = {row.card.owner.id: row.card.owner.pid for row in await interlock.fleet.workers()}
        handle = await interlock.open(run)
        with suppress(TimeoutError):
            async with asyncio.timeout(COMES_WITHIN_SECONDS):
                await _come(handle, moment)
        offers = await opened.queue.offers(TENANT, run)
    return next((processes.get(offer.owner) for offer in offers if offer.path == node), None)


async def _come(handle: RunHandle, moment: Callable[[Sequence[Event]], bool]) -> None:
    events: list[Event] = []
    while True:
        events += [event async for event in handle.events(after=events[-1].seq if events else 0)]
        if moment(events):
            return
        await asyncio.sleep(LOOK_EVERY_SECONDS)
