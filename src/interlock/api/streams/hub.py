"""The hub of a tenant: it reads the feed once, and tells whoever listens.

It looks for what was committed every few hundredths of a second while somebody listens, and not at all otherwise. It
holds nothing back for those who come late: they read the store until they have caught up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Final

from interlock.api.streams.frames import Place, Told
from interlock.api.streams.listener import Listener
from interlock.api.streams.live import LiveRuns, LiveTold
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

log = logging.getLogger(__name__)


class Hub:
    """One tenant's events, as they happen."""

    def __init__(self, store: EventStore, tenant: str, interlock: Interlock) -> None:
        self._store = store
        self._tenant = tenant
        self._interlock = interlock
        self._of_runs: dict[str, set[Listener]] = {}
        """Those who listen to one run alone: there may be very many of them."""
        self._of_all: set[Listener] = set()
        self._graphs: dict[str, str] = {}
        self._position = 0
        self._reading: asyncio.Task[None] | None = None
        self.live = LiveRuns(interlock)

    @asynccontextmanager
    async def listening(
        self,
        topic: Topic,
        frame: Callable[[Told], bytes],
        live_frame: Callable[[LiveTold], bytes] = attrgetter("frame"),
    ) -> AsyncGenerator[Listener]:
        """Somebody listens, from now on. What happens is held back until they are released."""
        listener = Listener(topic, frame, live_frame)
        await self._begin_reading()
        self._join(listener)
        try:
            yield listener
        finally:
            self._leave(listener)

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
        for listener in {*self._of_all, *(each for those in self._of_runs.values() for each in those)}:
            listener.end()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    # --- who listens ---

    def _join(self, listener: Listener) -> None:
        if listener.topic.runs:
            for run in listener.topic.runs:
                self._of_runs.setdefault(run, set()).add(listener)
        else:
            self._of_all.add(listener)

    def _leave(self, listener: Listener) -> None:
        self._of_all.discard(listener)
        for run in listener.topic.runs:
            others = self._of_runs.get(run, set())
            others.discard(listener)
            if not others:
                self._of_runs.pop(run, None)

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
        while self._of_all or self._of_runs or mark is None:
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
            # Whoever joins from here on is told what follows: until here nothing was waited for.
            self._position = entries[-1].position
            self._spread(events)

    def _spread(self, events: list[Told]) -> None:
        by_run: dict[str, list[Told]] = {}
        for told in events:
            by_run.setdefault(told.run, []).append(told)
        for listener in self._of_all:
            if meant := [told for told in events if listener.topic.takes(told)]:
                listener.hear(meant)
        for run, theirs in by_run.items():
            for listener in self._of_runs.get(run, ()):
                if meant := [told for told in theirs if listener.topic.takes(told)]:
                    listener.hear(meant)

    async def _events_for_somebody(self, entry: FeedEntry) -> AsyncIterator[Told]:
        if self._of_all or entry.run in self._of_runs:
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
