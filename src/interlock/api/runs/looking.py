"""One run: as a whole, in short, at an earlier moment; its events, effects and large values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from interlock.api.actions import actions_of_run
from interlock.api.answers import JSON, answers, told
from interlock.api.desks import ReadsRuns
from interlock.api.errors import ApiError
from interlock.embedded.handle import RunHandle
from interlock.engine.telling.event_filter import EventFilter
from interlock.showing.effects import effect_list
from interlock.showing.events import shown_event
from interlock.showing.json import encoded
from interlock.showing.run_summary import run_summary
from interlock.showing.runs import run, run_row
from interlock.store.errors import MissingError
from interlock.wire.effects import EffectList
from interlock.wire.events import Event, EventPage
from interlock.wire.runs import Run, RunRow
from interlock.wire.summaries import RunSummary

EVENTS: Final = 200
EVENTS_MAX: Final = 1_000
EVENTS_LOOKED_AT_MAX: Final = 10_000
"""How many events are looked at for one page of those that are meant."""
WAIT_SECONDS_MAX: Final = 60
LINES: Final = "application/x-ndjson"

router = APIRouter(tags=["runs"])

RunId = Annotated[str, Path(max_length=100, description="The id of a run.")]
AtSeq = Annotated[int | None, Query(ge=1, le=2**62, description="As it was after the event of this number.")]
Seq = Annotated[int, Query(ge=0, le=2**62, description="Behind the event of this number.")]
EventLimit = Annotated[int, Query(ge=1, le=EVENTS_MAX, description="How many at most.")]
ValueDigest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="What the reference says: `kept_elsewhere`.")]
WaitSeconds = Annotated[
    int, Query(ge=0, le=WAIT_SECONDS_MAX, description="Answer only when the run has ended or rests, or so much later.")
]


@router.get("/runs/{run_id}", **answers(Run, "The run with its nodes.", also={304: "It is as If-None-Match has it."}))
async def get_run(
    run_id: RunId, request: Request, desk: ReadsRuns, at: AtSeq = None, wait: WaitSeconds = 0
) -> Response:
    """One run with its inputs, outputs and nodes, now or as it was. Large values are references."""
    handle = await desk.interlock.open(run_id)
    if wait:
        await rested(handle, wait)
    row = await handle.row()
    tag = f'"{row.seq if at is None else at}-{desk.caller.role}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    view = await handle.view(at, whole=False)
    allowed = actions_of_run(row.status, desk.caller)
    return told(run(view, await handle.version(), actions=allowed), headers={"etag": tag})


async def rested(handle: RunHandle, seconds: int) -> None:
    """Wait until a run has ended or rests, for so long at most."""
    try:
        async with asyncio.timeout(seconds):
            await handle.rested()
    except TimeoutError:
        return


@router.get("/runs/{run_id}/row", **answers(RunRow, "The run as lists show it."))
async def get_run_row(run_id: RunId, desk: ReadsRuns) -> Response:
    """One run as lists show it: the quickest there is to know how it stands."""
    return told(run_row(await (await desk.interlock.open(run_id)).row()))


@router.get("/runs/{run_id}/summary", **answers(RunSummary, "Status, progress and cost, node by node of the graph."))
async def get_run_summary(run_id: RunId, desk: ReadsRuns, at: AtSeq = None) -> Response:
    """A run in short: how many of what, with one line for each node of the graph, whatever its copies."""
    handle = await desk.interlock.open(run_id)
    view = await handle.view(at, whole=False)
    return told(run_summary(view, actions=actions_of_run(view.status, desk.caller)))


@router.get("/runs/{run_id}/events", **answers(EventPage, "Events in their order."))
async def list_events(
    run_id: RunId,
    request: Request,
    desk: ReadsRuns,
    after: Seq = 0,
    to: Annotated[int | None, Query(ge=1, le=2**62, description="Up to this number.")] = None,
    type: Annotated[list[str] | None, Query(max_length=50, description="Only of these types.")] = None,
    path: Annotated[str | None, Query(max_length=2_000, description="Only of this node and what is inside it.")] = None,
    limit: EventLimit = EVENTS,
) -> Response:
    """Events of a run by number, type and node. As `application/x-ndjson`, all of them, a line each."""
    handle = await desk.interlock.open(run_id)
    meant = EventFilter.read(type or (), path)
    if LINES in request.headers.get("accept", ""):
        return StreamingResponse(_lines(handle, meant, after=after, to=to), media_type=LINES)
    found: list[Event] = []
    looked_at = 0
    async for kept in handle.log(after=after):
        if to is not None and kept.seq > to:
            break
        looked_at += 1
        if meant.takes(kept):
            found.append(shown_event(run_id, kept))
        if len(found) == limit or looked_at == EVENTS_LOOKED_AT_MAX:
            return told(EventPage(run=run_id, events=found, next=kept.seq))
    return told(EventPage(run=run_id, events=found))


async def _lines(handle: RunHandle, meant: EventFilter, *, after: int, to: int | None) -> AsyncIterator[bytes]:
    async for kept in handle.log(after=after):
        if to is not None and kept.seq > to:
            return
        if meant.takes(kept):
            yield encoded(shown_event(handle.id, kept)) + b"\n"


@router.get("/runs/{run_id}/effects", **answers(EffectList, "Its contacts with the world."))
async def list_effects(run_id: RunId, desk: ReadsRuns) -> Response:
    """The effects of a run and what came of each; those of which nobody knows come first."""
    handle = await desk.interlock.open(run_id)
    return told(effect_list(run_id, await handle.effects()))


@router.get(
    "/values/{digest}",
    status_code=200,
    responses={200: {"description": "The value as JSON.", "content": {JSON: {"schema": {}}}}},
)
async def get_value(digest: ValueDigest, desk: ReadsRuns) -> Response:
    """A large value that stands elsewhere as a reference: the same digest is always the same value."""
    try:
        found = await desk.interlock.value(digest)
    except MissingError as missing:
        raise ApiError("value_not_found", f"no value is kept under {digest}") from missing
    tag = {"etag": f'"{digest}"', "cache-control": "private, max-age=31536000, immutable"}
    return Response(encoded(found), media_type=JSON, headers=tag)
