"""Who works on the store, and what waits for them. Of what waits, a tenant is told its own."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import Desk, ReadsWorkers
from interlock.showing.fleet import queue, worker
from interlock.wire.fleet import Queue, Workers

router = APIRouter(tags=["workers"])


@router.get("/workers", **answers(Workers, "The workers of the store."))
async def list_workers(desk: ReadsWorkers) -> Response:
    """List who works on the store: what each is for, what it does now, and when it said so last."""
    rows = await desk.interlock.fleet.workers()
    return told(Workers(workers=[worker(row, to_platform=desk.sees_platform) for row in rows]))


@router.get("/queue", **answers(Queue, "What waits."))
async def get_queue(desk: ReadsWorkers) -> Response:
    """How many runs wait for somebody to drive them, and how many calls for a worker of their pool; since when."""
    whose = _whose(desk)
    runs = await desk.interlock.fleet.runs_waiting(tenant=whose)
    calls = await desk.interlock.fleet.effects_waiting(tenant=whose)
    return told(queue(runs, calls, now=desk.reception.served.clock.now()))


def _whose(desk: Desk) -> str | None:
    return None if desk.sees_platform else desk.caller.tenant
