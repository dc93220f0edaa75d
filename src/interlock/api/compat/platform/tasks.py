"""Tasks of the Orchestration Platform, one and many: every run of the tenant is one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsRuns
from interlock.api.runs.looking import RunId
from interlock.showing.platform_tasks import platform_task
from interlock.wire.platform_tasks import PlatformTask

router = APIRouter(tags=["other systems"])


@router.get("/tasks/{run_id}", **answers(PlatformTask, "The task with what came of it."))
async def get_task(run_id: RunId, desk: ReadsRuns) -> Response:
    """One task."""
    run = await desk.interlock.open(run_id)
    return told(platform_task(await run.view(whole=False), tenant=desk.caller.tenant))
