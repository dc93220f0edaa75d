"""What starts runs of released graphs by itself: triggers, and events that are offered to them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.bodies import UNSAID, Body, Why
from interlock.api.desks import ActsOnSchedules, Desk, ReadsSchedules
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.engine.triggers.trigger_requests import TriggerView
from interlock.showing.runs import run_row
from interlock.showing.triggers import offered_events, trigger
from interlock.wire.runs import Actions, RunRow
from interlock.wire.triggers import OfferedEvents, Trigger, TriggerPage

router = APIRouter(tags=["schedules"])

NAME: Final = r"^[^\s\x1C-\x1F\x85\uFEFF$]([^$\n]*[^\s\x1C-\x1F\x85\uFEFF$])?$"
"""A word, or several: text that is fixed, as graphs write it. It begins and ends with nothing that a reader of patterns
or of graphs takes for a space."""

Graph = Annotated[str, Path(max_length=200, description="The name of a released graph.")]
Name = Annotated[str, Path(max_length=200, description="What the trigger is called in it.")]


class FireBody(Why):
    """A run to be started by hand."""

    data: dict[str, Any] | None = Field(default=None, description="Of an event trigger, what the event says.")
    id: str = Field(default="", max_length=500, description="Firing again under it starts nothing new.")


FIRE: Final = FireBody()


class OfferBody(Body):
    """An event for whichever triggers want it."""

    name: str = Field(pattern=NAME, max_length=500, examples=["order.paid"])
    data: Any = Field(default=None, examples=[{"n": 7}])
    id: str = Field(default="", max_length=500, description="An event of the same id starts nothing twice.")


@router.get("/schedules", **answers(TriggerPage, "Triggers of the versions in force."))
async def list_schedules(desk: ReadsSchedules, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List what starts runs by itself: when each falls due next, what it started last, and what troubles it."""
    views, following = page_of(await desk.interlock.triggers.listed(), limit=limit, cursor=cursor, of="schedules")
    return told(TriggerPage(triggers=[_shown(desk, view) for view in views], next=following))


@router.get("/schedules/{graph}/{name}", **answers(Trigger, "The trigger as it stands."))
async def get_schedule(graph: Graph, name: Name, desk: ReadsSchedules) -> Response:
    """One trigger."""
    return await _told(desk, f"{graph}/{name}")


@router.post("/schedules/{graph}/{name}/pause", **answers(Trigger, "It starts nothing until it is resumed."))
async def pause_schedule(graph: Graph, name: Name, desk: ActsOnSchedules, body: Why = UNSAID) -> Response:
    """Start nothing until it is resumed; what falls due meanwhile is passed over."""
    await desk.interlock.triggers.pause(f"{graph}/{name}", by=desk.caller.name, why=body.why)
    return await _told(desk, f"{graph}/{name}")


@router.post("/schedules/{graph}/{name}/resume", **answers(Trigger, "It goes on from now."))
async def resume_schedule(graph: Graph, name: Name, desk: ActsOnSchedules) -> Response:
    """Go on from now."""
    await desk.interlock.triggers.resume(f"{graph}/{name}")
    return await _told(desk, f"{graph}/{name}")


@router.post("/schedules/{graph}/{name}/fire", **answers(RunRow, "The run is on record.", status=202))
async def fire_schedule(graph: Graph, name: Name, desk: ActsOnSchedules, body: FireBody = FIRE) -> Response:
    """Start a run by hand, whatever else runs."""
    await desk.reception.backlog.refuse_if_full()
    run = await desk.interlock.triggers.fire(
        f"{graph}/{name}", body.data, id=body.id, by=desk.caller.name, why=body.why
    )
    row = run_row(await (await desk.interlock.open(run)).row())
    return told(row, status=202, headers={"location": f"/v1/runs/{run}"})


@router.post("/events", **answers(OfferedEvents, "What came of it; runs that were started are on record.", status=202))
async def offer_event(body: OfferBody, desk: ActsOnSchedules) -> Response:
    """Offer an event to the triggers of all released graphs. One that nobody wants is told with no trigger."""
    await desk.reception.backlog.refuse_if_full()
    offered = await desk.interlock.triggers.send(body.name, body.data, id=body.id, by=desk.caller.name)
    return told(offered_events(offered), status=202)


async def _told(desk: Desk, name: str) -> Response:
    return told(_shown(desk, await desk.interlock.triggers.get(name)))


def _shown(desk: Desk, view: TriggerView) -> Trigger:
    return trigger(view, actions=_actions(desk, is_paused=view.state.paused is not None))


def _actions(desk: Desk, *, is_paused: bool) -> Actions:
    paused, running = ("it is paused already", "") if is_paused else ("", "it is not paused")
    return actions(
        desk.caller, "schedules", {"pause": ("act", paused), "resume": ("act", running), "fire": ("act", "")}
    )
