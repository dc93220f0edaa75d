"""Deliveries of webhooks: mapped, each starts a run or is an event, once.

What came from outside is marked as such, so that policies can be stricter with it. Whoever sends a delivery again, with
the id it had, is given the run that there is.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.embedded.interlock import Interlock
from interlock.engine.triggers.event_triggers import Offered
from interlock.webhooks.mapping import Meant
from interlock.webhooks.received import Received
from interlock.webhooks.registry import KeptWebhook

TRIGGER_LABEL: Final = "trigger"
WEBHOOK_LABEL: Final = "webhook"

Outcome: TypeAlias = Literal["started", "known", "offered", "sent", "unwanted"]


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a delivery.

    `started` a run; `known`: it had started one before. `offered` to triggers, or `sent` to a run, as an event.
    `unwanted`: its webhook's `when` says no to it.
    """

    outcome: Outcome
    run: RunHandle | None = None
    offered: tuple[Offered, ...] = ()


async def deliver(interlock: Interlock, webhook: KeptWebhook, request: Received, *, detach: bool = False) -> Taken:
    """Do what a webhook of this tenant makes of a request. Raises `WebhookUnmappedError` where it makes nothing."""
    meant = webhook.mapping.meant(request)
    if meant is None:
        return Taken(outcome="unwanted")
    if webhook.declared.graph is not None:
        return await _start(interlock, webhook, webhook.declared.graph, meant, detach=detach)
    assert webhook.declared.event is not None, "a webhook names a graph or an event"
    return await _send(interlock, webhook, webhook.declared.event, meant, detach=detach)


async def _start(interlock: Interlock, webhook: KeptWebhook, graph: str, meant: Meant, *, detach: bool) -> Taken:
    run = await interlock.start(
        Named(graph),
        meant.inputs,
        key=_key(webhook, meant),
        labels={TRIGGER_LABEL: "webhook", WEBHOOK_LABEL: webhook.name},
        by=_by(webhook),
        tainted=True,
        detach=detach,
    )
    return Taken(outcome="started" if run.is_new else "known", run=run)


async def _send(interlock: Interlock, webhook: KeptWebhook, event: str, meant: Meant, *, detach: bool) -> Taken:
    if meant.run:
        run = await interlock.open(meant.run)
        await run.send(event, meant.data, id=_key(webhook, meant), by=_by(webhook), detach=detach)
        return Taken(outcome="sent", run=run)
    offered = await interlock.triggers.send(event, meant.data, id=_key(webhook, meant), by=_by(webhook))
    return Taken(outcome="offered", offered=tuple(offered))


def _by(webhook: KeptWebhook) -> str:
    return f"webhook {webhook.name}"


def _key(webhook: KeptWebhook, meant: Meant) -> str:
    return f"{_by(webhook)}:{meant.id}"
