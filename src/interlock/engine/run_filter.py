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
    started_upto: Micros | None = None
    has_payloads: bool = False
    """Only runs that have ended and of which what their events say was not erased."""
    limit: int | None = None
    """How many at most, the newest first."""

    def takes(self, row: RunRow) -> bool:
        """Whether a run is meant."""
        return (
            self.graph in {None, row.graph}
            and (not self.statuses or row.status in self.statuses)
            and self.labels.items() <= row.labels.items()
            and (self.started_upto is None or row.started_at <= self.started_upto)
        )


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


async def _page(store: EventStore, tenant: str, chosen: RunFilter, before: str | None) -> list[RunRow]:
    [status] = chosen.statuses if len(chosen.statuses) == 1 else [None]
    if not chosen.has_payloads:
        return await store.list_runs(tenant, status=status, graph=chosen.graph, before=before, limit=ROWS_AT_ONCE)
    return await store.retention.ended_runs(
        tenant,
        before=_EVER,
        graph=chosen.graph,
        status=status,
        has_payloads=True,
        older_than=before,
        limit=ROWS_AT_ONCE,
    )
