"""Events as programs are shown them."""

from __future__ import annotations

from interlock.core.events import Event
from interlock.showing.json import fields_shown
from interlock.store.sealing import Header
from interlock.wire import events as wire


def shown_event(run: str, kept: Event | Header) -> wire.Event:
    """An event with all that it says, where that was not erased. Large values are references."""
    return _whole(run, kept) if isinstance(kept, Event) else _erased(run, kept)


def _whole(run: str, told: Event) -> wire.Event:
    return wire.Event(
        run=run,
        seq=told.seq,
        at=told.at,
        type=told.type,
        path=told.path,
        actor=told.actor,
        cause=told.cause or None,
        body=fields_shown(told.body),
    )


def _erased(run: str, kept: Header) -> wire.Event:
    """The digest still proves what was there."""
    return wire.Event(
        run=run,
        seq=kept.seq,
        at=kept.at,
        type=kept.type,
        path=kept.path,
        actor=kept.actor,
        cause=kept.cause or None,
        body=None,
        erased=True,
        payload_digest=kept.payload_digest.hex(),
    )
