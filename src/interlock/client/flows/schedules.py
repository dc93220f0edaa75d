"""What starts runs by itself: triggers of released graphs, and events that are offered to them."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.client.errands import Flow, Telling, made
from interlock.client.paging import listed
from interlock.client.requests import ask, look
from interlock.wire.runs import RunRow
from interlock.wire.triggers import OfferedEvents, Trigger, TriggerPage


def list_schedules() -> Telling[Trigger]:
    """The triggers of the versions in force: when each falls due, what it started last, what troubles it."""
    return listed("schedules", shape=TriggerPage, rows_of=lambda page: page.triggers)


def get_schedule(graph: str, name: str) -> Flow[Trigger]:
    """One trigger as it stands."""
    return made(look("schedules", graph, name, shape=Trigger))


def pause(graph: str, name: str, *, why: str = "") -> Flow[Trigger]:
    """Start nothing until it is resumed; what falls due meanwhile is passed over."""
    return made(ask("schedules", graph, name, "pause", shape=Trigger, body={"why": why or None}))


def resume(graph: str, name: str) -> Flow[Trigger]:
    """Go on from now."""
    return made(ask("schedules", graph, name, "resume", shape=Trigger, body={}))


def fire(
    graph: str, name: str, *, data: Mapping[str, object] | None = None, id: str = "", why: str = ""
) -> Flow[RunRow]:
    """Start a run by hand, whatever else runs. Firing again under the same `id` starts nothing new."""
    body = {"data": data, "id": id or None, "why": why or None}
    return made(ask("schedules", graph, name, "fire", shape=RunRow, body=body, may_repeat=bool(id)))


def offer(name: str, data: object = None, *, id: str = "") -> Flow[OfferedEvents]:
    """Offer an event to whichever triggers want it. An event of the same `id` starts nothing twice."""
    body = {"name": name, "data": data, "id": id or None}
    return made(ask("events", shape=OfferedEvents, body=body, may_repeat=bool(id)))
