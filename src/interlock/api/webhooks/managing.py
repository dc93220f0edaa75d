"""Which webhooks there are: `/v1/webhooks`. Those of the settings are changed there."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, JsonValue
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import NOTHING, answers, told
from interlock.api.desks import Desk, ManagesWebhooks, ReadsWebhooks
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.showing.webhooks import webhook
from interlock.webhooks.declaring import WebhookName, WebhookSettings
from interlock.webhooks.registry import KeptWebhook
from interlock.wire.webhooks import Webhook, WebhookPage

router = APIRouter(tags=["webhooks"])

Name = Annotated[str, Path(max_length=100, description="The name of a webhook.")]


GRAPH_OR_EVENT: Final[list[JsonValue]] = [
    {
        "required": ["graph"],
        "properties": {"graph": {"type": "string"}, "event": {"type": "null"}, "run": {"type": "null"}},
        "not": {"required": ["data"]},
    },
    {
        "required": ["event"],
        "properties": {"event": {"type": "string"}, "graph": {"type": "null"}, "inputs": {"maxProperties": 0}},
    },
]
"""How the schema says that a webhook starts a graph or sends an event."""


class WebhookBody(WebhookSettings):
    """A webhook to be put on record: what `[webhooks.NAME]` says in the settings, and its name."""

    model_config = ConfigDict(json_schema_extra={"oneOf": GRAPH_OR_EVENT})

    name: WebhookName = Field(examples=["orders"])


@router.get("/webhooks", **answers(WebhookPage, "Webhooks, those of the settings first."))
async def list_webhooks(desk: ReadsWebhooks, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """What other systems may send, and what is made of it."""
    found, following = page_of(await desk.interlock.webhooks.listed(), limit=limit, cursor=cursor, of="webhooks")
    return told(WebhookPage(webhooks=[_shown(desk, each) for each in found], next=following))


@router.post("/webhooks", **answers(Webhook, "Deliveries to its path are taken.", status=201))
async def create_webhook(body: WebhookBody, desk: ManagesWebhooks) -> Response:
    """Take deliveries at a new address, signed with a secret that the server knows by its name."""
    declared = WebhookSettings.model_validate(body.model_dump(exclude={"name"}, exclude_unset=True))
    made = await desk.interlock.webhooks.create(body.name, declared, by=desk.caller.name)
    return told(_shown(desk, made), status=201)


@router.delete("/webhooks/{name}", **answers(None, "Nobody is at its address any more.", status=NOTHING))
async def give_up_webhook(name: Name, desk: ManagesWebhooks) -> Response:
    """Give a webhook up. Runs that it has started go on."""
    await desk.interlock.webhooks.drop(name)
    return Response(status_code=NOTHING)


def _shown(desk: Desk, kept: KeptWebhook) -> Webhook:
    in_settings = "" if kept.is_on_record else "it stands in interlock.toml"
    return webhook(
        kept,
        path=f"/v1/hooks/{kept.address}",
        has_secret=desk.interlock.webhooks.has_secret(kept),
        actions=actions(desk.caller, "webhooks", {"give_up": ("manage", in_settings)}),
    )
