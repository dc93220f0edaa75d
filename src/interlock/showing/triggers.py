"""Triggers, and what they make of events, as programs are shown them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType, structs

from interlock.engine.triggers.event_triggers import Offered
from interlock.engine.triggers.trigger_requests import TriggerView
from interlock.wire import triggers as wire
from interlock.wire.runs import Actions


def trigger(view: TriggerView, *, actions: Actions | UnsetType = UNSET) -> wire.Trigger:
    """A trigger as it stands."""
    state = view.state
    return wire.Trigger(
        graph=view.graph,
        name=view.name,
        version=view.version,
        kind=view.kind,
        what=view.what,
        zone=view.zone,
        overlap=view.overlap,
        catch_up=view.catch_up,
        next=view.next,
        last=wire.TriggeredRun(**structs.asdict(state.last)) if state.last else None,
        paused=wire.TriggerPause(**structs.asdict(state.paused)) if state.paused else None,
        waiting=len(state.waiting),
        overlapped=state.overlapped,
        missed=state.missed,
        trouble=state.trouble,
        actions=actions,
    )


def offered_events(offered: Iterable[Offered]) -> wire.OfferedEvents:
    """What came of an event at each trigger that wanted it."""
    return wire.OfferedEvents(triggers=[wire.OfferedEvent(**structs.asdict(each)) for each in offered])
