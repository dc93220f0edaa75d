"""Sinks: where events leave for, how telling each goes, and what one has refused, which waits here for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.bodies import Body, RunNamed
from interlock.api.desks import ActsOnSinks, Desk, ManagesSinks, ReadsSinks
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.engine.errors import NothingHeldError
from interlock.engine.relaying.sink_reports import SinkReport
from interlock.showing.sinks import held_run, sink
from interlock.sinks.errors import SinkError
from interlock.wire.sinks import HeldPage, Resent, ResentRun, Sink, Sinks

DELIVER_SECONDS: Final = 20.0
"""For how long a request tells a sink on: what it has not been told by then, a worker tells it."""
RESENT_MAX: Final = 100
LISTED_MAX: Final = 100
"""How much of what is held back is told with the sink itself."""

router = APIRouter(tags=["sinks"])

SinkName = Annotated[str, Path(max_length=100, description="A sink, as the settings name it.")]


class ResendBody(Body):
    """What is held back, to be sent again."""

    runs: list[RunNamed] = Field(default=[], max_length=RESENT_MAX, description="Else of all, some at a time.")


RESEND: Final = ResendBody()


class LeaveOutBody(Body):
    """Events that were refused, to be given up."""

    runs: list[RunNamed] = Field(min_length=1, max_length=RESENT_MAX, description="Of each, what was refused.")
    why: str = Field(min_length=1, max_length=2_000, description="For the record.")


@router.get("/sinks", **answers(Sinks, "Every sink that is declared."))
async def list_sinks(desk: ReadsSinks) -> Response:
    """List where events leave for: what each was told last, how far it lags behind, and what troubles it."""
    return told(Sinks(sinks=[_shown(desk, report) for report in await desk.interlock.sinks.reports()]))


@router.get("/sinks/{name}", **answers(Sink, "The sink as it stands."))
async def get_sink(name: SinkName, desk: ReadsSinks) -> Response:
    """One sink."""
    return told(_shown(desk, await desk.interlock.sinks.report(name)))


@router.get("/sinks/{name}/held", **answers(HeldPage, "What the sink has refused, and waits."))
async def list_held(name: SinkName, desk: ReadsSinks, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List the runs that are held back from a sink, because it refused an event of each: which, and why."""
    held = list((await desk.interlock.sinks.report(name)).held.items())
    page, following = page_of(held, limit=limit, cursor=cursor, of=name)
    return told(HeldPage(sink=name, held=[held_run(run, each) for run, each in page], next=following))


@router.post("/sinks/{name}/deliver", **answers(Sink, "The sink as it stands then."))
async def deliver_to_sink(name: SinkName, desk: ActsOnSinks) -> Response:
    """Tell a sink what it has not been told, at once; also one that failed, or said that it is gone."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DELIVER_SECONDS):  # where that cuts something off, it is told again
            await desk.interlock.sinks.deliver(name)
    return told(_shown(desk, await desk.interlock.sinks.report(name)))


@router.post("/sinks/{name}/resend", **answers(Resent, "What became of it in each run."))
async def resend_to_sink(name: SinkName, desk: ActsOnSinks, body: ResendBody = RESEND) -> Response:
    """Send again what a sink has refused, and what was held back behind it."""
    sinks = desk.interlock.sinks
    runs = body.runs or list((await sinks.report(name)).held)[:RESENT_MAX]
    return told(await _each(name, runs, lambda run: sinks.resend(name, run)))


@router.post("/sinks/{name}/leave-out", **answers(Resent, "What became of it in each run."))
async def leave_out_of_sink(name: SinkName, body: LeaveOutBody, desk: ManagesSinks) -> Response:
    """Give up the event of each run that a sink refused, and send those behind it. Who did so, and why, is kept."""
    sinks, by = desk.interlock.sinks, desk.caller.name
    await sinks.report(name)  # a sink that there is not is told before anything is given up
    return told(await _each(name, body.runs, lambda run: sinks.leave_out(name, run, by=by, why=body.why)))


async def _each(name: str, runs: Sequence[str], again: Callable[[str], Awaitable[int]]) -> Resent:
    """One run after the other, as long as there is time for another one."""
    until = asyncio.get_running_loop().time() + DELIVER_SECONDS
    resent: list[ResentRun] = []
    for run in runs:
        if resent and asyncio.get_running_loop().time() > until:
            break
        resent.append(await _outcome(run, again(run)))
    return Resent(sink=name, resent=resent)


async def _outcome(run: str, again: Awaitable[int]) -> ResentRun:
    try:
        return ResentRun(run=run, events=await again, error="")
    except (SinkError, NothingHeldError) as error:
        return ResentRun(run=run, events=0, error=str(error))


def _shown(desk: Desk, report: SinkReport) -> Sink:
    nothing = "" if report.held else "nothing is held back"
    doable = actions(
        desk.caller,
        "sinks",
        {"deliver": ("act", ""), "resend": ("act", nothing), "leave_out": ("manage", nothing)},
    )
    return sink(report, listed_max=LISTED_MAX, actions=doable)
