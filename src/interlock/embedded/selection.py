"""Runs that have something in common, and asking the same of all of them.

Each run is asked for itself: its own log says what was asked, by whom and why, and one that refuses stops no other.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from interlock.core import requests as r
from interlock.core.lifecycle import RUN_ENDED, RUN_STATUSES
from interlock.engine.asking import Asked, ask_all, ask_one
from interlock.engine.costing import costs_of_runs
from interlock.engine.linking import retry_run, rollback_run
from interlock.engine.run_filter import RunFilter, runs_page, runs_taken
from interlock.engine.telling.cost_groups import CostReport
from interlock.engine.worker import Worker
from interlock.store.rows import RunRow

IN_FLIGHT: Final = frozenset(RUN_STATUSES) - RUN_ENDED
MAY_BE: Final = {
    "pause": IN_FLIGHT - {"paused"},
    "resume": frozenset({"paused"}),
    "cancel": IN_FLIGHT,
    "retry": frozenset({"failed", "cancelled"}),
    "rollback": RUN_ENDED - {"rolled_back"},
}
"""What can be asked of runs, and of which statuses it can be asked; runs of others are not among those meant."""
NEEDS_PAYLOADS: Final = frozenset({"retry", "rollback"})
"""What makes a new run of what the old one has on record: of one whose payloads were erased nothing can be made."""


class Selection:
    """Runs chosen by a filter. It works while the `Interlock` it came from is open."""

    def __init__(self, worker: Worker, chosen: RunFilter, *, at_hand: Sequence[RunRow] | None = None) -> None:
        """`at_hand`: runs that were found already; the filter holds among them."""
        self._worker = worker
        self._chosen = chosen
        self._at_hand = at_hand

    def rows(self) -> AsyncIterator[RunRow]:
        """The runs that are meant as the store has them now, the newest first."""
        if self._at_hand is not None:
            return _each(filter(self._chosen.takes, self._at_hand))
        return runs_taken(self._worker.engine.store, self._worker.engine.tenant, self._chosen)

    async def some(self, *, before: str | None, limit: int, looked_at_max: int) -> tuple[Selection, str | None]:
        """Some of them, from the run `before` which others were taken, and the one behind which there may be more."""
        if self._at_hand is not None:
            return self, None
        store, tenant = self._worker.engine.store, self._worker.engine.tenant
        rows, goes_on_at = await runs_page(
            store, tenant, self._chosen, before=before, limit=limit, looked_at_max=looked_at_max
        )
        return Selection(self._worker, self._chosen, at_hand=rows), goes_on_at

    def that_can(self, act: str) -> Selection:
        """Those of them of which an act can be asked: a paused one cannot be paused, nor an erased one rolled back.

        An imported one is moved on where it ran.
        """
        statuses = MAY_BE[act] & (self._chosen.statuses or MAY_BE[act])
        # Without any status left, none is meant, and not all.
        nobody = self._chosen.limit if statuses else 0
        has_payloads = act in NEEDS_PAYLOADS
        chosen = replace(self._chosen, statuses=statuses, limit=nobody, has_payloads=has_payloads, is_own=True)
        return Selection(self._worker, chosen, at_hand=self._at_hand if statuses else ())

    async def counted(self) -> Counter[tuple[str, str]]:
        """How many runs are meant, by graph and status."""
        return Counter([(row.graph, row.status) async for row in self.rows()])

    async def costs(self, *, by: str = "graph", tell: Callable[[int], object] = lambda _: None) -> CostReport:
        """What they have cost together, by what calls have in common: `agent`, `model`, `user`, `label:team`.

        `tell` hears how many runs have been read: all that happened in them is. What an imported run has cost was paid
        elsewhere.
        """
        own = Selection(self._worker, replace(self._chosen, is_own=True), at_hand=self._at_hand)
        return await costs_of_runs(self._worker.engine, own.rows(), by, tell=tell)

    async def costs_within(
        self, *, by: str, before: str | None, limit: int, looked_at_max: int, seconds: float
    ) -> tuple[CostReport, str | None]:
        """What some of them have cost, as far as their logs are read in so many seconds; and where it goes on."""
        own = Selection(self._worker, replace(self._chosen, is_own=True), at_hand=self._at_hand)
        some, goes_on_at = await own.some(before=before, limit=limit, looked_at_max=looked_at_max)
        reading = _Reading(some.rows(), seconds=seconds)
        report = await costs_of_runs(self._worker.engine, reading.rows(), by)
        return report, reading.stopped_at or goes_on_at

    # --- what can be asked of all of them ---

    def cancel(self, *, rollback: bool = False, by: str = "", why: str = "") -> AsyncIterator[Asked]:
        """Stop them. With `rollback` each takes back what it did."""
        return self._ask("cancel", r.CancelRun(by=by, rollback=rollback, why=why), by=by)

    def pause(self, *, by: str = "", why: str = "") -> AsyncIterator[Asked]:
        """Start nothing new in them until they are resumed."""
        return self._ask("pause", r.PauseRun(by=by, why=why), by=by)

    def resume(self, *, by: str = "", why: str = "") -> AsyncIterator[Asked]:
        """End their pause."""
        return self._ask("resume", r.ResumeRun(by=by, why=why), by=by)

    def retry(self, *, by: str = "", why: str = "") -> AsyncIterator[Asked]:
        """Go on where they failed, each as a new run that whichever worker looks for work takes up."""

        async def ask(run: str) -> Asked:
            begun = await retry_run(self._worker, run, by=by, why=why, detach=True)
            return Asked(run, "started", begun.run)

        return ask_all(self.that_can("retry").rows(), ask)

    def rollback(self, *, by: str = "", why: str = "") -> AsyncIterator[Asked]:
        """Take back what they did, each as a new run that whichever worker looks for work takes up."""

        async def ask(run: str) -> Asked:
            begun = await rollback_run(self._worker, run, by=by, why=why, detach=True)
            return Asked(run, "started", begun.run)

        return ask_all(self.that_can("rollback").rows(), ask)

    def _ask(self, act: str, request: r.Request, *, by: str) -> AsyncIterator[Asked]:
        async def ask(run: str) -> Asked:
            return await ask_one(self._worker, run, request, by=by)

        return ask_all(self.that_can(act).rows(), ask)


class _Reading:
    """Runs that are given out one after the other until time is up; at least one is, so that it always goes on."""

    def __init__(self, rows: AsyncIterator[RunRow], *, seconds: float) -> None:
        self._rows = rows
        self._seconds = seconds
        self.stopped_at: str | None = None
        """The last run that was given out, if there were others."""

    async def rows(self) -> AsyncIterator[RunRow]:
        now = asyncio.get_running_loop().time
        until, last = now() + self._seconds, None
        async for row in self._rows:
            if last is not None and now() > until:
                self.stopped_at = last
                return
            last = row.run
            yield row
            await asyncio.sleep(0)  # others are served in between


async def _each(rows: Iterable[RunRow]) -> AsyncIterator[RunRow]:
    for row in rows:
        yield row
