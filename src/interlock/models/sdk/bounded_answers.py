"""Answers that a server can make neither endless nor large in secret: they come unpacked, and are cut at a length."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final

from httpx2 import AsyncByteStream, RemoteProtocolError, Response

ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""No answer is that long: one that is longer has no end."""


def bounding() -> dict[str, Any]:
    """What a library's client is made with, so that each of its answers is held to that."""
    # Some bytes of a packed answer can be gigabytes when it is unpacked, and the library unpacks whatever comes.
    return {"headers": {"accept-encoding": "identity"}, "event_hooks": {"response": [_hold]}}


async def _hold(response: Response) -> None:
    packed = response.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise RemoteProtocolError(f"its answer is packed as {packed[:40]!r}, which it was not asked for")
    assert isinstance(response.stream, AsyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(AsyncByteStream):
    def __init__(self, stream: AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        heard = 0
        async for piece in self._stream:
            heard += len(piece)
            if heard > ANSWER_BYTES_MAX:
                raise RemoteProtocolError(f"its answer is longer than {ANSWER_BYTES_MAX:,} bytes")
            yield piece

    async def aclose(self) -> None:
        """Let the connection go."""
        await self._stream.aclose()
