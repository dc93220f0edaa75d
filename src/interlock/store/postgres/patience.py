"""How long a server that is away is waited for by whoever had reached it before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from interlock.store.postgres.troubles import is_lost

T = TypeVar("T")

PATIENCE_SECONDS: Final = 10.0
LEAVING_SECONDS: Final = 2.0
"""How long by whoever is about to leave: several such waits follow each other until it is gone."""
FIRST_PAUSE_SECONDS: Final = 0.05
PAUSE_MAX_SECONDS: Final = 1.0


class Patience:
    """The patience of one store. It may run short while somebody waits."""

    def __init__(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._seconds = seconds

    def run_short(self) -> None:
        """From now on nobody waits for long, nor does who waits already."""
        self._seconds = min(self._seconds, LEAVING_SECONDS)

    async def wait_for(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until the server is back, or patience ends; then what was wrong last is raised.

        It is tried twice at least: a connection that has fallen silent may use up all patience, and a new one work.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        pause, has_failed = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                return await attempt()
            except Exception as error:
                if not is_lost(error) or (has_failed and loop.time() + pause > began + self._seconds):
                    raise
            has_failed = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_MAX_SECONDS)
