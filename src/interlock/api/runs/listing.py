"""Lists of runs: `GET /v1/runs`, with filters and cursors."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsRuns
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.embedded.sessions import labels_of
from interlock.engine.run_filter import RunFilter
from interlock.showing.runs import run_row
from interlock.wire.runs import RunPage, RunStatus

LOOKED_AT_MAX: Final = 5_000
"""How many runs are looked at for one page: a page may be short, and still have a next one."""

router = APIRouter(tags=["runs"])

Statuses = Annotated[list[RunStatus] | None, Query(alias="status", description="One of these.", max_length=20)]
Label = Annotated[str, Field(pattern="^[^:]+:")]
Labels = Annotated[
    list[Label] | None, Query(alias="label", description="All of these, as `name:value`.", max_length=20)
]
Instant = Annotated[int | None, Query(ge=0, le=2**62, description="Microseconds since 1970.")]


@router.get("/runs", **answers(RunPage, "Runs, the newest first."))
async def list_runs(
    desk: ReadsRuns,
    status: Statuses = None,
    graph: Annotated[str | None, Query(max_length=200)] = None,
    label: Labels = None,
    session: Annotated[str, Query(max_length=200)] = "",
    started_from: Instant = None,
    started_to: Instant = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """List runs that have all of this in common."""
    chosen = RunFilter(
        graph=graph,
        statuses=frozenset(status or ()),
        labels=labels_of(session, _labels(label or [])),
        started_from=started_from,
        started_upto=started_to,
    )
    page, goes_on_at = await desk.interlock.runs_page(
        chosen, before=place_of(cursor, of=chosen), limit=limit, looked_at_max=LOOKED_AT_MAX
    )
    following = None if goes_on_at is None else cursor_at(goes_on_at, of=chosen)
    return told(RunPage(runs=[run_row(row) for row in page], next=following))


def _labels(named: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (each.partition(":") for each in named)}
