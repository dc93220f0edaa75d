"""Runs of AgentOS: started, looked at, followed, and done again from one step on.

A run is left to whoever works on the store, this process as well: so it is `pending` until it is taken up, as there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from interlock.api.answers import JSON, answers, told
from interlock.api.compat.piecewise import as_list, lines, told_of
from interlock.api.desks import ActsOnRuns, ReadsRuns
from interlock.api.runs.looking import LINES, RunId
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.showing.agentos import agentos_run
from interlock.showing.agentos_events import AgentOsEventsTold
from interlock.wire.agentos import AgentOsEvents, AgentOsReplayed, AgentOsRun, AgentOsStarted

SYSTEM: Final = "system"
AGENTOS: Final = "agentos"

router = APIRouter(tags=["other systems"])


class AgentOsRunBody(BaseModel):
    """A run as AgentOS takes it. What it does not know it ignores, as it did there."""

    graph: str = Field(min_length=1, max_length=200, examples=["git-to-prod-multi"])
    inputs: dict[str, Any] = Field(default={}, examples=[{"pr_number": 42}])


class AgentOsReplayBody(BaseModel):
    """From where a run is done again."""

    from_step: str = Field(min_length=1, max_length=2_000, examples=["tester"], description="The path of a node.")


@router.post("/runs", **answers(AgentOsStarted, "The run is on record and will be driven."))
async def start_agentos_run(body: AgentOsRunBody, desk: ActsOnRuns) -> Response:
    """Start a run of a graph."""
    await desk.reception.backlog.refuse_if_full()
    run = await desk.interlock.start(
        Named(body.graph), body.inputs, labels={SYSTEM: AGENTOS}, by=desk.caller.name, detach=True
    )
    return told(AgentOsStarted(run_id=run.id, status="pending"))  # nothing of it has begun when it is put on record


@router.get("/runs/{run_id}", **answers(AgentOsRun, "The run as it stands."))
async def get_agentos_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """One run."""
    run = await desk.interlock.open(run_id)
    return told(agentos_run(await run.view(whole=False)))


@router.get("/runs/{run_id}/events", **answers(AgentOsEvents, "Everything that happened so far."))
async def list_agentos_events(run_id: RunId, request: Request, desk: ReadsRuns) -> Response:
    """The events of a run in the words of AgentOS. As `application/x-ndjson`, a line each."""
    if LINES in request.headers.get("accept", ""):
        return await get_agentos_event_file(run_id, desk)
    run = await desk.interlock.open(run_id)
    return StreamingResponse(as_list(run.id, "events", await _events(run)), media_type=JSON)


@router.get(
    "/runs/{run_id}/events.jsonl",
    status_code=200,
    responses={200: {"description": "An event a line.", "content": {LINES: {"schema": {"type": "string"}}}}},
)
async def get_agentos_event_file(run_id: RunId, desk: ReadsRuns) -> Response:
    """The same as the file `events.jsonl` of a run."""
    return StreamingResponse(lines(await _events(await desk.interlock.open(run_id))), media_type=LINES)


@router.post("/runs/{run_id}/replay", **answers(AgentOsReplayed, "A new run: what was done before is taken over."))
async def replay_agentos_run(run_id: RunId, body: AgentOsReplayBody, desk: ActsOnRuns) -> Response:
    """Do a run again from a step on. What does not depend on that step is taken over and not done again."""
    await desk.reception.backlog.refuse_if_full()
    run = await desk.interlock.open(run_id)
    new = await run.fork(await run.prepare_fork(body.from_step), by=desk.caller.name, detach=True)
    return told(AgentOsReplayed(new_run_id=new.id, parent_run=run.id))


async def _events(run: RunHandle) -> AsyncIterator[bytes]:
    return told_of(run, AgentOsEventsTold(await run.plan(), run.id).told)
