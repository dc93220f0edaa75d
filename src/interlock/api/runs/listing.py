"""Lists of runs: `GET /v1/runs`, with filters and cursors."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsRuns
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.api.runs.filters import (
    LOOKED_AT_MAX,
    Instant,
    Labels,
    OfGraph,
    OfSession,
    Statuses,
    filter_of,
    labels_in,
)
from interlock.showing.runs import run_row
from interlock.wire.runs import RunPage

router = APIRouter(tags=["runs"])


@router.get("/runs", **answers(RunPage, "Runs, the newest first."))
async def list_runs(
    desk: ReadsRuns,
    status: Statuses = None,
    graph: OfGraph = None,
    label: Labels = None,
    session: OfSession = "",
    started_from: Instant = None,
    started_to: Instant = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """List runs that have all of this in common."""
    chosen = filter_of(
        graph=graph,
        statuses=status or (),
        labels=labels_in(label or ()),
        session=session,
        started_from=started_from,
        started_to=started_to,
    )
    page, goes_on_at = await desk.interlock.runs_page(
        chosen, before=place_of(cursor, of=chosen), limit=limit, looked_at_max=LOOKED_AT_MAX
    )
    following = None if goes_on_at is None else cursor_at(goes_on_at, of=chosen)
    return told(RunPage(runs=[run_row(row) for row in page], next=following))
