"""Publishing graphs: a version is planned first, then put in force behind its name; and the way back.

The token of a plan is of what would be published and of the version in force: it holds while both are what they were.
Runs in flight stay where they are, whatever is published, so what is told of them is no part of it.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import UNSAID, Body, Why
from interlock.api.desks import Desk, ManagesGraphs
from interlock.api.errors import ApiError
from interlock.api.graphs.names import NewName
from interlock.api.graphs.texts import GivenGraph, GraphText
from interlock.embedded.graph_registry import PreparedRelease
from interlock.engine.releasing import releases
from interlock.showing.problems import places
from interlock.showing.releases import release_plan, version_row
from interlock.wire.graphs import Published, ReleasePlan

RUNS_LOOKED_AT_MAX: Final = 50
"""Of how many runs in flight is told what would become of them: the log of each is gone through."""

router = APIRouter(tags=["graphs"])

Message = Annotated[str, Field(max_length=2_000, description="Why: it stands in the history of the graph.")]


class PlanBody(Body):
    """What is to be published: a text, or else the draft, or else what the project holds."""

    text: GraphText | None = None


class PublishBody(PlanBody):
    """A version to be published as it was planned. Without a token it is refused as what was not planned."""

    model_config = ConfigDict(json_schema_extra={"required": ["token"]})

    token: str = Field(default="", min_length=1, max_length=100, description="The token of the plan.")
    message: Message = ""


class RegisterBody(GivenGraph):
    """A graph to be published under its own name, at once."""

    message: Message = ""


@router.post("/graphs", **answers(Published, "It is in force.", status=201, also={200: "It was in force already."}))
async def register_graph(body: RegisterBody, desk: ManagesGraphs) -> Response:
    """Check a graph and publish it under its name: the way of programs, which need no draft and no plan."""
    registry = desk.interlock.registry
    checked = await registry.check(body.given)
    prepared = await registry.prepare(checked.accepted()[0].name, checked, runs_max=0)
    return await _published(desk, prepared, body.message)


@router.post("/graphs/{graph}/versions/plan", **answers(ReleasePlan, "What would change; nothing is published."))
async def plan_version(graph: NewName, body: PlanBody, desk: ManagesGraphs) -> Response:
    """What publishing would change, which runs in flight could move, and what may surprise."""
    prepared = await desk.interlock.registry.prepare(graph, body.text, runs_max=RUNS_LOOKED_AT_MAX)
    warnings = places(prepared.checked.problems, prepared.checked.subject)
    return told(release_plan(prepared.ahead, warnings=warnings, token=_token(prepared)))


@router.post(
    "/graphs/{graph}/versions",
    **answers(Published, "It is in force.", status=201, also={200: "It was in force already."}),
)
async def publish_version(graph: NewName, body: PublishBody, desk: ManagesGraphs) -> Response:
    """Publish what was planned. From now on the name means this version; runs in flight stay on theirs."""
    if not body.token:
        raise ApiError("plan_required", f"ask for a plan first: POST /v1/graphs/{graph}/versions/plan", field="token")
    prepared = await desk.interlock.registry.prepare(graph, body.text, runs_max=0)
    if body.token != _token(prepared):
        raise ApiError("plan_outdated", "the graph, or the version in force, is not what it was", field="token")
    return await _published(desk, prepared, body.message)


@router.post("/graphs/{graph}/back", **answers(Published, "The version before is in force again."))
async def go_back(graph: NewName, desk: ManagesGraphs, body: Why = UNSAID) -> Response:
    """Return to the version before the one in force; that is a version of its own."""
    entry = await desk.interlock.release_before(graph, by=desk.caller.name, why=body.why)
    history = await desk.interlock.releases_of(graph)
    return told(Published(version=version_row(history, entry), is_new=True))


async def _published(desk: Desk, prepared: PreparedRelease, message: str) -> Response:
    made: releases.Published = await desk.interlock.registry.publish(prepared, by=desk.caller.name, why=message)
    graph = prepared.ahead.graph
    history = await desk.interlock.releases_of(graph)
    shown = Published(version=version_row(history, made.release), is_new=made.is_new)
    where = {"location": f"/v1/graphs/{graph}/versions/{made.release.version}"}
    return told(shown, status=201 if made.is_new else 200, headers=where)


def _token(prepared: PreparedRelease) -> str:
    plan, _ = prepared.checked.accepted()
    meant: list[Any] = [plan.name, plan.bundle_hash, prepared.ahead.in_force, prepared.draft and prepared.draft.tag]
    return hashlib.sha256(msgspec.json.encode(meant)).hexdigest()
