"""Runs that go on from another, and what a record proves: retry, rollback, fork with its plan, replay, diff.

A fork costs, so it is planned first: the plan has a token that the call presents which makes the fork. The token is of
the plan itself, so it holds exactly as long as the plan does.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import UNSAID, Body, Why
from interlock.api.desks import ActsOnRuns, Desk, ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.runs.looking import RunId
from interlock.embedded.handle import RunHandle
from interlock.engine.courses.forking import PreparedFork
from interlock.showing.courses import fork_plan, redecided, replayed, run_difference
from interlock.showing.json import encoded
from interlock.showing.runs import run_row
from interlock.wire.acts import ForkPlan, Replayed
from interlock.wire.differences import Redecided, RunDifference
from interlock.wire.runs import RunRow

router = APIRouter(tags=["runs"])

OtherRun = Annotated[str, Path(max_length=100, description="The id of the run that it is compared with.")]
NEW_RUN = answers(RunRow, "The new run is on record.", status=202)


class ForkBody(Body):
    """Another course of a run from a node on."""

    start: str = Field(min_length=1, max_length=2_000, description="The node from which on it runs again.")
    set: dict[str, Any] = Field(
        default={}, description="Inputs and results that are other ones: `inputs.amount`, `plan.steps`."
    )
    graph: str | None = Field(default=None, max_length=200, description="Another graph that it goes on on.")
    draft: bool = Field(default=False, description="With `graph`: what would be published next under that name.")


class MakeForkBody(ForkBody):
    """A fork to be made as it was planned."""

    token: str = Field(default="", max_length=100, description="The token of the plan.")


class RedecideBody(Body):
    """Another graph, by which a run is decided anew."""

    graph: str = Field(min_length=1, max_length=200)
    draft: bool = Field(default=False, description="What would be published next under that name.")


@router.post("/runs/{run_id}/retry", **NEW_RUN)
async def retry_run(run_id: RunId, desk: ActsOnRuns, body: Why = UNSAID) -> Response:
    """Go on where the run failed, as a new run: what does not depend on the failure is taken over."""
    run = await desk.interlock.open(run_id)
    return await _new(await run.retry(by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/rollback", **NEW_RUN)
async def rollback_run(run_id: RunId, desk: ActsOnRuns, body: Why = UNSAID) -> Response:
    """Take back what the run did, as a new run."""
    run = await desk.interlock.open(run_id)
    return await _new(await run.rollback(by=desk.caller.name, why=body.why, detach=desk.detaches))


@router.post("/runs/{run_id}/fork/plan", **answers(ForkPlan, "What the fork would be made of; nothing is done."))
async def plan_fork(run_id: RunId, body: ForkBody, desk: ReadsRuns) -> Response:
    """What another course of the run would do again, take over and ask anew."""
    run = await desk.interlock.open(run_id)
    prepared = await _prepared(desk, run, body)
    return told(await _planned(run, prepared, body))


@router.post("/runs/{run_id}/fork", **NEW_RUN)
async def fork_run(run_id: RunId, body: MakeForkBody, desk: ActsOnRuns) -> Response:
    """Take another course as a new run; the old one stays as it is. A fork is planned first, and names its plan."""
    run = await desk.interlock.open(run_id)
    prepared = await _prepared(desk, run, body)
    if not body.token:
        raise ApiError("plan_required", "ask for the plan of this fork and present its token", field="token")
    if body.token != (await _planned(run, prepared, body)).token:
        raise ApiError("plan_outdated", "the fork would not be what its plan said any more", field="token")
    return await _new(await run.fork(prepared, by=desk.caller.name, detach=desk.detaches))


@router.post("/runs/{run_id}/replay", **answers(Replayed, "Whether the record holds."))
async def replay_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """Decide the run anew from its record alone: nothing is called and nobody is asked."""
    return told(replayed(await (await desk.interlock.open(run_id)).replay()))


@router.post("/runs/{run_id}/redecide", **answers(Redecided, "What would have been decided differently."))
async def redecide_run(run_id: RunId, body: RedecideBody, desk: ReadsRuns) -> Response:
    """How the run would have gone on on another graph, as far as its record answers; nothing is called."""
    run = await desk.interlock.open(run_id)
    graph = await desk.interlock.registry.meant(body.graph, draft=body.draft)
    return told(redecided(await run.redecide(graph)))


@router.get("/runs/{run_id}/diff/{other}", **answers(RunDifference, "In what the runs differ."))
async def diff_runs(run_id: RunId, other: OtherRun, desk: ReadsRuns) -> Response:
    """In what two runs differ, node by node."""
    left, right = await desk.interlock.open(run_id), await desk.interlock.open(other)
    return told(run_difference(await left.difference(right)))


async def _prepared(desk: Desk, run: RunHandle, body: ForkBody) -> PreparedFork:
    if body.graph is not None and body.draft:
        desk.refuse_unless("manage", "graphs")  # as whoever starts a run of a draft
    graph = None if body.graph is None else await desk.interlock.registry.meant(body.graph, draft=body.draft)
    return await run.prepare_fork(body.start, set=body.set, graph=graph)


async def _planned(run: RunHandle, prepared: PreparedFork, body: ForkBody) -> ForkPlan:
    plan = fork_plan(prepared, await run.view(whole=False))
    meant = msgspec.json.encode({"set": body.set, "graph": body.graph, "draft": body.draft}, order="deterministic")
    return msgspec.structs.replace(plan, token=hashlib.sha256(encoded(plan) + meant).hexdigest())


async def _new(run: RunHandle) -> Response:
    return told(run_row(await run.row()), status=202, headers={"location": f"/v1/runs/{run.id}"})
