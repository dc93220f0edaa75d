"""Continuing a run that has ended, as a new run that is linked to it: `retry` goes on, `rollback` takes back.

What is taken over is decided by `core.continuing`. A run is continued at most once: a second one would build on,
or take back, the same things again. The store's key sees to that, also between two processes.
"""

from __future__ import annotations

from typing import Literal, NoReturn

from interlock.core.continuing.adopting import Adoption, results_to_adopt, undos_to_adopt
from interlock.core.events import Event, RunEnded, RunStarted
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import Plan
from interlock.core.requests import StartRun
from interlock.engine.driving import RunDriver
from interlock.engine.errors import RequestRefusedError, RunNotFoundError
from interlock.engine.worker import Worker
from interlock.store.errors import RunKeyTakenError
from interlock.store.rows import RunRow


async def retry_run(worker: Worker, run: str, *, by: str = "") -> RunDriver:
    """A new run that goes on where an ended one failed or was cancelled. Retrying a rollback goes on taking back."""
    row, plan, events = await _ended_run(worker, run)
    if row.status == "succeeded" or (row.kind == "rollback" and row.status == "rolled_back"):
        _refuse(run, f"run {run} has {row.status.replace('_', ' ')}: there is nothing to retry")
    if row.kind == "rollback":
        return await _continue(worker, row, plan, events, undos_to_adopt(plan, run, events), kind="rollback", by=by)
    return await _continue(worker, row, plan, events, results_to_adopt(plan, run, events), kind="retry", by=by)


async def rollback_run(worker: Worker, run: str, *, by: str = "") -> RunDriver:
    """A new run that takes back what an ended one did, the last first."""
    row, plan, events = await _ended_run(worker, run)
    if row.kind == "rollback":
        _refuse(run, f"run {run} is a rollback itself: `retry` goes on with what it could not take back")
    if row.status == "rolled_back":
        _refuse(run, f"run {run} has taken back what it did already")
    undos = undos_to_adopt(plan, run, events)
    ended = events[-1].body
    if not undos and isinstance(ended, RunEnded) and ended.outcome.not_undone:
        left = ", ".join(ended.outcome.not_undone)
        _refuse(run, f"run {run} has tried to take back {left} and could not: that has to be mended by hand")
    return await _continue(worker, row, plan, events, undos, kind="rollback", by=by)


async def _ended_run(worker: Worker, run: str) -> tuple[RunRow, Plan, list[Event]]:
    engine = worker.engine
    row = await engine.store.find_run(engine.tenant, run)
    if row is None:
        raise RunNotFoundError(run)
    if row.status not in RUN_ENDED:
        _refuse(run, f"run {run} has not ended (it is {row.status}): cancel it first, or wait for its end")
    return row, *await engine.log_of(run)


async def _continue(
    worker: Worker,
    row: RunRow,
    plan: Plan,
    events: list[Event],
    adopted: list[Adoption],
    *,
    kind: Literal["retry", "rollback"],
    by: str,
) -> RunDriver:
    started = events[0].body
    assert isinstance(started, RunStarted)
    request = StartRun(
        inputs=await worker.engine.whole(started.inputs),
        tenant=worker.engine.tenant,
        kind=kind,
        parent=row.run,
        key=f"after {row.run}",
        labels=started.labels,
        adopted=tuple(adopted),
        by=by,
    )
    try:
        return await worker.start(plan, worker.new_id(), request)
    except RunKeyTakenError as taken:
        again = f"run {row.run} was continued already, by run {taken.taken_by}: retry or roll back that one"
        raise RequestRefusedError(row.run, again) from taken


def _refuse(run: str, reason: str) -> NoReturn:
    raise RequestRefusedError(run, reason)
