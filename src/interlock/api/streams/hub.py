"""The hub of a tenant: it reads the feed once, and tells whoever listens.

It looks for what was committed every few hundredths of a second while somebody listens, and not at all otherwise. Who
comes late reads what is on record, a few at a time, so that those who are there are told in time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from interlock.api.streams.frames import Place, Told
from interlock.api.streams.listener import Listener
from interlock.api.streams.live import LiveRuns, LiveTold
from interlock.api.streams.run_window import RunWindow
from interlock.api.streams.topics import Topic
from interlock.embedded.interlock import Interlock
from interlock.engine.telling.log_reading import read_span
from interlock.store.errors import StoreError
from interlock.store.event_store import EventStore, FeedEntry

LOOK_SECONDS: Final = 0.03
"""How often it is looked for what was committed: what came in between is told together."""
AWAY_SECONDS: Final = 1.0
ENTRIES_AT_ONCE: Final = 500
GRAPHS_KEPT_MAX: Final = 10_000
CATCH_UP_AT_ONCE: Final = 4
"""How many read at once what is on record."""

log = logging.getLogger(__name__)


class Hub:
    """One tenant's events, as they happen."""

    def __init__(self, store: EventStore, tenant: str, interlock: Interlock) -> None:
        self._store = store
        self._tenant = tenant
        self._interlock = interlock
        self._windows: dict[str, RunWindow] = {}
        self._listeners: set[Listener] = set()
        """Those who listen to more than one run."""
        self._graphs: dict[str, str] = {}
        self._position = 0
        self._reading: asyncio.Task[None] | None = None
        self.catching_up = asyncio.Semaphore(CATCH_UP_AT_ONCE)
        self.live = LiveRuns(interlock)

    @asynccontextmanager
    async def window(self, run: str) -> AsyncGenerator[RunWindow]:
        """The latest events of a run, for as long as somebody listens to it."""
        window = self._windows.setdefault(run, RunWindow())
        window.users += 1
        try:
            await self._begin_reading()
            if not window.is_open:
                window.open((await self._store.head(self._tenant, run)).seq)
            yield window
        finally:
            window.users -= 1
            if window.users == 0:
                del self._windows[run]

    @asynccontextmanager
    async def listening(
        self, topic: Topic, *, frame: Callable[[Told], bytes], live_frame: Callable[[LiveTold], bytes]
    ) -> AsyncGenerator[Listener]:
        """Somebody listens to many runs, from now on. What happens is held back until they are released."""
        listener = Listener(topic, frame, live_frame)
        self._listeners.add(listener)
        try:
            await self._begin_reading()
            yield listener
        finally:
            self._listeners.discard(listener)

    async def end(self) -> int:
        """Where the feed ends now."""
        return await self._store.feed_end(self._tenant)

    async def past(self, topic: Topic, *, after: Place) -> AsyncIterator[Told]:
        """What is on record behind a place of the feed."""
        position = after.position - 1
        while entries := await self._store.feed(self._tenant, after=max(position, 0), limit=ENTRIES_AT_ONCE):
            for entry in entries:
                position = entry.position
                async for told in self._events(entry):
                    if told.place > after and topic.takes(told):
                        yield told

    async def past_of_run(self, run: str, *, after: int) -> AsyncIterator[Told]:
        """All that is on record of a run behind a number. Its place in the feed is not known."""
        handle = await self._interlock.open(run)
        graph = (await handle.row()).graph
        async for kept in handle.log(after=after):
            yield Told(Place(0, kept.seq), run, graph, kept)

    async def close(self) -> None:
        """Nothing more is told."""
        for listener in self._listeners:
            listener.end()
        for window in self._windows.values():
            window.end()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    # --- reading ---

    async def _begin_reading(self) -> None:
        if self._reading is not None and not self._reading.done():
            return
        end = await self._store.feed_end(self._tenant)
        if self._reading is None or self._reading.done():
            # From here on; what happened before is read by those who want it.
            self._position = end
            self._reading = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        """Tell what is committed, for as long as somebody listens."""
        mark: int | None = None
        while self._listeners or self._windows:
            try:
                self.live.tell()
                now = await self._store.change_mark()
                if now != mark:
                    await self._tell_new()
                    mark = now
                await asyncio.sleep(LOOK_SECONDS)
            except StoreError as error:
                log.warning("feed_not_read tenant=%s why=%s", self._tenant, error)
                await asyncio.sleep(AWAY_SECONDS)

    async def _tell_new(self) -> None:
        while entries := await self._store.feed(self._tenant, after=self._position, limit=ENTRIES_AT_ONCE):
            events = [told for entry in entries async for told in self._events_for_somebody(entry)]
            self._position = entries[-1].position
            self._spread(events)

    def _spread(self, events: list[Told]) -> None:
        by_run: dict[str, list[Told]] = {}
        for told in events:
            by_run.setdefault(told.run, []).append(told)
        for listener in self._listeners:
            if meant := [told for told in events if listener.topic.takes(told)]:
                listener.hear(meant)
        for run, theirs in by_run.items():
            if run in self._windows:
                self._windows[run].tell(theirs)

    async def _events_for_somebody(self, entry: FeedEntry) -> AsyncIterator[Told]:
        if self._listeners or entry.run in self._windows:
            async for told in self._events(entry):
                yield told

    async def _events(self, entry: FeedEntry) -> AsyncIterator[Told]:
        """The events of one append; of a run that was given up since, nothing."""
        graph = await self._graph_of(entry.run)
        span = read_span(self._store, self._tenant, entry.run, first=entry.first_seq, last=entry.last_seq)
        async for kept in span:
            yield Told(Place(entry.position, kept.seq), entry.run, graph, kept)

    async def _graph_of(self, run: str) -> str:
        if run not in self._graphs:
            if len(self._graphs) >= GRAPHS_KEPT_MAX:
                self._graphs.clear()
            row = await self._store.find_run(self._tenant, run)
            if row is None:
                return ""
            self._graphs[run] = row.graph
        return self._graphs[run]
