"""Which runs are meant: what they have in common, and all of them in turn, never more at once than a page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from interlock.core.plan import Micros
from interlock.store.event_store import EventStore
from interlock.store.rows import RunRow

ROWS_AT_ONCE: Final = 500
_EVER: Final[Micros] = 2**63 - 1
"""An instant before which every run that has ended did so."""


class RunFilter(Struct, frozen=True, kw_only=True):
    """What runs have in common. What is not said is not asked for."""

    graph: str | None = None
    statuses: frozenset[str] = frozenset()
    """One of these; without any, every status."""
    labels: dict[str, str] = {}
    """All of these, with these values."""
    started_from: Micros | None = None
    started_upto: Micros | None = None
    has_payloads: bool = False
    """Only runs that have ended and of which what their events say was not erased."""
    is_own: bool = False
    """Only runs of this place, none that were imported."""
    limit: int | None = None
    """How many at most, the newest first."""

    def takes(self, row: RunRow) -> bool:
        """Whether a run is meant."""
        return (
            self.graph in {None, row.graph}
            and (not self.statuses or row.status in self.statuses)
            and self.labels.items() <= row.labels.items()
            and (self.started_from is None or row.started_at >= self.started_from)
            and (self.started_upto is None or row.started_at <= self.started_upto)
            and not (self.is_own and row.imported_from)
        )


async def runs_page(
    store: EventStore, tenant: str, chosen: RunFilter, *, before: str | None, limit: int, looked_at_max: int
) -> tuple[list[RunRow], str | None]:
    """Some of the runs that are meant, the newest first, and the run behind which others may follow.

    No more than `looked_at_max` are looked at for it: where few are meant, a page may have less than it could.
    """
    found: list[RunRow] = []
    looked_at = 0
    while looked_at < looked_at_max:
        at_once = min(limit, ROWS_AT_ONCE) if looked_at == 0 else ROWS_AT_ONCE  # mostly every run is meant
        rows = await _page(store, tenant, chosen, before, limit=at_once)
        for row in rows:
            looked_at += 1
            before = row.run
            if chosen.started_from is not None and row.started_at < chosen.started_from and not row.imported_from:
                # The others were started earlier still; but an imported run stands where it came, not when it began.
                return found, None
            if chosen.takes(row):
                found.append(row)
            if len(found) == limit:
                return found, before
        if len(rows) < at_once:
            return found, None
    return found, before


async def runs_taken(store: EventStore, tenant: str, chosen: RunFilter) -> AsyncIterator[RunRow]:
    """The runs that are meant, the newest first. Those that are started meanwhile are not among them."""
    left, before = chosen.limit, None
    while left is None or left > 0:
        page = await _page(store, tenant, chosen, before)
        for row in filter(chosen.takes, page):
            if left == 0:
                return
            yield row
            left = None if left is None else left - 1
        if len(page) < ROWS_AT_ONCE:
            return
        before = page[-1].run


async def _page(
    store: EventStore, tenant: str, chosen: RunFilter, before: str | None, *, limit: int = ROWS_AT_ONCE
) -> list[RunRow]:
    [status] = chosen.statuses if len(chosen.statuses) == 1 else [None]
    if not chosen.has_payloads:
        return await store.list_runs(tenant, status=status, graph=chosen.graph, before=before, limit=limit)
    return await store.retention.ended_runs(
        tenant,
        before=_EVER,
        graph=chosen.graph,
        status=status,
        has_payloads=True,
        older_than=before,
        limit=limit,
    )
