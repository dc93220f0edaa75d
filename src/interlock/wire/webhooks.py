"""Webhooks: which there are, and what became of a delivery."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Actions, RunRow
from interlock.wire.triggers import OfferedEvent
from interlock.wire.values import Value


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook: who signs, and what is made of what comes."""

    name: str
    path: str
    """Where deliveries are sent to, on this server."""
    scheme: str
    secret: str
    """The name of the secret with which deliveries are signed."""
    has_secret: bool
    """Whether this server knows that secret: without it, it refuses every delivery."""
    graph: str | None
    """The graph of which each delivery starts a run."""
    inputs: Value
    event: str | None
    """Or the event that each delivery is."""
    data: Value
    run: str | None
    id: str | None
    """What deliveries are told apart by, where it is not the scheme's own."""
    when: str | None
    tolerance_seconds: int
    declared_in: Literal["settings", "record"]
    by: str
    at: int | None
    actions: Actions


class WebhookPage(Struct, frozen=True, kw_only=True):
    """Webhooks; those of the settings come first. With a `next` there are more: give it as `cursor`."""

    webhooks: list[Webhook]
    next: str | None = None


class Delivered(Struct, frozen=True, kw_only=True):
    """What became of a delivery."""

    outcome: Literal["started", "known", "offered", "sent", "unwanted"]
    """`started` a run; `known`: it had before. `offered` to triggers, or `sent` to a run. `unwanted`: passed over."""
    run: RunRow | UnsetType = UNSET
    outputs: Value | UnsetType = UNSET
    """What the run has given, where it was waited for and has ended."""
    offered: list[OfferedEvent] | UnsetType = UNSET
    """What triggers have made of it, where it is an event."""
