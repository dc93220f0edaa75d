"""Runs that are on record, found by their ids and keys: to be looked at, or to be driven on here."""

from __future__ import annotations

from interlock.core.lifecycle import RUN_ENDED
from interlock.core.problems import nearest
from interlock.embedded.handle import RunHandle
from interlock.engine.errors import RunNotFoundError, RunPrunedError
from interlock.engine.retaining.pruning import find_pruned
from interlock.engine.worker import Worker
from interlock.store.rows import RunRow


async def get_row(worker: Worker, run: str) -> RunRow:
    """A run as lists show it; else `RunPrunedError`, or `RunNotFoundError` with the id that may have been meant."""
    store, tenant = worker.engine.store, worker.engine.tenant
    row = await store.find_run(tenant, run)
    if row is not None:
        return row
    if (pruned := await find_pruned(worker.engine, run)) is not None:
        raise RunPrunedError(pruned)
    known = [each.run for each in await store.list_runs(tenant)]
    raise RunNotFoundError(run, meant=nearest(run, known))


async def find_run_of_key(worker: Worker, key: str) -> RunHandle | None:
    """A handle on the run that was started under a key, wherever it is driven."""
    row = await worker.engine.store.find_by_key(worker.engine.tenant, key)
    return None if row is None else RunHandle(worker, row.run, row=row)


async def open_run(worker: Worker, run: str) -> RunHandle:
    """A handle on a run, wherever it is driven."""
    return RunHandle(worker, run, row=await get_row(worker, run))


async def take_up_run(worker: Worker, run: str) -> RunHandle:
    """A handle on a run that is driven on here, unless it has ended. Raises `LeaseHeldError`."""
    row = await get_row(worker, run)
    driver = None if row.status in RUN_ENDED else await worker.take_up(run)
    return RunHandle(worker, run, driver=driver, row=row)
