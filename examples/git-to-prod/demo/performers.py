"""Who performs what of a run, as the store has it: by this the cluster's demo knows which worker to kill, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from interlock import Interlock
from interlock.bootstrap import TENANT, make_store
from interlock.core.events import Event
from interlock.store.places import parse_place
from interlock.tools.clock import LoopClock

COMES_WITHIN_SECONDS = 120
LOOK_EVERY_SECONDS = 0.02


def performer_when(store: str, node: str, moment: Callable[[Sequence[Event]], bool]) -> int | None:
    """The process that performs a node of the first run to come, once something is so; None if nobody does by then."""
    return asyncio.run(_performer_when(store, node, moment))


async def _performer_when(store: str, node: str, moment: Callable[[Sequence[Event]], bool]) -> int | None:
    async with Interlock(store) as interlock, make_store(parse_place(store), clock=LoopClock()) as opened:
        try:
            async with asyncio.timeout(COMES_WITHIN_SECONDS):
                run = await _come(interlock, moment)
        except TimeoutError:
            return None
        offers = await opened.queue.offers(TENANT, run)
        processes = {row.card.owner.id: row.card.owner.pid for row in await interlock.fleet.workers()}
    return next((processes.get(offer.owner) for offer in offers if offer.path == node), None)


async def _come(interlock: Interlock, moment: Callable[[Sequence[Event]], bool]) -> str:
    """The run in which it has come to be so."""
    events: list[Event] = []
    while True:
        for row in await interlock.runs(limit=1):
            handle = await interlock.open(row.run)
            events += [event async for event in handle.events(after=events[-1].seq if events else 0)]
            if moment(events):
                return row.run
        await asyncio.sleep(LOOK_EVERY_SECONDS)
