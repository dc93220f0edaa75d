"""Starting runs: `POST /v1/runs`. What is accepted is on record before it is answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import Body
from interlock.api.desks import ActsOnRuns, Desk
from interlock.api.errors import ApiError
from interlock.embedded.graphs import GraphSource, Named
from interlock.embedded.handle import RunHandle
from interlock.embedded.workspace_archives import unpacked
from interlock.showing.runs import run_row
from interlock.wire.runs import RunRow

router = APIRouter(tags=["runs"])


class StartBody(Body):
    """A run to be started."""

    graph: str = Field(min_length=1, max_length=200, description="The name of a graph.", examples=["hello"])
    inputs: dict[str, Any] = Field(default={}, examples=[{"name": "Ada"}])
    key: str = Field(default="", max_length=500, description="At most one run has this key; as Idempotency-Key.")
    labels: dict[str, str] = Field(default={})
    session: str = Field(default="", max_length=200)
    priority: int = Field(default=0, ge=-1000, le=1000)
    draft: bool = Field(
        default=False, description="The draft of that name, or what the project holds, though a version is released."
    )
    workspace: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="The digest of an artifact, a tar archive: the run's workspace begins with its files.",
    )
    version: int | None = Field(default=None, ge=1, description="A version that is not the one in force.")


IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", max_length=500, description="Starting again under it starts nothing new.")
]


@router.post(
    "/runs",
    **answers(
        RunRow,
        "The run is on record and will be driven, whatever becomes of this server.",
        status=202,
        also={200: "A run was started under this key before; this is it."},
    ),
)
async def start_run(body: StartBody, desk: ActsOnRuns, idempotency_key: IdempotencyKey = "") -> Response:
    """Start a run of a graph."""
    await desk.reception.backlog.refuse_if_full()
    key = _the_one_key(body.key, idempotency_key)
    async with _workspace(desk, body) as workspace:
        handle = await desk.interlock.start(
            await _meant(desk, body),
            body.inputs,
            key=key,
            labels=body.labels,
            session=body.session,
            by=desk.caller.name,
            draft=body.draft,
            priority=body.priority,
            detach=desk.detaches,
            workspace=workspace,
        )
    if not handle.is_new:
        await _refuse_another(handle, body)
    row = run_row(await handle.row())
    return told(row, status=202 if handle.is_new else 200, headers={"location": f"/v1/runs/{handle.id}"})


async def _meant(desk: Desk, body: StartBody) -> GraphSource:
    """The graph of that name. Who runs what is being drafted brings a graph along, and has to be one who may."""
    registry = desk.interlock.registry
    draft = await registry.find_draft(body.graph) if body.draft and body.version is None else None
    if draft is None:
        return Named(body.graph, version=body.version)
    desk.refuse_unless("manage", "graphs")
    return await registry.check_draft(draft)


@asynccontextmanager
async def _workspace(desk: Desk, body: StartBody) -> AsyncGenerator[Path | None]:
    """The folder with which the run's workspace begins, if it is to begin with anything."""
    if not body.workspace:
        yield None
        return
    async with unpacked(desk.interlock.artifacts, body.workspace) as folder:
        yield folder


def _the_one_key(in_body: str, in_header: str) -> str:
    if in_body and in_header and in_body != in_header:
        raise ApiError("refused", "the body's key and Idempotency-Key name two runs: send one", field="key")
    return in_body or in_header


async def _refuse_another(handle: RunHandle, body: StartBody) -> None:
    """A key that is used for something else is a mistake of who uses it, and no repetition."""
    row = await handle.row()
    if body.graph != row.graph or not await handle.was_given(body.inputs):
        raise ApiError(
            "key_taken",
            f"the key {row.key!r} names run {handle.id} of graph {row.graph}, which began with other inputs",
            field="key",
            run=handle.id,
        )
