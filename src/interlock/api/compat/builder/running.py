"""Runs of workflows: started, resumed, approved, rejected. Each has its own correlation id: itself.

A person's word goes to what a run asks. `approval` at the start is an input as any other, and answers no question: what
nobody was asked yet nobody has seen.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ActsOnRuns, Answers, Desk, ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.runs.looking import RunId
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.showing.workflows import approval_key, workflow_run
from interlock.store.rows import QuestionRow
from interlock.wire.workflows import WorkflowRun

router = APIRouter(tags=["other systems"])

SYSTEM: Final = "system"
BUILDER: Final = "orchestration_builder"
Verdict: TypeAlias = Literal["approve", "reject"]


class StartWorkflowBody(BaseModel):
    """A run as the Orchestration Builder takes it."""

    workflow_id: str = Field(min_length=1, max_length=200, examples=["publish"])
    text: str | None = Field(default=None, description="The input `text`.", examples=["All about railways."])
    approval: bool | str | None = Field(default=None, description="The input `approval`; it answers no question.")
    inputs: dict[str, Any] = Field(default={}, description="Further inputs.")


class ApprovalBody(BaseModel):
    """A person's word."""

    approval_key: str | None = Field(
        default=None, max_length=300, description="Which question; it may be left out where there is one."
    )
    node_id: str | None = Field(default=None, max_length=2_000, description="The same by its node.")
    reason: str = Field(default="", max_length=2_000, description="For the record.")


class ResumeBody(ApprovalBody):
    """How a run goes on that waits."""

    approval: bool | None = Field(default=None, description="What a person says to the question that it waits with.")


@router.post("/workflows/start", **answers(WorkflowRun, "The run is on record and will be driven."))
async def start_workflow(body: StartWorkflowBody, desk: ActsOnRuns) -> Response:
    """Start a run of a workflow."""
    await desk.reception.backlog.refuse_if_full()
    said = {name: value for name, value in (("text", body.text), ("approval", body.approval)) if value is not None}
    run = await desk.interlock.start(
        Named(body.workflow_id),
        {**body.inputs, **said},
        labels={SYSTEM: BUILDER},
        by=desk.caller.name,
        detach=desk.detaches,
    )
    return await _told(run)


@router.get("/workflows/runs/{run_id}", **answers(WorkflowRun, "The run as it stands."))
async def get_workflow_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """One run."""
    return await _told(await desk.interlock.open(run_id))


@router.post("/workflows/runs/{run_id}/resume", **answers(WorkflowRun, "It goes on."))
async def resume_workflow(run_id: RunId, body: ResumeBody, desk: ActsOnRuns) -> Response:
    """Let a run go on: one that is paused, or one that waits for a person, with that person's word."""
    run = await desk.interlock.open(run_id)
    if body.approval is not None:
        desk.refuse_unless("act", "questions")
        await _say(desk, run, "approve" if body.approval else "reject", body)
    elif (await run.row()).status == "paused":
        await run.resume(by=desk.caller.name, why=body.reason, detach=desk.detaches)
    else:
        raise ApiError("refused", f"run {run.id} is not paused: with `approval` a person says how it goes on")
    return await _told(run)


@router.post("/workflows/runs/{run_id}/approve", **answers(WorkflowRun, "It goes on."))
async def approve_workflow(run_id: RunId, body: ApprovalBody, desk: Answers) -> Response:
    """Approve what a run asks."""
    run = await desk.interlock.open(run_id)
    await _say(desk, run, "approve", body)
    return await _told(run)


@router.post("/workflows/runs/{run_id}/reject", **answers(WorkflowRun, "What was rejected fails the run."))
async def reject_workflow(run_id: RunId, body: ApprovalBody, desk: Answers) -> Response:
    """Reject what a run asks."""
    run = await desk.interlock.open(run_id)
    await _say(desk, run, "reject", body)
    return await _told(run)


async def _told(run: RunHandle) -> Response:
    return told(workflow_run(await run.view(whole=False), await run.plan()))


async def _say(desk: Desk, run: RunHandle, verdict: Verdict, body: ApprovalBody) -> None:
    asked = await _question(run, body)
    if verdict not in asked.question.choices:
        choices = ", ".join(asked.question.choices) or "a form"
        raise ApiError("refused", f"{asked.path} asks for {choices}: answer with POST /v1/runs/{run.id}/answers")
    await run.answer(asked.path, by=desk.caller.name, choice=verdict, why=body.reason, detach=desk.detaches)


async def _question(run: RunHandle, body: ApprovalBody) -> QuestionRow:
    """The question that is meant: by its key, by its node, or the only one there is."""
    plan = await run.plan()
    rows = [row for row in await run.questions() if row.reason == "person"]
    meant = [
        row
        for row in rows
        if (body.node_id is None or row.path == body.node_id)
        and (body.approval_key is None or approval_key(plan, row.path) == body.approval_key)
    ]
    match meant:
        case [only]:
            return only
        case []:
            raise ApiError("question_not_found", f"run {run.id} asks nobody this: see `waiting_for` of the run")
        case _:
            keys = ", ".join(row.path for row in meant)
            raise ApiError("invalid_request", f"run {run.id} asks several things: name one as `node_id`: {keys}")
