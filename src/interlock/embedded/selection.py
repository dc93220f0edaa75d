"""Runs that have something in common, and asking the same of all of them.

Each run is asked for itself: its own log says what was asked, by whom and why, and one that refuses stops no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Final

from msgspec.structs import replace

from interlock.core import requests as r
from interlock.core.lifecycle import RUN_ENDED, RUN_STATUSES
from interlock.engine.asking import Asked, ask_all, ask_one
from interlock.engine.costing import costs_of_runs
from interlock.engine.linking import retry_run, rollback_run
from interlock.engine.run_filter import RunFilter, runs_taken
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
    """Runs chosen by a filter. It works while the client it came from is open."""

    def __init__(self, worker: Worker, chosen: RunFilter) -> None:
        self._worker = worker
        self._chosen = chosen

    def rows(self) -> AsyncIterator[RunRow]:
        """The runs that are meant as the store has them now, the newest first."""
        return runs_taken(self._worker.engine.store, self._worker.engine.tenant, self._chosen)

    def that_can(self, act: str) -> Selection:
        """Those of them of which an act can be asked: a paused one cannot be paused, nor an erased one rolled back.

        An imported one is moved on where it ran.
        """
        statuses = MAY_BE[act] & (self._chosen.statuses or MAY_BE[act])
        # Without any status left, none is meant, and not all.
        nobody = self._chosen.limit if statuses else 0
        has_payloads = act in NEEDS_PAYLOADS
        return Selection(
            self._worker,
            replace(self._chosen, statuses=statuses, limit=nobody, has_payloads=has_payloads, is_own=True),
        )

    async def counted(self) -> Counter[tuple[str, str]]:
        """How many runs are meant, by graph and status."""
        return Counter([(row.graph, row.status) async for row in self.rows()])

    async def costs(self, *, by: str = "graph", tell: Callable[[int], object] = lambda _: None) -> CostReport:
        """What they have cost together, by what calls have in common: `agent`, `model`, `user`, `label:team`.

        `tell` hears how many runs have been read: all that happened in them is. What an imported run has cost was paid
        elsewhere.
        """
        own = Selection(self._worker, replace(self._chosen, is_own=True))
        return await costs_of_runs(self._worker.engine, own.rows(), by, tell=tell)

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
