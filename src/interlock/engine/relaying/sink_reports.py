"""How a sink stands: what it was told last, how far it lags behind, what troubles it, and what is held back from it.

Looks, and changes nothing.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.core.plan import Micros
from interlock.engine.relaying.relay import HELD_RUNS_MAX
from interlock.engine.relaying.sink_records import HeldRun, LeftOut, SinkProgress, SinkRecords
from interlock.store.event_store import EventStore, FeedEntry
from interlock.store.sealing import read_header

LAG_COUNTED_MAX: Final = 100_000
"""Beyond so many appends the lag is no longer counted: that it is long is all that matters then."""
_ENTRIES_AT_ONCE: Final = 10_000


class Lag(Struct, frozen=True):
    """What a sink has not been told yet."""

    events: int = 0
    is_more: bool = False
    """Whether there are more than that: counting stopped."""
    oldest_at: Micros | None = None
    """The instant of the oldest of them."""


class SinkReport(Struct, frozen=True):
    """One sink."""

    name: str
    to: str
    progress: SinkProgress
    lag: Lag
    held: dict[str, HeldRun]
    """What is held back of runs of which the sink refused an event."""
    left_out: dict[str, LeftOut]
    """Refused events that a person decided not to tell, by their ids."""


async def sink_report(store: EventStore, tenant: str, *, name: str, to: str) -> SinkReport:
    """How the sink of this name stands."""
    kept = SinkRecords(store.records, tenant, name)
    progress, _ = await kept.progress()
    held = {run: record for run, (record, _) in (await kept.held(limit=HELD_RUNS_MAX)).items()}
    lag = await _lag(store, tenant, progress)
    return SinkReport(name, to, progress, lag, held, await kept.left_out(limit=HELD_RUNS_MAX))


async def _lag(store: EventStore, tenant: str, progress: SinkProgress) -> Lag:
    entries = await store.feed(tenant, after=progress.position, limit=_ENTRIES_AT_ONCE)
    if not entries:
        return Lag()
    oldest_at = await _instant_of(store, tenant, entries[0], progress.part)
    events, counted = -max(0, progress.part - entries[0].first_seq + 1), 0
    while entries and counted < LAG_COUNTED_MAX:
        events += sum(entry.last_seq - entry.first_seq + 1 for entry in entries)
        counted += len(entries)
        entries = await store.feed(tenant, after=entries[-1].position, limit=_ENTRIES_AT_ONCE)
    return Lag(events, bool(entries), oldest_at)


async def _instant_of(store: EventStore, tenant: str, entry: FeedEntry, part: int) -> Micros | None:
    first = max(entry.first_seq, part + 1)
    found = await store.read_sealed(tenant, entry.run, after=first - 1, limit=1)
    return read_header(found[0]).at if found else None
