"""Bodies that are bytes and nothing else: how a route declares one, and how it reads one piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from interlock.api.errors import ApiError

BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
ANY_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The bytes themselves, of whatever type they are.",
        "content": {"application/octet-stream": BYTES},
    }
}


async def received(request: Request) -> AsyncIterator[bytes]:
    """The body of a request, piece by piece as it comes."""
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as gone:
        raise ApiError("unreadable_body", "the client went before all of the body was here") from gone
