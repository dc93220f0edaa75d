"""Keeping runs of other installations in memory."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Protocol

from interlock.store.errors import BlobNameTakenError, RunOfThisPlaceError, StaleRunError
from interlock.store.imports import ImportedPage, imported_changes
from interlock.store.memory.run import MemoryRun
from interlock.store.sealing import CHAIN_START


class Place(Protocol):
    """What is kept of one tenant."""

    blob_key: bytes
    runs: dict[str, MemoryRun]
    blobs: dict[str, bytes]
    named_elsewhere: set[str]


class MemoryImports:
    """The imports of a store in memory."""

    def __init__(self, place_of: Callable[[str], Place], on_commit: Callable[[], None]) -> None:
        self._place_of = place_of
        self._on_commit = on_commit

    async def keep(self, page: ImportedPage) -> None:
        """Add events to the record of a run."""
        place = self._place_of(page.tenant)
        run = place.runs.get(page.run)
        if run is not None and not run.imported_from:
            raise RunOfThisPlaceError(page.run)
        kept, head = (len(run.log), run.head) if run else (0, CHAIN_START)
        if (kept, head) != (page.after, page.previous):
            raise StaleRunError(page.run, expected=page.after, actual=kept)
        for digest, data in page.blobs.items():
            if place.blobs.get(digest, data) != data:
                raise BlobNameTakenError(page.run, digest=digest)
        changed = imported_changes(page.run, page.events)
        if run is None:
            assert changed.origin is not None, f"the first event of run {page.run} is not its start"
            run = MemoryRun(page.tenant, page.run, changed.origin, imported_from=page.imported_from)
            place.runs[page.run] = run
        run.log.extend(page.sealed)
        run.head = page.head
        run.apply(changed, status=page.status, due=None)
        for digest, data in page.blobs.items():
            if digest not in place.blobs and hmac.digest(place.blob_key, data, "sha256").hex() != digest:
                place.named_elsewhere.add(digest)
            place.blobs.setdefault(digest, data)
        self._on_commit()
