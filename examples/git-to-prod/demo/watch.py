"""Looking again and again at a run that is yet to begin, in another process: opened once, so that it costs little."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from interlock import Interlock
from interlock.core.events import Event


class Watch:
    """The next run of a store that holds some. Use it as a context manager."""

    def __init__(self, store: str, *, after: str | None) -> None:
        """`after` is the run that was the last one so far."""
        self._after = after
        self._interlock = Interlock(store)
        self._runner = asyncio.Runner()
        self._events: list[Event] = []

    def __enter__(self) -> Self:
        self._runner.run(self._interlock.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._interlock.__aexit__(kind, error, trace))
        self._runner.close()

    def events(self) -> Sequence[Event]:
        """What has happened in it by now; nothing before it has begun."""
        self._runner.run(self._read_on())
        return self._events

    async def _read_on(self) -> None:
        rows = await self._interlock.runs(limit=1)
        if rows and rows[0].run != self._after:
            handle = await self._interlock.open(rows[0].run)
            last = self._events[-1].seq if self._events else 0
            self._events += [event async for event in handle.events(after=last)]
