"""How a run is begun: on which plan and under which key, driven here or left to whichever worker takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from interlock.artifacts import ArtifactShelf, artifacts_named
from interlock.core.canonical import canonical
from interlock.core.plan import Plan
from interlock.core.requests import StartRun
from interlock.embedded.choosing import plan_to_run
from interlock.embedded.finding import find_run_of_key, get_row, open_run, take_up_run
from interlock.embedded.graphs import Graphs, GraphSource
from interlock.embedded.handle import RunHandle
from interlock.embedded.sessions import labels_of
from interlock.engine.starting import start_detached
from interlock.engine.worker import Worker
from interlock.store.errors import LeaseHeldError, RunKeyTakenError
from interlock.tools.workspace import Workspaces, seed_from_folder


class NewRun(Struct, frozen=True, kw_only=True):
    """What is asked of a run that is to be begun, as it was given. `Interlock.start` says what each means."""

    graph: GraphSource
    inputs: Mapping[str, object] | None
    key: str
    labels: Mapping[str, str] | None
    session: str
    by: str
    draft: bool
    priority: int
    workspace: str | Path | None
    tainted: bool


async def begin(
    worker: Worker,
    new: NewRun,
    *,
    graphs: Graphs,
    workspaces: Workspaces,
    artifacts: ArtifactShelf,
    detach: bool,
) -> RunHandle:
    """Begin a run, or find the one that its key names already. Returns once it is on record."""
    engine = worker.engine
    if new.key and (known := await find_run_of_key(worker, new.key)) is not None:
        return await _begun_before(worker, known.id, detach=detach)
    plan = await plan_to_run(engine, graphs, new.graph, draft=new.draft)
    request = _request(new, tenant=engine.tenant)
    run = worker.new_id()
    await artifacts.note_use(artifacts_named(request.inputs), run)
    if new.workspace is not None:
        await asyncio.to_thread(seed_from_folder, workspaces.of(run), Path(new.workspace))
    try:
        return await _put_on_record(worker, plan, run, request, detach=detach)
    except RunKeyTakenError as taken:
        return await _begun_before(worker, taken.taken_by, detach=detach)


def _request(new: NewRun, *, tenant: str) -> StartRun:
    return StartRun(
        inputs=canonical(new.inputs or {}, where="inputs"),
        tenant=tenant,
        key=new.key,
        labels=labels_of(new.session, new.labels),
        by=new.by,
        priority=new.priority,
        tainted=new.tainted,
    )


async def _put_on_record(worker: Worker, plan: Plan, run: str, request: StartRun, *, detach: bool) -> RunHandle:
    if detach:
        await start_detached(worker.engine, plan, run, request, owner=worker.owner)
        return RunHandle(worker, run, row=await get_row(worker, run), is_new=True)
    driver = await worker.start(plan, run, request)
    return RunHandle(worker, driver.run_id, driver=driver, is_new=True)


async def _begun_before(worker: Worker, run: str, *, detach: bool) -> RunHandle:
    """A run that is there: if nobody drives it, it is driven on here, unless it is left to others."""
    if detach:
        return await open_run(worker, run)
    try:
        return await take_up_run(worker, run)
    except LeaseHeldError:
        return await open_run(worker, run)
