"""Events as programs read them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType


class Event(Struct, frozen=True, kw_only=True):
    """What happened in a run. Large values in the body are references.

    Of an event of which the payload was erased the body is null, `erased` is true, and the digest still proves it.
    """

    run: str
    seq: int
    at: int
    type: str
    path: str
    actor: str
    cause: int | None
    body: dict[str, Any] | None
    erased: Literal[True] | UnsetType = UNSET
    payload_digest: str | UnsetType = UNSET


class EventPage(Struct, frozen=True, kw_only=True):
    """Events of a run in their order. With a `next` there are more: give it as `after`."""

    run: str
    events: list[Event]
    next: int | None = None
