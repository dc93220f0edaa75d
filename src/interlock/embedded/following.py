"""Following a run: being told that something of it may have changed, whoever drives it.

A run that is driven here tells at once; for any other the store is asked, cheaply, whether anything was committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, Self

from interlock.core.events import Event
from interlock.core.evolving.resting import waits_for_outside
from interlock.engine.driving import RunDriver
from interlock.engine.live_words import Live, Words
from interlock.engine.telling.log_reading import LogReading
from interlock.engine.worker import Worker
from interlock.store.errors import ImportedRunError

ASK_SECONDS: Final = 0.05
LIVE_KEPT_MAX: Final = 1_000
"""Of live words that nobody reads in time, the oldest are forgotten: they are on no record."""
WORDS_TOGETHER_MAX: Final = 4_000
"""Pieces of what one model says are given as one, up to so many characters."""


class Following:
    """One run being followed. Use it as an async context manager.

    Only who `hears` live words is told them: models are asked for pieces of their answers while somebody does.
    """

    def __init__(self, worker: Worker, run: str, *, hears: bool = False) -> None:
        self._worker = worker
        self._run = run
        self._hears = hears
        self._driver: RunDriver | None = None
        self._told = asyncio.Event()
        self._live: deque[Live] = deque(maxlen=LIVE_KEPT_MAX)
        self._mark: int | None = None
        self._is_moved_here = False
        """Whether it is known that the run is one of this place."""

    async def __aenter__(self) -> Self:
        self._mark = await self._worker.engine.store.change_mark()
        self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hush()

    async def changed(self) -> None:
        """Return when something was committed since the last call, or something live was told.

        `ImportedRunError` if nothing more ever comes to the run here.
        """
        await self._refuse_imported()
        while not self._told.is_set():
            self._listen()
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await self._told.wait()
            except TimeoutError:
                mark = await self._worker.engine.store.change_mark()
                if mark != self._mark:
                    self._mark = mark
                    break
        self._told.clear()

    def log(self, *, after: int) -> LogReading:
        """What is on record behind a number, and what comes to it."""
        return LogReading(self._worker.engine.store, tenant=self._worker.engine.tenant, run=self._run, after=after)

    def take_live(self) -> list[Live]:
        """What nodes and models have told since the last call."""
        told = list(self._live)
        self._live.clear()
        return told

    def heard(self) -> list[Live]:
        """The same, of whoever drives the run here now."""
        self._listen()
        return self.take_live()

    async def is_at_rest(self) -> bool:
        """Whether the run has ended, or only people or other systems can move it on soon."""
        if await self._imported_from():
            return True
        _, state = await self._worker.engine.view(self._run)
        return state.has_ended or waits_for_outside(state, at=self._worker.clock.now())

    async def _refuse_imported(self) -> None:
        if self._is_moved_here:
            return
        if imported_from := await self._imported_from():
            raise ImportedRunError(self._run, imported_from=imported_from)
        self._is_moved_here = True

    async def _imported_from(self) -> str:
        row = await self._worker.engine.store.find_run(self._worker.engine.tenant, self._run)
        return row.imported_from if row is not None else ""

    def _listen(self) -> None:
        """A run may begin to be driven here while it is followed, or be driven anew."""
        driver = self._worker.drivers.get(self._run)
        if driver is self._driver:
            return
        self._hush()
        if driver is not None:
            driver.listeners.append(self._note_events)
            if self._hears:
                driver.watchers.append(self._note_live)
        self._driver = driver

    def _hush(self) -> None:
        if self._driver is not None:
            self._driver.listeners.remove(self._note_events)
            if self._hears:
                self._driver.watchers.remove(self._note_live)
            self._driver = None

    def _note_events(self, _: tuple[Event, ...]) -> None:
        self._told.set()

    def _note_live(self, told: Live) -> None:
        last = self._live[-1] if self._live else None
        if isinstance(told, Words) and isinstance(last, Words) and _go_together(last, told):
            self._live[-1] = Words(told.path, last.text + told.text)
        else:
            self._live.append(told)
        self._told.set()


def _go_together(last: Words, told: Words) -> bool:
    return last.path == told.path and len(last.text) + len(told.text) <= WORDS_TOGETHER_MAX
