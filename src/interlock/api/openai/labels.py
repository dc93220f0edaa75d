"""What a request says of itself, as labels of its run. People go by a keyed hash, and never as sent."""

from __future__ import annotations

from interlock.api.compat.platform.people import USER_HASH, hash_of
from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.openai.bodies import ChatBody


async def labels_of(desk: Desk, body: ChatBody) -> dict[str, str]:
    """The labels: `metadata` as it is, and whoever `user` names."""
    labels = dict(body.metadata or {})
    if body.user:
        if USER_HASH in labels:
            told = f"metadata.{USER_HASH}: the field `user` says who it is"
            raise ApiError("invalid_request", told, field=f"metadata.{USER_HASH}")
        labels[USER_HASH] = await hash_of(desk, body.user)
    return labels
