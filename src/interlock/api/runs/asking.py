"""What can be said to a run: pause, resume, cancel, answers, verdicts, remedies, events, and what became of an effect.

Whoever drives the run records it; where nobody does, the run is taken up here, or what was said waits on record.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import UNSAID, Body, Why
from interlock.api.desks import ActsOnRuns, Answers
from interlock.api.errors import ApiError
from interlock.api.runs.looking import RunId
from interlock.embedded.handle import RunHandle
from interlock.engine.submitting import Submitted
from interlock.showing.runs import run_row
from interlock.wire.acts import Asked

router = APIRouter(tags=["runs"])
ASKED = answers(Asked, "It will be acted on, whatever becomes of this server.", status=202)

NodePath = Annotated[str, Field(min_length=1, max_length=2_000, description="The path of a node: `review`.")]


class CancelBody(Why):
    """A run, or one node of it, to be stopped."""

    path: NodePath | None = Field(default=None, description="Only this node, with all that it holds.")
    rollback: bool = Field(default=False, description="Take back what the run did.")


CANCEL: Final = CancelBody()


class NodeBody(Why):
    """A node that is meant."""

    path: NodePath


class ModeBody(Why):
    """Another mode."""

    mode: Literal["normal", "degraded", "minimal"]


class AnswerBody(Why):
    """An answer to a question: a choice, or the form that it asks for."""

    path: NodePath
    choice: str = Field(default="", max_length=1_000)
    form: Any = None


class VerdictBody(Why):
    """The verdict on a gate that is held."""

    path: NodePath
    verdict: Literal["promote", "block", "rollback"]


class RemedyBody(Why):
    """What is to be done about a failure that is held."""

    path: NodePath
    act: Literal["retry", "edit", "skip", "fail"]
    input: Any = Field(default=None, description="With `edit`: what it is tried again with.")


class SettleBody(Why):
    """What became of an effect of which nobody knows."""

    effect: str = Field(min_length=1, max_length=100)
    status: Literal["done", "not_done"]
    out: Any = Field(default=None, description="Of one that is done, its result.")


class EventBody(Body):
    """An event for the waits of a run. The same `id` is taken once."""

    name: str = Field(min_length=1, max_length=500)
    data: Any = None
    id: str = Field(default="", max_length=500)


@router.post("/runs/{run_id}/pause", **ASKED)
async def pause_run(run_id: RunId, desk: ActsOnRuns, body: Why = UNSAID) -> Response:
    """Start nothing new in the run until it is resumed; what is in flight finishes."""
    run = await desk.interlock.open(run_id)
    return await _asked(run, await run.pause(by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/resume", **ASKED)
async def resume_run(run_id: RunId, desk: ActsOnRuns, body: Why = UNSAID) -> Response:
    """Go on after a pause."""
    run = await desk.interlock.open(run_id)
    return await _asked(run, await run.resume(by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/cancel", **ASKED)
async def cancel_run(run_id: RunId, desk: ActsOnRuns, body: CancelBody = CANCEL) -> Response:
    """Stop the run, or one node of it; a run may take back what it did."""
    if body.path is not None and body.rollback:
        raise ApiError("refused", "a node cannot be rolled back alone: leave out path or rollback", field="path")
    run = await desk.interlock.open(run_id)
    said = await run.cancel(body.path, rollback=body.rollback, by=desk.caller.name, why=body.why, detach=desk.detaches)
    return await _asked(run, said)


@router.post("/runs/{run_id}/complete", **ASKED)
async def complete_node(run_id: RunId, body: NodeBody, desk: ActsOnRuns) -> Response:
    """End an `each` with the items it has."""
    run = await desk.interlock.open(run_id)
    return await _asked(run, await run.complete(body.path, by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/mode", **ASKED)
async def set_mode(run_id: RunId, body: ModeBody, desk: ActsOnRuns) -> Response:
    """Move the run to another mode: graphs read it as `run.mode`."""
    run = await desk.interlock.open(run_id)
    return await _asked(run, await run.set_mode(body.mode, by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/answers", **ASKED)
async def answer_question(run_id: RunId, body: AnswerBody, desk: Answers) -> Response:
    """Answer a question with one of its choices, or with the form it asks for."""
    run = await desk.interlock.open(run_id)
    said = await run.answer(
        body.path, by=desk.caller.name, choice=body.choice, form=body.form, why=body.why, detach=desk.detaches
    )
    return await _asked(run, said)


@router.post("/runs/{run_id}/verdicts", **ASKED)
async def give_verdict(run_id: RunId, body: VerdictBody, desk: Answers) -> Response:
    """Give the verdict on a gate that is held."""
    run = await desk.interlock.open(run_id)
    said = await run.verdict(body.path, body.verdict, by=desk.caller.name, why=body.why, detach=desk.detaches)
    return await _asked(run, said)


@router.post("/runs/{run_id}/remedies", **ASKED)
async def give_remedy(run_id: RunId, body: RemedyBody, desk: Answers) -> Response:
    """Say what is to be done about a failure that is held."""
    run = await desk.interlock.open(run_id)
    said = await run.remedy(
        body.path, body.act, by=desk.caller.name, input=body.input, why=body.why, detach=desk.detaches
    )
    return await _asked(run, said)


@router.post("/runs/{run_id}/settlements", **ASKED)
async def settle_effect(run_id: RunId, body: SettleBody, desk: Answers) -> Response:
    """Say what became of an effect of which nobody knows."""
    run = await desk.interlock.open(run_id)
    said = await run.settle(
        body.effect, body.status, by=desk.caller.name, out=body.out, why=body.why, detach=desk.detaches
    )
    return await _asked(run, said)


@router.post("/runs/{run_id}/signals", **ASKED)
async def send_signal(run_id: RunId, body: EventBody, desk: ActsOnRuns) -> Response:
    """Send an event to the waits of a run."""
    run = await desk.interlock.open(run_id)
    said = await run.send(body.name, body.data, id=body.id, by=desk.caller.name, detach=desk.detaches)
    return await _asked(run, said)


async def _asked(run: RunHandle, said: Submitted) -> Response:
    row = await run.row()
    return told(Asked(run=run_row(row), recorded=said.left_for is None), status=202)
