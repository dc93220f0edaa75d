"""Runs as they were told last, so that who looks again reads only what has come since.

A page looks at a run every second, and a run may have a hundred thousand events: folding them anew each time would keep
everybody else waiting. What is kept is bounded, and can be thrown away at any time. A run of which payloads were erased
is not told from here.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from interlock.engine.costing import with_reply
from interlock.engine.engine import Engine
from interlock.engine.telling.history import History, RunView
from interlock.store.rows import RunRow

EVENTS_KEPT_MAX: Final = 500_000
"""How many events the kept histories have been made of, all of them together."""
EVENTS_AT_LEAST: Final = 250
"""What a run counts as that has had fewer: so not more than two thousand are kept, however short they are."""


class _Kept:
    """One run as it was told last: by which bundle, and up to which header of its log."""

    def __init__(self, bundle: str, history: History) -> None:
        self.bundle = bundle
        self.history = history
        self.head = b""
        self.turn = asyncio.Lock()
        self.counted = 0
        """As how many events it counts by now."""


class KeptHistories:
    """The runs of an engine that were looked at lately."""

    def __init__(self, engine: Engine, *, events_max: int = EVENTS_KEPT_MAX) -> None:
        self._engine = engine
        self._events_max = events_max
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._events = 0
        """As how many all of them count."""

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    async def view(self, run: str) -> RunView:
        """The run as it is now. Large values stay the references by which they are kept."""
        row = await self._engine.row(run)
        kept = await self._kept_of(row)
        if kept.history.seq < row.seq:
            async with kept.turn:
                await self._go_on(kept, row)
            if self._kept.get(run) is kept:
                self._count(kept)
        return kept.history.view()

    async def _kept_of(self, row: RunRow) -> _Kept:
        kept = self._kept.get(row.run)
        if kept is None or kept.bundle != row.bundle or await self._is_erased(row):
            kept = _Kept(row.bundle, History(await self._engine.plan_of(row.bundle), row.run))
        if self._kept.get(row.run) is not kept:  # it is new, or was let go meanwhile
            self._let_go(row.run)
            self._kept[row.run] = kept
        self._kept.move_to_end(row.run)
        return kept

    async def _is_erased(self, row: RunRow) -> bool:
        """Only of runs that have ended anything is erased, and then from the first event on."""
        if row.ended_at is None:
            return False
        first = await self._engine.store.read_sealed(row.tenant, row.run, limit=1)
        return not first or first[0].payload is None

    async def _go_on(self, kept: _Kept, row: RunRow) -> None:
        """Take what has come to the log since; somebody else may have read further meanwhile."""
        history = kept.history
        if history.seq >= row.seq:
            return
        try:
            pages = (
                self._engine.pages(row, row.seq, after=history.seq, previous=kept.head)
                if history.seq
                else self._engine.pages(row, row.seq)
            )
            async for events in pages:
                for event in events:
                    history.take(await with_reply(self._engine, history.calls, event))
                if history.seq < row.seq:
                    await asyncio.sleep(0)  # a long log is read while others are served
        except BaseException:
            self._let_go(row.run)  # it is in the middle of a page
            raise
        kept.head = row.head

    def _count(self, kept: _Kept) -> None:
        """Let the longest unseen go where it has become too much."""
        counts = max(kept.history.seq, EVENTS_AT_LEAST)
        self._events += counts - kept.counted
        kept.counted = counts
        while self._events > self._events_max and len(self._kept) > 1:
            self._let_go(next(iter(self._kept)))

    def _let_go(self, run: str) -> None:
        kept = self._kept.pop(run, None)
        if kept is not None:
            self._events -= kept.counted
            kept.counted = 0
