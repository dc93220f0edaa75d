"""Runs of other installations, kept as records of what happened there: their events stay sealed as they came.

An imported run is looked at, replayed and given up like any other. Nobody drives it: it is never claimed or leased, no
signal is left for it, nothing of it waits for people here or is to be sent out, it is not in the feed, and its key is
not taken. Whether a record is true is not judged here: whoever brings it has verified it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.events import Event
from interlock.store.rows import RunChanges, changes
from interlock.store.sealing import Sealed, header_hash


class ImportedPage(Struct, frozen=True, kw_only=True):
    """Some events of a run of another installation, behind those that are kept of it already."""

    tenant: str
    """In whose place it is kept."""
    run: str
    imported_from: str
    """Whose run it was there: the tenant that its headers name."""
    after: int
    """How many of its events are kept already."""
    previous: bytes
    """The hash of the last of their headers."""
    sealed: Sequence[Sealed]
    events: Sequence[Event]
    """The same events, as they read."""
    status: str
    """What the run's fold says after them."""
    blobs: Mapping[str, bytes]
    """Raw bytes by the digests under which its events mention them: digests under the key of where it was run."""

    def __post_init__(self) -> None:
        assert self.imported_from, "a run of nobody would be taken for one of this place, and driven"

    @property
    def head(self) -> bytes:
        """The hash of the last of these headers."""
        return header_hash(self.sealed[-1].header)


class Imports(Protocol):
    """The way in for runs of other installations."""

    async def keep(self, page: ImportedPage) -> None:
        """Add events to the record of such a run, or begin it; with them, all that is derived from them.

        Done once it is durable. `RunOfThisPlaceError` if a run of this id is no imported one, and `StaleRunError` if
        other events are kept of it than was said; then nothing was written.
        """
        ...


def imported_changes(run: str, events: Sequence[Event]) -> RunChanges:
    """What the events of an imported run change in its rows: nobody is asked, and its key stays free."""
    found = changes(run, events)
    found.asked = {}
    if found.origin is not None:
        found.origin = replace(found.origin, key="")
    return found
