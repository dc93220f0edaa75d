"""Tasks of the delivery API: submitted, looked at, and moved on by people while they are paused."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from interlock.api.answers import JSON, answers, told
from interlock.api.compat.delivery.asking import QueryBody, start_query
from interlock.api.compat.piecewise import as_list, told_of
from interlock.api.desks import ActsOnRuns, Answers, Desk, ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.runs.looking import RunId
from interlock.embedded.handle import Mode, RunHandle
from interlock.showing.delivery import delivery_run, delivery_state, delivery_task, delivery_trace_summary
from interlock.showing.events import shown_event
from interlock.store.rows import QuestionRow
from interlock.wire.delivery import DeliveryRun, DeliveryTask, DeliveryTraceSummary
from interlock.wire.events import EventPage

router = APIRouter(tags=["other systems"])

Decision: TypeAlias = Literal["continue_minimal", "continue_degraded", "stop"]
CONTINUE: Final = "continue"
STOP: Final = "stop"
_MODES: Final[dict[Decision, Mode]] = {"continue_minimal": "minimal", "continue_degraded": "degraded"}


class TaskInputBody(BaseModel):
    """What was missing."""

    input: str = Field(min_length=1, max_length=20_000, examples=["For people who never programmed."])


class ManualDecisionBody(BaseModel):
    """How a person wants a paused task to go on."""

    decision: Decision
    reason: str = Field(default="", max_length=2_000, description="For the record.")


@router.post("/delivery/submit", **answers(DeliveryTask, "It is on record; it pauses where something is missing."))
async def submit_delivery(body: QueryBody, desk: ActsOnRuns) -> Response:
    """Submit a task: a person is asked before anything is done of which it is not clear what is wanted."""
    return await _told(await start_query(desk, body, asks_back=True))


@router.get("/api/task/{run_id}", **answers(DeliveryRun, "The task with its goal, plan and steps."))
@router.get("/api/task/{run_id}/trace", **answers(DeliveryRun, "The same."))
async def get_delivery_task(run_id: RunId, desk: ReadsRuns) -> Response:
    """One task, with the chain that led to its result."""
    run = await desk.interlock.open(run_id)
    return told(delivery_run(await run.view(whole=False), await run.plan()))


@router.get("/api/task/{run_id}/status", **answers(DeliveryTask, "Where it stands."))
async def get_delivery_status(run_id: RunId, desk: ReadsRuns) -> Response:
    """Where a task stands, and what it asks."""
    return await _told(await desk.interlock.open(run_id))


@router.get("/api/task/{run_id}/events", **answers(EventPage, "Everything that happened so far."))
async def list_delivery_events(run_id: RunId, desk: ReadsRuns) -> Response:
    """The events of a task, as `/v1/runs/{run}/events` tells them."""
    run = await desk.interlock.open(run_id)
    pieces = told_of(run, lambda kept: [shown_event(run.id, kept)])
    return StreamingResponse(as_list(run.id, "events", pieces, run_key="run"), media_type=JSON)


@router.get("/api/task/{run_id}/trace/summary", **answers(DeliveryTraceSummary, "The task in numbers."))
async def get_delivery_trace_summary(run_id: RunId, desk: ReadsRuns) -> Response:
    """One task in numbers."""
    run = await desk.interlock.open(run_id)
    return told(delivery_trace_summary(await run.view(whole=False)))


# --- while it is paused -----------------------------------------------------------------------------------------------


@router.post("/api/task/{run_id}/input", **answers(DeliveryTask, "It goes on with that."))
async def give_delivery_input(run_id: RunId, body: TaskInputBody, desk: Answers) -> Response:
    """Say what was missing. Only a task that is paused and asks takes it."""
    run, asked = await _paused(desk, run_id)
    if asked is None:
        raise ApiError("refused", f"task {run.id} is paused and asks nothing: resume it")
    await run.answer(asked.path, by=desk.caller.name, choice=CONTINUE, why=body.input, detach=desk.detaches)
    return await _told(run)


@router.post("/api/task/{run_id}/resume", **answers(DeliveryTask, "It goes on."))
async def resume_delivery(run_id: RunId, desk: ActsOnRuns) -> Response:
    """Go on after a pause."""
    run = await desk.interlock.open(run_id)
    await run.resume(by=desk.caller.name, detach=desk.detaches)
    return await _told(run)


@router.post("/api/task/{run_id}/manual_decision", **answers(DeliveryTask, "It goes on so, or stops."))
async def decide_delivery(run_id: RunId, body: ManualDecisionBody, desk: ActsOnRuns) -> Response:
    """Decide how a paused task goes on: with less, with least, or not at all."""
    desk.refuse_unless("act", "questions")
    run, asked = await _paused(desk, run_id)
    by, why, detach = desk.caller.name, body.reason, desk.detaches
    if body.decision == STOP:
        await run.cancel(by=by, why=why, detach=detach)
        return await _told(run)
    await run.set_mode(_MODES[body.decision], by=by, why=why, detach=detach)
    if asked is not None:
        await run.answer(asked.path, by=by, choice=CONTINUE, detach=detach)
    if (await run.row()).status == "paused":
        await run.resume(by=by, why=why, detach=detach)
    return await _told(run)


async def _paused(desk: Desk, run_id: str) -> tuple[RunHandle, QuestionRow | None]:
    """A task that is paused, with what it asks that can be gone on from."""
    run = await desk.interlock.open(run_id)
    state = delivery_state(await run.view(whole=False))
    if state != "PAUSED":
        raise ApiError("refused", f"task {run.id} is {state}, and only one that is PAUSED takes this")
    asked = [row for row in await run.questions() if row.reason == "person" and CONTINUE in row.question.choices]
    return run, asked[0] if asked else None


async def _told(run: RunHandle) -> Response:
    return told(delivery_task(await run.view(whole=False)))
