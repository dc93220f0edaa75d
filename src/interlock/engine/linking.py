"""Continuing a run that has ended, as a new run that is linked to it: `retry` goes on, `rollback` takes back.

What is taken over is decided by `core.continuing`. A run is continued at most once: a second one would build on,
or take back, the same things again. The store's key sees to that, also between two processes.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal, NoReturn

from msgspec import Struct

from interlock.core.continuing.adopting import Adoption, results_to_adopt, undos_to_adopt
from interlock.core.events import Event, RunEnded, RunStarted
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import Plan
from interlock.core.requests import StartRun
from interlock.engine.errors import RequestRefusedError, RunNotFoundError
from interlock.engine.handing_on import Begun, begin_after
from interlock.engine.worker import Worker
from interlock.store.errors import ImportedRunError, RunKeyTakenError
from interlock.store.rows import RunRow


class Continuation(Struct, frozen=True):
    """How an ended run is continued: on which plan, and by which request."""

    plan: Plan
    request: StartRun


async def retry_run(worker: Worker, run: str, *, by: str = "", why: str = "", detach: bool = False) -> Begun:
    """A new run that goes on where an ended one failed or was cancelled. Retrying a rollback goes on taking back."""
    return await _begin(worker, run, await _prepare_retry(worker, run, by=by, why=why), detach=detach)


async def rollback_run(worker: Worker, run: str, *, by: str = "", why: str = "", detach: bool = False) -> Begun:
    """A new run that takes back what an ended one did, the last first."""
    return await _begin(worker, run, await _prepare_rollback(worker, run, by=by, why=why), detach=detach)


async def _prepare_retry(worker: Worker, run: str, *, by: str, why: str) -> Continuation:
    row, plan, events = await _ended_run(worker, run)
    if row.status == "succeeded" or (row.kind == "rollback" and row.status == "rolled_back"):
        _refuse(run, f"run {run} has {row.status.replace('_', ' ')}: there is nothing to retry")
    if row.kind == "rollback":
        undos = undos_to_adopt(plan, run, events)
        return await _continuation(worker, plan, events, undos, of=run, kind="rollback", by=by, why=why)
    adopted = results_to_adopt(plan, run, events)
    return await _continuation(worker, plan, events, adopted, of=run, kind="retry", by=by, why=why)


async def _prepare_rollback(worker: Worker, run: str, *, by: str, why: str) -> Continuation:
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
    return await _continuation(worker, plan, events, undos, of=run, kind="rollback", by=by, why=why)


async def _begin(worker: Worker, run: str, prepared: Continuation, *, detach: bool) -> Begun:
    with _continued_once(run):
        return await begin_after(worker, run, prepared.plan, prepared.request, detach=detach)


async def _ended_run(worker: Worker, run: str) -> tuple[RunRow, Plan, list[Event]]:
    engine = worker.engine
    row = await engine.store.find_run(engine.tenant, run)
    if row is None:
        raise RunNotFoundError(run)
    if row.imported_from:
        raise ImportedRunError(run, imported_from=row.imported_from)
    if row.status not in RUN_ENDED:
        _refuse(run, f"run {run} has not ended (it is {row.status}): cancel it first, or wait for its end")
    return row, *await engine.log_of(run)


async def _continuation(
    worker: Worker,
    plan: Plan,
    events: list[Event],
    adopted: list[Adoption],
    *,
    of: str,
    kind: Literal["retry", "rollback"],
    by: str,
    why: str,
) -> Continuation:
    started = events[0].body
    assert isinstance(started, RunStarted)
    request = StartRun(
        inputs=await worker.engine.whole(started.inputs),
        tenant=worker.engine.tenant,
        kind=kind,
        parent=of,
        key=f"after {of}",
        labels=started.labels,
        priority=started.priority,
        adopted=tuple(adopted),
        by=by,
        why=why,
        tainted=started.tainted,
    )
    return Continuation(plan, request)


@contextmanager
def _continued_once(run: str) -> Generator[None]:
    try:
        yield
    except RunKeyTakenError as taken:
        again = f"run {run} was continued already, by run {taken.taken_by}: retry or roll back that one"
        raise RequestRefusedError(run, again) from taken


def _refuse(run: str, reason: str) -> NoReturn:
    raise RequestRefusedError(run, reason)
