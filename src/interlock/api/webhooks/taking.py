"""Deliveries: `POST /v1/hooks/{address}`. They come without a key: who sends one is known by its signature.

Nothing of a delivery is looked at before its signature was found right. That nobody is at an address, that the
signature is wrong, and that it is too old, is one and the same answer.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from interlock.api.answers import answers, told
from interlock.api.errors import ApiError
from interlock.api.raw_bodies import ANY_BODY, received
from interlock.api.reception import Reception
from interlock.api.runs.looking import WAIT_SECONDS_MAX, rested
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.values import Value, is_map
from interlock.embedded.delivering import Taken, deliver
from interlock.showing.runs import run_row
from interlock.showing.webhooks import delivered
from interlock.tenancy import LOCAL_TENANT
from interlock.webhooks.received import Received
from interlock.webhooks.registry import KeptWebhook
from interlock.wire.webhooks import Delivered

NEW: Final = frozenset({"started", "sent", "offered"})
"""What is on record now, and was not before."""
CHALLENGE: Final = "url_verification"
"""Slack asks once whether somebody is at an address, and is given back what it sent."""

router = APIRouter(tags=["webhooks"])

Address = Annotated[str, Path(max_length=200, description="Where the webhook is: see its `path`.")]
Wait = Annotated[
    int,
    Query(ge=0, le=WAIT_SECONDS_MAX, description="Answer with what the run gives, if it ends within so many seconds."),
]


@router.post(
    "/hooks/{address}",
    openapi_extra={**ANY_BODY, "security": [{}]},
    **answers(
        Delivered, "It is on record, and acted on.", status=202, also={200: "It was before, or has been done by now."}
    ),
)
async def take_delivery(address: Address, request: Request, wait: Wait = 0) -> Response:
    """Take what another system sends and signs: it starts a run, or is an event."""
    reception: Reception = request.app.state.reception
    delivery = Received.of(request.headers.raw, await _body(request, reception.settings.webhook_bytes))
    anybody = await reception.served.of(LOCAL_TENANT)
    webhook = await anybody.webhooks.recognised(address, delivery)
    challenge = _challenge(webhook, delivery)
    if challenge is not None:
        return challenge
    await reception.backlog.refuse_if_full()
    interlock = await reception.served.of(webhook.tenant)
    taken = await deliver(interlock, webhook, delivery, detach=reception.served.leaves_to_others)
    return await _answer(taken, wait)


async def _answer(taken: Taken, wait: int) -> Response:
    if taken.run is None:
        status = 202 if taken.outcome in NEW else 200
        return told(delivered(taken, run=UNSET, outputs=UNSET), status=status)
    if wait:
        await rested(taken.run, wait)
    row = await taken.run.row()
    has_ended = row.status in RUN_ENDED
    outputs = (await taken.run.view()).outputs if wait and has_ended else UNSET
    status = 202 if taken.outcome in NEW and not (wait and has_ended) else 200
    where = {"location": f"/v1/runs/{taken.run.id}"}
    return told(delivered(taken, run=run_row(row), outputs=outputs), status=status, headers=where)


async def _body(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for piece in received(request):
        body += piece
        if len(body) > bytes_max:
            raise ApiError(
                "body_too_large",
                f"a delivery may have {bytes_max:,} bytes (server.webhook_bytes)",
                headers={"connection": "close"},
            )
    return bytes(body)


def _challenge(webhook: KeptWebhook, delivery: Received) -> Response | None:
    if webhook.declared.scheme != "slack":
        return None
    body: Value = delivery.seen()["body"]
    if not is_map(body) or body.get("type") != CHALLENGE:
        return None
    return JSONResponse({"challenge": str(body.get("challenge", ""))})
