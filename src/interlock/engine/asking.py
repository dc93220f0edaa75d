"""Asking the same of many runs, wherever each is driven: a bounded number at once, and no refusal stops the others.

Nobody is waited for. A run that is driven elsewhere gets a signal; of one that nobody drives, what needs no effect is
decided at once, and otherwise what was asked is on record for whoever takes the run up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.errors import InterlockError
from interlock.core.requests import Refused, Request
from interlock.engine.engine import Arrival
from interlock.engine.errors import RequestRefusedError
from interlock.engine.submitting import submit
from interlock.engine.worker import Worker
from interlock.store.errors import LeaseHeldError
from interlock.store.rows import RunRow

ASKED_AT_ONCE: Final = 32
"""How many runs are asked at once: their appends share the commits of the store."""

Became: TypeAlias = Literal["done", "recorded", "left", "started", "refused", "failed"]


class Asked(Struct, frozen=True):
    """What became of what was asked of one run."""

    run: str
    became: Became
    """`done`: on record with all that follows from it. `recorded`: what follows waits for whoever drives the run.
    `left`: for the process that drives it. `started`: as a new run. `refused` and `failed`: nothing has changed."""
    told: str = ""
    """Why it was refused or failed; of `started`, the new run."""


async def ask_all(rows: AsyncIterable[RunRow], ask: Callable[[str], Awaitable[Asked]]) -> AsyncIterator[Asked]:
    """What became of it in each run, in the runs' order."""
    asked: deque[asyncio.Task[Asked]] = deque()
    try:
        async for row in rows:
            asked.append(asyncio.create_task(_outcome(row.run, ask)))
            if len(asked) == ASKED_AT_ONCE:
                yield await asked[0]
                asked.popleft()
        while asked:
            yield await asked[0]
            asked.popleft()
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def _outcome(run: str, ask: Callable[[str], Awaitable[Asked]]) -> Asked:
    try:
        return await ask(run)
    except RequestRefusedError as refused:
        return Asked(run, "refused", refused.reason)
    except InterlockError as error:
        return Asked(run, "failed", str(error))


async def ask_one(worker: Worker, run: str, request: Request, *, by: str) -> Asked:
    """Ask a run without driving it on from here."""
    if run in worker.drivers:
        await submit(worker, run, request, by=by)
        return Asked(run, "done")
    try:
        lease = await worker.engine.store.acquire_lease(worker.engine.tenant, run, owner=worker.owner)
    except LeaseHeldError:
        return await _leave(worker, run, request, by=by)
    try:
        in_hand = await worker.engine.load(run, lease)
        refused, became = await worker.engine.record_what_follows(in_hand, [Arrival(request, by)]), "done"
        if refused is None:
            in_hand = await worker.engine.load(run, lease)
            refused, became = await worker.engine.record(in_hand, [Arrival(request, by)], lets_go=True), "recorded"
    except BaseException:
        await worker.engine.store.release_lease(lease)
        raise
    if isinstance(refused[0], Refused):
        await worker.engine.store.release_lease(lease)
        return Asked(run, "refused", refused[0].reason)
    return Asked(run, became)


async def _leave(worker: Worker, run: str, request: Request, *, by: str) -> Asked:
    submitted = await submit(worker, run, request, by=by, detach=True)
    return Asked(run, "recorded" if submitted.left_for is None else "left")
