"""How sinks stand, asked for now and then alone: counting what a sink was not told reads the feed."""

from __future__ import annotations

from typing import Final

from interlock.bootstrap import TENANT
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
from interlock.engine.relaying.sink_reports import SinkReport

BELIEVED_MICROS: Final = 15_000_000
"""For how long an answer is given again: about as often as figures are asked for."""


class SinkLag:
    """The sinks of a server."""

    def __init__(self, served: Served[Interlock]) -> None:
        self._served = served
        self._reports: list[SinkReport] = []
        self._asked_at: int | None = None

    async def reports(self) -> list[SinkReport]:
        """How each stands, or stood some seconds ago."""
        now = self._served.clock.now()
        if self._asked_at is None or not 0 <= now - self._asked_at < BELIEVED_MICROS:
            self._reports = await (await self._served.of(TENANT)).sinks.reports()
            self._asked_at = now
        return self._reports
