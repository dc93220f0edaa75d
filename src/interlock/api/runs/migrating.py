"""Moving a run in flight to another version of its graph: planned first, which says what stands in the way.

What was decided so far has to be what that version would have decided. Nothing that has happened is done again, so the
plan needs no token: a run that cannot be moved refuses.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import Why
from interlock.api.desks import ActsOnRuns, Desk
from interlock.api.runs.looking import RunId
from interlock.embedded.graphs import CheckedGraph
from interlock.embedded.handle import RunHandle
from interlock.showing.releases import migration_plan
from interlock.showing.runs import run_row
from interlock.wire.acts import Asked
from interlock.wire.graphs import MigrationPlan

router = APIRouter(tags=["runs"])

PLACES: Final = ("version", "bundle", "draft")


class MigrateBody(Why):
    """Where a run is to go on: on a version, on a bundle by its hash, or on what would be published next."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [place]} for place in PLACES]})

    version: Annotated[int, Field(ge=1, le=2**31, examples=[2])] | SkipJsonSchema[None] = None
    bundle: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | SkipJsonSchema[None] = None
    draft: Literal[True] | SkipJsonSchema[None] = Field(default=None, description="What would be published next.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        said = self.model_fields_set.intersection(PLACES)
        if len(said) != 1 or all(getattr(self, place) is None for place in PLACES):
            raise ValueError(f"say one of {', '.join(PLACES)}")
        return self


@router.post("/runs/{run_id}/migrate/plan", **answers(MigrationPlan, "Whether it could; nothing is changed."))
async def plan_migration(run_id: RunId, body: MigrateBody, desk: ActsOnRuns) -> Response:
    """Whether a run could go on on another version of its graph, and what stands in its way."""
    run = await desk.interlock.open(run_id)
    to = await _meant(desk, run, body)
    obstacle = await desk.interlock.why_not_migrate(run.id, to)
    return told(migration_plan(run.id, await desk.interlock.version_meant(run.id, to), obstacle))


@router.post(
    "/runs/{run_id}/migrate", **answers(Asked, "It goes on there once whoever drives it has seen to it.", status=202)
)
async def migrate_run(run_id: RunId, body: MigrateBody, desk: ActsOnRuns) -> Response:
    """Let a run go on on another version of its graph."""
    run = await desk.interlock.open(run_id)
    said = await desk.interlock.migrate(run.id, await _meant(desk, run, body), by=desk.caller.name, why=body.why)
    return told(Asked(run=run_row(await run.row()), recorded=said.left_for is None), status=202)


async def _meant(desk: Desk, run: RunHandle, body: MigrateBody) -> str | CheckedGraph:
    if not body.draft:
        return str(body.version) if body.bundle is None else body.bundle
    desk.refuse_unless("manage", "graphs")  # as whoever starts a run of a draft
    return await desk.interlock.registry.meant((await run.row()).graph, draft=True)
