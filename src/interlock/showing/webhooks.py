"""Webhooks, and what became of deliveries, as programs are shown them."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from interlock.embedded.delivering import Taken
from interlock.showing.triggers import offered_events
from interlock.webhooks.registry import KeptWebhook
from interlock.wire import webhooks as wire
from interlock.wire.runs import Actions, RunRow
from interlock.wire.values import Value


def webhook(kept: KeptWebhook, *, path: str, has_secret: bool, actions: Actions) -> wire.Webhook:
    """A webhook, with what can be done with it by who asks."""
    declared = kept.declared
    is_event = declared.event is not None
    return wire.Webhook(
        name=kept.name,
        path=path,
        scheme=declared.scheme,
        secret=declared.secret,
        has_secret=has_secret,
        graph=declared.graph,
        inputs=declared.inputs,
        event=declared.event,
        data=declared.data if is_event else None,
        run=declared.run,
        id=declared.id,
        when=declared.when,
        tolerance_seconds=declared.tolerance_seconds,
        declared_in="record" if kept.is_on_record else "settings",
        by=kept.by,
        at=kept.at or None,
        actions=actions,
    )


def delivered(taken: Taken, *, run: RunRow | UnsetType, outputs: Value | UnsetType) -> wire.Delivered:
    """What became of a delivery."""
    return wire.Delivered(
        outcome=taken.outcome,
        run=run,
        outputs=outputs,
        offered=offered_events(taken.offered).triggers if taken.outcome == "offered" else UNSET,
    )
