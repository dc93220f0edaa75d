"""The next portion of the feed: whose events come next, and what they are, never more at once than a bound.

Reads and delivers nothing by itself but what it is asked for; where a sink stands is kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from msgspec import Struct

from interlock.sinks.cloud_event import CloudEvent, cloud_events
from interlock.store.errors import DamagedError, ErasedError
from interlock.store.event_store import EventStore, FeedEntry
from interlock.store.sealing import Sealed, read_header, unseal

EVENTS_AT_ONCE: Final = 100
"""How many events are read and delivered at once."""


class Span(Struct, frozen=True):
    """Events of one run that were committed together, or a part of them."""

    run: str
    first: int
    last: int


class Portion(Struct, frozen=True):
    """What comes next in the feed, and where one stands once it has been told."""

    spans: tuple[Span, ...]
    passed: tuple[Span, ...]
    """Those of runs that are held back."""
    position: int
    part: int


class Letter(Struct, frozen=True):
    """One stored event on its way: as itself, and perhaps as the event of the graph's own that it sends."""

    run: str
    seq: int
    events: tuple[CloudEvent, ...]
    damage: str = ""
    """Why it cannot be told, if it is not what was stored."""


def portion_of(entries: Sequence[FeedEntry], *, position: int, part: int, held: Collection[str]) -> Portion:
    """The next events behind a place in the feed, by the appends that follow it. What is held back counts nothing."""
    spans: list[Span] = []
    passed: list[Span] = []
    left = EVENTS_AT_ONCE
    for entry in entries:
        if entry.run in held:
            passed.append(Span(entry.run, entry.first_seq, entry.last_seq))
        elif left:
            first = max(entry.first_seq, part + 1)
            last = min(entry.last_seq, first + left - 1)
            spans.append(Span(entry.run, first, last))
            left -= last - first + 1
            if last < entry.last_seq:
                part = last
                break
        else:
            break
        position, part = entry.position, 0
    return Portion(tuple(spans), tuple(passed), position, part)


async def read_letters(store: EventStore, tenant: str, spans: Iterable[Span]) -> list[Letter]:
    """The events of these spans, in their order. Those that are not kept any more are left out."""
    spans = tuple(spans)
    read: dict[tuple[str, int], Letter] = {}
    for whole in _by_run(spans):
        for sealed in await store.read_sealed(
            tenant, whole.run, after=whole.first - 1, limit=whole.last - whole.first + 1
        ):
            letter = _letter(whole.run, sealed)
            read[letter.run, letter.seq] = letter
    wanted = ((span.run, seq) for span in spans for seq in range(span.first, span.last + 1))
    return [read[event] for event in wanted if event in read]


def _by_run(spans: Iterable[Span]) -> list[Span]:
    """Spans of the same run follow each other without a gap, so each run is read once."""
    found: dict[str, Span] = {}
    for span in spans:
        before = found.get(span.run)
        found[span.run] = Span(span.run, span.first if before is None else before.first, span.last)
    return list(found.values())


def _letter(run: str, sealed: Sealed) -> Letter:
    header = read_header(sealed)
    try:
        body = unseal(sealed).body
    except ErasedError:
        body = None
    except DamagedError as error:
        return Letter(run, header.seq, (), damage=str(error))
    return Letter(run, header.seq, tuple(cloud_events(header, body)))
