"""What calls have cost: of many runs, of one, and call by call.

Nothing is added up beforehand: logs are read for each answer, so many runs of them and for so long at most, and the
answer says where it goes on.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsCosts
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, number_of, place_of
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
from interlock.api.runs.looking import RunId
from interlock.engine.telling.cost_groups import GROUPINGS, LABEL
from interlock.showing.costs import call_cost, cost_report
from interlock.wire.costs import CallCost, CallPage, CostReport

RUNS_READ: Final = 200
RUNS_READ_MAX: Final = 1_000
READ_SECONDS: Final = 5.0
"""For how long logs are read for one answer."""
GROUPS_MAX: Final = 500
"""How many groups are told, the dearest first."""

BY: Final = f"^({'|'.join(GROUPINGS)}|{LABEL}.+)$"

router = APIRouter(tags=["costs"])

By = Annotated[
    str,
    Query(
        max_length=200,
        pattern=BY,
        description="run, graph, node, agent, model, tool, user, tenant, day or label:KEY.",
        examples=["graph"],
    ),
]


@router.get("/costs", **answers(CostReport, "What the runs have cost that were read."))
async def get_costs(
    desk: ReadsCosts,
    by: By = "graph",
    status: Statuses = None,
    graph: OfGraph = None,
    label: Labels = None,
    session: OfSession = "",
    started_from: Instant = None,
    started_to: Instant = None,
    limit: Annotated[int, Query(ge=1, le=RUNS_READ_MAX, description="How many runs are read at most.")] = RUNS_READ,
    cursor: Cursor = None,
) -> Response:
    """What runs that have all of this in common have cost together, by what their calls have in common."""
    chosen = filter_of(
        graph=graph,
        statuses=status or (),
        labels=labels_in(label or ()),
        session=session,
        started_from=started_from,
        started_to=started_to,
    )
    async with desk.reception.many_logs.turn():
        report, goes_on_at = await desk.interlock.chosen(chosen).costs_within(
            by=by, before=place_of(cursor, of=chosen), limit=limit, looked_at_max=LOOKED_AT_MAX, seconds=READ_SECONDS
        )
    following = None if goes_on_at is None else cursor_at(goes_on_at, of=chosen)
    return told(cost_report(report, groups_max=GROUPS_MAX, next=following))


@router.get("/runs/{run_id}/costs", **answers(CostReport, "What the run has cost so far."))
async def get_run_costs(run_id: RunId, desk: ReadsCosts, by: By = "node") -> Response:
    """What one run has cost so far, by what its calls have in common."""
    handle = await desk.interlock.open(run_id)
    async with desk.reception.many_logs.turn():
        report = await handle.costs(by=by)
    return told(cost_report(report, run=run_id, groups_max=GROUPS_MAX))


@router.get("/runs/{run_id}/calls", **answers(CallPage, "Calls of models and tools."))
async def list_calls(run_id: RunId, desk: ReadsCosts, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """The calls of a run, each with what it cost; those that are under way come last."""
    begin = number_of(cursor, of=run_id) or 0
    handle = await desk.interlock.open(run_id)
    page: list[CallCost] = []
    passed, following = 0, None
    async for call in handle.calls():
        if len(page) == limit:
            following = cursor_at(str(passed), of=run_id)
            break
        passed += 1
        if passed > begin:
            page.append(call_cost(call))
    return told(CallPage(run=run_id, calls=page, next=following))
