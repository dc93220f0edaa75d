"""Whether the server is well: alive, ready, and each thing it depends on. It may be asked without a key.

So it says how many, and never whose or which: names of models, machines and tenants are for those who may ask for them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.reception import Reception
from interlock.bootstrap import TENANT
from interlock.embedded.interlock import Interlock
from interlock.models.standing import ModelStanding
from interlock.store.errors import StoreError
from interlock.wire.health import Dependency, Health, Status

CHECK_SECONDS: Final = 2.0
"""How long the store may take to answer before it counts as away."""
WORST_FIRST: Final[Sequence[Status]] = ("away", "degraded", "ok")

router = APIRouter(tags=["health"])


@router.get("/health/live", **answers(Health, "The process answers."))
async def live() -> Response:
    """Whether the process answers at all."""
    return told(Health(status="ok", dependencies=[]))


@router.get("/health/ready", **answers(Health, "It takes requests.", also={503: "It cannot: `dependencies` says why."}))
@router.get("/health", **answers(Health, "It is well.", also={503: "Something it depends on is away."}))
async def health(request: Request) -> Response:
    """Whether it takes requests, with each thing it depends on."""
    found = await health_of(request.app.state.reception)
    return told(found, status=503 if found.status == "away" else 200)


async def health_of(reception: Reception) -> Health:
    """How a server is, with each thing it depends on."""
    store = await _store(reception)
    behind_it = () if store.status == "away" else await _behind_the_store(reception)
    dependencies = [store, *behind_it, *_models(reception.served.service.models())]
    return Health(status=_worst(dependencies), dependencies=dependencies)


def _worst(dependencies: Sequence[Dependency]) -> Status:
    found = {each.status for each in dependencies}
    return next(status for status in WORST_FIRST if status in found)


async def _store(reception: Reception) -> Dependency:
    began = time.perf_counter_ns()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await reception.served.store.list_runs(TENANT, limit=1)
    except (StoreError, TimeoutError) as error:
        return Dependency(name="store", status="away", micros=_since(began), why=type(error).__name__)
    return Dependency(name="store", status="ok", micros=_since(began))


async def _behind_the_store(reception: Reception) -> Sequence[Dependency]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            interlock = await reception.served.of(TENANT)
            return [await _workers(reception, interlock), *_sandbox(interlock)]
    except (StoreError, TimeoutError):
        return ()  # it has gone in between: whoever asks again is told


async def _workers(reception: Reception, interlock: Interlock) -> Dependency:
    """Who drives what is started: this process itself, or whoever else says that they live."""
    if reception.served.works:
        return Dependency(name="workers", status="ok")
    began = time.perf_counter_ns()
    if any(row.state == "working" for row in await interlock.fleet.workers()):
        return Dependency(name="workers", status="ok", micros=_since(began))
    why = "nobody works on the store: what is started waits for a worker"
    return Dependency(name="workers", status="degraded", micros=_since(began), why=why)


def _models(standings: Sequence[ModelStanding]) -> Sequence[Dependency]:
    """The models that were asked so far; where none was, there is nothing to say."""
    if not standings:
        return []
    resting = sum(each.resting is not None for each in standings)
    if not resting:
        return [Dependency(name="models", status="ok")]
    why = f"{resting} of {len(standings)} models that were asked kept failing, and are left alone for some seconds"
    return [Dependency(name="models", status="degraded", why=why)]


def _sandbox(interlock: Interlock) -> Sequence[Dependency]:
    """Where programs run that models write, as soon as one was to: looking for it takes a part of a second."""
    match interlock.has_sandbox:
        case None:
            return []
        case True:
            return [Dependency(name="sandbox", status="ok")]
        case False:
            why = "no sandbox holds on this machine: tools that run programs are refused"
            return [Dependency(name="sandbox", status="degraded", why=why)]


def _since(began: int) -> int:
    return (time.perf_counter_ns() - began) // 1_000
