"""How many runs wait to be driven: when there are too many, no more are started until some are taken up."""

from __future__ import annotations

from typing import Final

from interlock.api.errors import ApiError
from interlock.store.event_store import EventStore
from interlock.tools.clock import Clock

COUNTED_MICROS: Final = 1_000_000
"""For how long a count is believed: it reads the store."""
RETRY_SECONDS: Final = "5"


class Backlog:
    """The runs of a store that nobody drives yet."""

    def __init__(self, store: EventStore, clock: Clock, *, runs_max: int) -> None:
        self._store = store
        self._clock = clock
        self._runs_max = runs_max
        self._count = 0
        self._counted_at = 0

    async def refuse_if_full(self) -> None:
        """Raise where one more run would only wait behind too many others."""
        now = self._clock.now()
        if now - self._counted_at > COUNTED_MICROS:
            self._counted_at = now  # before it is read: only one of many requests counts
            self._count = sum(waiting.count for waiting in await self._store.runs_waiting())
        if self._count >= self._runs_max:
            raise ApiError(
                "too_many_runs",
                f"{self._count:,} runs wait for a worker: no more than {self._runs_max:,} may (server.runs_waiting)",
                headers={"retry-after": RETRY_SECONDS},
            )
