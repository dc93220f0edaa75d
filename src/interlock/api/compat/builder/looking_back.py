"""Runs of workflows as they were: events, moments of them, decision records. Nothing is called for any of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from interlock.api.answers import JSON, answers, told
from interlock.api.compat.piecewise import as_list, lines, told_of
from interlock.api.desks import Desk, ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.runs.looking import LINES, RunId
from interlock.embedded.handle import RunHandle
from interlock.showing.json import encoded
from interlock.showing.workflow_audit import RulesAsked, decision_records
from interlock.showing.workflows import WorkflowEventsTold, snapshot_id, workflow_state
from interlock.wire.workflows import WorkflowEvents, WorkflowSnapshots, WorkflowState

router = APIRouter(tags=["other systems"])

SAME: Final = "same"
SnapshotInPath = Annotated[str, Path(max_length=200, description="The id of a snapshot: `RUN@12`.")]
SnapshotInQuery = Annotated[str, Query(alias="snapshot_id", max_length=200, description="The id of a snapshot.")]


@router.get("/workflows/runs/{run_id}/events", **answers(WorkflowEvents, "Everything that happened so far."))
async def list_workflow_events(run_id: RunId, desk: ReadsRuns) -> Response:
    """The events of one run, and of no other of its workflow."""
    run = await desk.interlock.open(run_id)
    pieces = told_of(run, WorkflowEventsTold(await run.plan(), run.id).told)
    return StreamingResponse(as_list(run.id, "events", pieces), media_type=JSON)


@router.get("/workflows/runs/{run_id}/snapshots", **answers(WorkflowSnapshots, "Moments to look back to."))
async def list_workflow_snapshots(run_id: RunId, desk: ReadsRuns) -> Response:
    """The moments of a run: one after each of its events."""
    run = await desk.interlock.open(run_id)
    pieces = told_of(run, WorkflowEventsTold(await run.plan(), run.id).snapshots)
    return StreamingResponse(as_list(run.id, "snapshots", pieces), media_type=JSON)


@router.get("/workflows/runs/{run_id}/snapshots/{snapshot}", **answers(WorkflowState, "The run as it was."))
async def get_workflow_snapshot(run_id: RunId, snapshot: SnapshotInPath, desk: ReadsRuns) -> Response:
    """The state of a run at a moment, made from its record."""
    return told(await _state(desk, run_id, snapshot, verify=False))


@router.get("/workflows/runs/{run_id}/replay", **answers(WorkflowState, "The run as it was, decided anew."))
async def replay_workflow_snapshot(run_id: RunId, snapshot: SnapshotInQuery, desk: ReadsRuns) -> Response:
    """Decide a run anew from its record, and tell how it stood at a moment. There stored events were printed."""
    return told(await _state(desk, run_id, snapshot, verify=True))


@router.get(
    "/workflows/runs/{run_id}/audit",
    status_code=200,
    responses={200: {"description": "A decision record a line.", "content": {LINES: {"schema": {"type": "string"}}}}},
)
async def export_workflow_audit(run_id: RunId, desk: ReadsRuns) -> Response:
    """The decision records of a run, as lines of JSON: one for each node, and one for each denial."""
    return StreamingResponse(lines(_records(await desk.interlock.open(run_id))), media_type=LINES)


async def _records(run: RunHandle) -> AsyncIterator[bytes]:
    asked = RulesAsked()
    async for event in run.events():
        asked.take(event)
    for record in decision_records(await run.view(whole=False), await run.plan(), asked):
        yield encoded(record)


async def _state(desk: Desk, run_id: str, snapshot: str, *, verify: bool) -> WorkflowState:
    run = await desk.interlock.open(run_id)
    seq = snapshot.removeprefix(snapshot_id(run.id, 0)[:-1])
    last = (await run.row()).seq
    if not (seq.isascii() and seq.isdecimal() and 0 < int(seq[:18]) <= last):
        raise ApiError(
            "snapshot_not_found", f"run {run.id} has no snapshot {snapshot}: it is named {run.id}@1 to @{last}"
        )
    view = await run.view(int(seq), whole=False)
    holds = (await run.replay()).verdict == SAME if verify else None
    return workflow_state(view, record_holds=holds)
