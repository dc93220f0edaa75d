"""What is kept of runs and for how long, from Python: how much room a run takes, and giving up what is old."""

from __future__ import annotations

from interlock.engine.engine import Engine
from interlock.engine.retaining.pruned_run import PrunedRun, What
from interlock.engine.retaining.pruning import Pruned, PrunePlan, Wanted, find_pruned, parse_age, plan_pruning, prune
from interlock.store.retention import RunSize
from interlock.tools.workspace.workspaces import Workspaces


class RunRetention:
    """What is kept of the runs of an `Interlock`. It works while that is open."""

    def __init__(self, engine: Engine, workspaces: Workspaces) -> None:
        self._engine = engine
        self._workspaces = workspaces

    async def plan(
        self, what: What, *, older_than: str, graph: str | None = None, status: str | None = None
    ) -> PrunePlan:
        """What there is to give up of runs that ended longer ago than an age, such as `30d` or `1y`."""
        before = self._engine.now() - parse_age(older_than)
        return await plan_pruning(self._engine, Wanted(what=what, ended_before=before, graph=graph, status=status))

    async def prune(self, plan: PrunePlan, *, by: str, why: str = "") -> Pruned:
        """Give up what was planned, on the record of who and why."""
        return await prune(self._engine, plan, by=by, why=why, workspaces=self._workspaces)

    async def find_pruned(self, run: str) -> PrunedRun | None:
        """What is on record of a run of which something was given up."""
        return await find_pruned(self._engine, run)

    async def size_of(self, run: str) -> RunSize:
        """How much room a run takes, in bytes as they are stored."""
        return await self._engine.store.retention.size_of(self._engine.tenant, run)
