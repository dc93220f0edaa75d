"""The workspaces of runs that were pruned: what agents wrote there goes with what their events say.

A workspace lies on the machine of the worker that made it, and a run may be pruned from anywhere. So whoever prunes,
and the duty of each machine, gives up those that lie there.
"""

from __future__ import annotations

import asyncio

from interlock.engine.engine import Engine
from interlock.engine.retaining.pruned_run import PRUNED_KIND
from interlock.tools.workspace.workspaces import Workspaces


async def discard_workspaces(engine: Engine, workspaces: Workspaces) -> int:
    """Give up the workspaces that lie here of runs that are on record as pruned: how many."""
    discarded = 0
    for run in await asyncio.to_thread(workspaces.runs):
        if await engine.store.records.find(engine.tenant, PRUNED_KIND, run) is not None:
            discarded += await asyncio.to_thread(workspaces.discard, run)
    return discarded
