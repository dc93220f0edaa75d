"""What listeners are told: an event with its place in the feed, encoded once for however many hear of it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final, NamedTuple

from interlock.core.events import Event
from interlock.showing.events import shown_event
from interlock.showing.json import encoded
from interlock.store.sealing import Header

_WRITTEN: Final = re.compile(r"(?P<position>[0-9]{1,18})(?:\.(?P<seq>[0-9]{1,18}))?")
LAST: Final = 2**62


class Place(NamedTuple):
    """Where an event stands in a tenant's feed: the append, and its number in its run."""

    position: int
    seq: int

    def __str__(self) -> str:
        return str(self.position) if self.seq == LAST else f"{self.position}.{self.seq}"


def parse_place(written: str) -> Place | None:
    """A place as it was given out; a position alone means all of its append. None: it is none."""
    found = _WRITTEN.fullmatch(written)
    return None if found is None else Place(int(found["position"]), int(found["seq"] or LAST))


class Told:
    """One event, as it is told to all who listen."""

    def __init__(self, place: Place, run: str, graph: str, kept: Event | Header) -> None:
        self.place = place
        self.run = run
        self.graph = graph
        self.kept = kept

    @cached_property
    def data(self) -> bytes:
        """The event as JSON."""
        return encoded(shown_event(self.run, self.kept))

    @property
    def in_run(self) -> bytes:
        """As a server-sent event in the stream of its run, where its number is its id."""
        return self._frame(str(self.place.seq))

    @property
    def in_feed(self) -> bytes:
        """As a server-sent event in a stream of several runs, where its place in the feed is its id."""
        return self._frame(str(self.place))

    def _frame(self, id: str) -> bytes:
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (id.encode(), self.kept.type.encode(), self.data)
