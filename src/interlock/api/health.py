"""Whether the server is well: alive, ready, and each thing it depends on. It may be asked without a key."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.reception import Reception
from interlock.bootstrap import TENANT
from interlock.store.errors import StoreError
from interlock.wire.health import Dependency, Health

CHECK_SECONDS: Final = 2.0
"""How long the store may take to answer before it counts as away."""

router = APIRouter(tags=["health"])


@router.get("/health/live", **answers(Health, "The process answers."))
async def live() -> Response:
    """Whether the process answers at all."""
    return told(Health(status="ok", dependencies=[]))


@router.get("/health/ready", **answers(Health, "It takes requests.", also={503: "It cannot: `dependencies` says why."}))
@router.get("/health", **answers(Health, "It is well.", also={503: "Something it depends on is away."}))
async def health(request: Request) -> Response:
    """Whether it takes requests, with each thing it depends on."""
    reception: Reception = request.app.state.reception
    store = await _store(reception)
    is_well = store.status == "ok"
    return told(Health(status="ok" if is_well else "away", dependencies=[store]), status=200 if is_well else 503)


async def _store(reception: Reception) -> Dependency:
    began = time.perf_counter_ns()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await reception.served.store.list_runs(TENANT, limit=1)
    except (StoreError, TimeoutError) as error:
        return Dependency(name="store", status="away", micros=_since(began), why=type(error).__name__)
    return Dependency(name="store", status="ok", micros=_since(began))


def _since(began: int) -> int:
    return (time.perf_counter_ns() - began) // 1_000
