"""What tasks of the delivery API cost: forecast by those before, exported call by call, compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import Response, StreamingResponse

from interlock.api.answers import answers, told
from interlock.api.compat.piecewise import lines
from interlock.api.desks import ReadsCosts
from interlock.api.runs.filters import LOOKED_AT_MAX
from interlock.api.runs.looking import LINES, RunId
from interlock.embedded.handle import RunHandle
from interlock.engine.run_filter import RunFilter
from interlock.showing.delivery import DOLLAR, GRAPH, delivery_charge, delivery_forecast
from interlock.showing.json import encoded
from interlock.wire.delivery import DeliveryComparison, DeliveryForecast

router = APIRouter(tags=["other systems"])

FORECAST_FROM: Final = 20
"""By how many of the newest runs that have succeeded it is forecast what the next will cost."""


@router.get("/api/cost/predict", **answers(DeliveryForecast, "By what those before have cost."))
async def predict_delivery_cost(desk: ReadsCosts) -> Response:
    """What the next query is likely to cost: what the newest that succeeded have cost."""
    chosen = RunFilter(graph=GRAPH, statuses=frozenset({"succeeded"}), has_payloads=True)
    rows, _ = await desk.interlock.runs_page(chosen, before=None, limit=FORECAST_FROM, looked_at_max=LOOKED_AT_MAX)
    runs = [await desk.interlock.open(row.run) for row in rows]
    return told(delivery_forecast([(await run.costs()).total.usd for run in runs]))


@router.get(
    "/api/cost/export/{run_id}",
    status_code=200,
    responses={200: {"description": "A call a line.", "content": {LINES: {"schema": {"type": "string"}}}}},
)
async def export_delivery_cost(run_id: RunId, desk: ReadsCosts) -> Response:
    """What each call of a task has cost, as lines of JSON."""
    return StreamingResponse(lines(_charges(await desk.interlock.open(run_id))), media_type=LINES)


@router.get("/api/cost/compare/{run_id}/{other}", **answers(DeliveryComparison, "What both have cost."))
async def compare_delivery_costs(
    run_id: RunId, other: Annotated[str, Path(max_length=100, description="Another run.")], desk: ReadsCosts
) -> Response:
    """What two tasks have cost."""
    first = (await (await desk.interlock.open(run_id)).costs()).total
    second = (await (await desk.interlock.open(other)).costs()).total
    return told(
        DeliveryComparison(
            first=run_id,
            second=other,
            first_cost=first.usd / DOLLAR,
            second_cost=second.usd / DOLLAR,
            more=(second.usd - first.usd) / DOLLAR,
            first_tokens=first.tokens,
            second_tokens=second.tokens,
        )
    )


async def _charges(run: RunHandle) -> AsyncIterator[bytes]:
    async for call in run.calls():
        yield encoded(delivery_charge(run.id, call))
