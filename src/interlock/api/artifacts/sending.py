"""Sending a file: whole or a range of it, or only what is to be known of it; never as a page of this server.

What somebody uploaded may say of itself that it is a page. It is sent as something to be kept, so that no script in it
is ever run with the rights of who looks at it.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from interlock.api.artifacts.ranges import range_meant
from interlock.api.raw_bodies import BYTES

Read: TypeAlias = Callable[[int, int], AsyncIterator[bytes]]
"""Gives the bytes from one number on and before another."""

FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The bytes.", "content": {"*/*": BYTES}},
    206: {"description": "Those that the header Range asks for.", "content": {"*/*": BYTES}},
    304: {"description": "It is as If-None-Match has it."},
}
"""What a route answers that sends a file, for OpenAPI."""

_HARMLESS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "attachment",
    "accept-ranges": "bytes",
}


def sent(request: Request, read: Read, *, size: int, type: str, digest: str, is_forever: bool) -> Response:
    """What a request for a file is answered with. One that is kept by its content never changes."""
    tag = f'"{digest}"'
    proof = base64.b64encode(bytes.fromhex(digest)).decode()
    kept = "private, max-age=31536000, immutable" if is_forever else "private, no-cache"
    headers = {**_HARMLESS, "etag": tag, "repr-digest": f"sha-256=:{proof}:", "cache-control": kept}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    meant = range_meant(request.headers, size=size, tag=tag)
    headers |= {"content-length": str(meant.size), "content-type": type}
    if not meant.is_whole:
        headers["content-range"] = f"bytes {meant.first}-{meant.after - 1}/{size}"
    status = 200 if meant.is_whole else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(read(meant.first, meant.after), status_code=status, headers=headers)
