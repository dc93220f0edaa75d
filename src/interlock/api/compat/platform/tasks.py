"""Tasks of the Orchestration Platform, one and many: every run of the tenant is one, however it was started."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from interlock.api.answers import JSON, REF, answers, told
from interlock.api.compat.platform.people import USER_HASH, hash_meant
from interlock.api.compat.platform.starting import refuse_foreign_tenant
from interlock.api.desks import Desk, ReadsRuns
from interlock.api.runs.filters import LOOKED_AT_MAX
from interlock.api.runs.looking import RunId
from interlock.engine.errors import EngineError
from interlock.engine.run_filter import RunFilter
from interlock.showing.platform_tasks import STATUSES, erased_task, platform_task, task_with_subtasks
from interlock.store.errors import ErasedError
from interlock.store.rows import RunRow
from interlock.wire.platform_tasks import PlatformStatus, PlatformTask

TASKS_MAX: Final = 100

router = APIRouter(tags=["other systems"])

Status = Annotated[PlatformStatus | None, Query(description="Only tasks that stand so.")]
Limit = Annotated[int, Query(ge=1, le=TASKS_MAX, description="How many at most.")]
User = Annotated[str, Query(max_length=500, description="Only of this person: a mail address, or what stands for it.")]
Tenant = Annotated[str | None, Query(max_length=200, description="The tenant of the key, or nothing.")]
TASKS = {
    "content": {JSON: {"schema": {"type": "array", "items": {"$ref": REF + PlatformTask.__name__}}}},
    "description": "Tasks, the newest first.",
}


@router.get("/tasks", status_code=200, responses={200: TASKS})
async def list_tasks(
    desk: ReadsRuns,
    status: Status = None,
    status_filter: Status = None,
    limit: Limit = TASKS_MAX,
    user_id: User = "",
    user_id_hash: User = "",
    tenant_id: Tenant = None,
) -> Response:
    """List tasks that have all of this in common."""
    refuse_foreign_tenant(desk, tenant_id)
    statuses = {each for each in (status, status_filter) if each is not None}
    people = {await hash_meant(desk, each) for each in (user_id, user_id_hash) if each}
    if len(statuses) > 1 or len(people) > 1:
        return told([])  # no task stands in two ways at once, or is of two people
    chosen = RunFilter(
        statuses=frozenset(ours for ours, theirs in STATUSES.items() if theirs in statuses),
        labels={USER_HASH: people.pop()} if people else {},
    )
    rows, _ = await desk.interlock.runs_page(chosen, before=None, limit=limit, looked_at_max=LOOKED_AT_MAX)
    async with desk.reception.many_logs.turn():
        found = [await _task_at(desk, row) for row in rows]
    return told([task for task in found if task is not None])


@router.get("/tasks/{run_id}", **answers(PlatformTask, "The task with what came of it."))
async def get_task(run_id: RunId, desk: ReadsRuns) -> Response:
    """One task, with what each agent did in it."""
    run = await desk.interlock.open(run_id)
    return told(task_with_subtasks(await run.view(whole=False), tenant=desk.caller.tenant))


async def _task_at(desk: Desk, row: RunRow) -> PlatformTask | None:
    try:
        run = await desk.interlock.open(row.run)
        return platform_task(await run.view(whole=False), tenant=desk.caller.tenant)
    except ErasedError:
        return erased_task(row, tenant=desk.caller.tenant)
    except EngineError:
        return None  # it was given up meanwhile
