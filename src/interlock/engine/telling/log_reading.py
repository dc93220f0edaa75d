"""A run's log, read on from any number, and the first event named that does not follow from the one before it.

For who shows events as they are: of a log that is damaged it gives what stands before the damage. Decides nothing, and
folds nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from interlock.core.events import Event
from interlock.store.errors import DamagedError
from interlock.store.event_store import EventStore
from interlock.store.sealing import CHAIN_START, Header, Sealed, header_hash, read_header, unseal, verify_chain

EVENTS_AT_ONCE: Final = 1_000


async def read_span(
    store: EventStore, tenant: str, run: str, *, first: int, last: int
) -> AsyncIterator[Event | Header]:
    """Some events of a log by number, and of those that were erased the headers. Their chain is not looked at."""
    while first <= last:
        page = await store.read_sealed(tenant, run, after=first - 1, limit=min(EVENTS_AT_ONCE, last - first + 1))
        if not page:
            return
        for sealed in page:
            yield read_header(sealed) if sealed.payload is None else unseal(sealed)
        first += len(page)


class LogReading:
    """One reader's way through a log. What comes to the log later is read when it is asked again."""

    def __init__(self, store: EventStore, *, tenant: str, run: str, after: int = 0) -> None:
        self._store = store
        self._tenant = tenant
        self._run = run
        self._previous = CHAIN_START if after == 0 else None
        """The hash of the header of event `seq`; None as long as nobody has looked at it."""
        self.seq = after

    async def events(self) -> AsyncIterator[Event]:
        """What is on record behind what was read last. `ErasedError` where what it says was erased."""
        async for sealed in self._sealed():
            yield unseal(sealed)

    async def headers(self) -> AsyncIterator[Header]:
        """The same without what the events say: it is kept for ever."""
        async for sealed in self._sealed():
            yield read_header(sealed)

    async def _sealed(self) -> AsyncIterator[Sealed]:
        # Where the log ends is asked first: an end that was cut off breaks no chain.
        end = (await self._store.head(self._tenant, self._run)).seq
        while self.seq < end:
            page = await self._page()
            if not page:
                raise self._missing(self.seq + 1)
            for sealed in page:
                broken = verify_chain([sealed], after=self.seq, previous=self._previous or CHAIN_START)
                if broken is not None:
                    raise DamagedError(f"event {broken.seq} of run {self._run} ({broken.what})", seq=broken.seq)
                self.seq, self._previous = self.seq + 1, header_hash(sealed.header)
                yield sealed

    async def _page(self) -> list[Sealed]:
        """What comes next; who begins in the middle first looks at the event before it."""
        known = self.seq if self._previous is not None else self.seq - 1
        page = await self._store.read_sealed(self._tenant, self._run, after=known, limit=EVENTS_AT_ONCE)
        if self._previous is not None or not page:
            return page
        if read_header(page[0]).seq != self.seq:
            raise self._missing(self.seq)
        self._previous = header_hash(page[0].header)
        return page[1:]

    def _missing(self, seq: int) -> DamagedError:
        return DamagedError(f"event {seq} of run {self._run} (it is missing)", seq=seq)
