"""A run's log with every value in it: for those who look into values that the state only passes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from interlock.core.events import Event
from interlock.core.values import has_parts
from interlock.engine.engine import Engine

_VALUES: Final = ("inputs", "input", "out", "data", "form", "sent")
"""The fields of events under which values stand that may be kept elsewhere."""


async def whole_log(engine: Engine, events: Iterable[Event]) -> list[Event]:
    """The same events with everything loaded that is kept elsewhere."""
    return [await _whole(engine, event) for event in events]


async def _whole(engine: Engine, event: Event) -> Event:
    body: Any = event.body
    kept = {name: value for name in _VALUES if has_parts(value := getattr(body, name, None))}
    if not kept:
        return event
    loaded = {name: await engine.whole(value) for name, value in kept.items()}
    return replace(event, body=replace(body, **loaded))
