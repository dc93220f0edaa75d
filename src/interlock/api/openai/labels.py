"""What a request says of itself, as labels of its run. People go by a keyed hash, and never as sent."""

from __future__ import annotations

from typing import Final

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.openai.bodies import ChatBody
from interlock.tenancy.pseudonyms import user_hash

USER: Final = "user"


async def labels_of(desk: Desk, body: ChatBody) -> dict[str, str]:
    """The labels: `metadata` as it is, and whoever `user` names."""
    labels = dict(body.metadata or {})
    if body.user:
        if USER in labels:
            raise ApiError("invalid_request", "metadata.user: the field `user` says who it is", field="metadata.user")
        labels[USER] = user_hash(await desk.reception.pseudonyms.of(desk.caller.tenant), body.user)
    return labels
