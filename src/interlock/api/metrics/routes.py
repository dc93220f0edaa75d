"""`GET /v1/metrics`: what is measured, for Prometheus.

A tenant's key is told what waits of that tenant alone; all else is told to whoever may look at the platform. A store
that does not answer in time is one of the figures, and no reason to tell none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.desks import Desk, ReadsWorkers
from interlock.api.metrics import figures
from interlock.api.metrics.exposition import CONTENT_TYPE, Family, gauge, written
from interlock.store.errors import StoreError

STORE_SECONDS: Final = 3.0
"""How long the store may take for all that it is asked."""

router = APIRouter(tags=["metrics"])


TEXT: Final = {"text/plain": {"schema": {"type": "string"}}}
TOLD: Final = {"description": "Figures in the text format of Prometheus.", "content": TEXT}


@router.get("/metrics", response_class=Response, responses={200: TOLD})
async def get_metrics(desk: ReadsWorkers) -> Response:
    """What is measured: requests, what waits, who works, models, sinks, the process."""
    families = [*await _of_store(desk), *(_of_process(desk) if desk.sees_platform else ())]
    return Response(written(families), headers={"content-type": CONTENT_TYPE})


async def _of_store(desk: Desk) -> Sequence[Family]:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(STORE_SECONDS):
            waiting = await _waiting(desk)
            took = time.perf_counter() - began
            above = await _above_tenants(desk) if desk.sees_platform else []
    except (StoreError, TimeoutError):
        return [gauge("interlock_store_up", "Whether the store answers.", 0)]
    return [
        gauge("interlock_store_up", "Whether the store answers.", 1),
        gauge("interlock_store_answer_seconds", "How long it took to say what waits.", took),
        *waiting,
        *above,
    ]


async def _waiting(desk: Desk) -> list[Family]:
    whose = None if desk.sees_platform else desk.caller.tenant
    fleet, now = desk.interlock.fleet, desk.reception.served.clock.now()
    return [
        *figures.waiting_runs(await fleet.runs_waiting(tenant=whose), now=now),
        *figures.waiting_calls(await fleet.effects_waiting(tenant=whose)),
    ]


async def _above_tenants(desk: Desk) -> list[Family]:
    served = desk.reception.served
    return [
        *figures.workers(await desk.interlock.fleet.workers()),
        *figures.sinks(await desk.reception.sink_lag.reports(), now=served.clock.now()),
    ]


def _of_process(desk: Desk) -> list[Family]:
    service = desk.reception.served.service
    return [
        *desk.reception.meter.families(),
        *figures.work_here(service),
        *figures.models(service.models()),
        *figures.process(started_at=service.card.started_at),
    ]
