"""Work on a file in a thread, beside an event loop: it tells how far it is there, and stops soon when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from interlock.audit.exporting import Progress

T = TypeVar("T")
Work: TypeAlias = Callable[[Progress], T]
"""Work that tells now and then how far it is."""


class _NobodyWaitsError(Exception):
    """Whoever asked for the work has gone."""


async def off_loop(work: Work[T], progress: Progress) -> T:
    """What the work comes to. `progress` is called in the event loop."""
    loop = asyncio.get_running_loop()
    has_gone = False

    def tell(what: str, done: int, total: int) -> None:
        if has_gone:
            raise _NobodyWaitsError
        loop.call_soon_threadsafe(progress, what, done, total)

    try:
        return await asyncio.to_thread(work, tell)
    except asyncio.CancelledError:
        # The thread would read on to the end of a file that may be huge, and the program would wait for it.
        has_gone = True
        raise
