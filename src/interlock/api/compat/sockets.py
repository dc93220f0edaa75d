"""A WebSocket over which one kind of thing is told: whoever listens says nothing, or `ping` to hear `pong`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from interlock.api.guard import LISTENS
from interlock.api.streams.spoken import said

COME_AGAIN: Final = 1013
"""How a connection is closed when nothing more is told: whoever listened may come again."""

_GONE: Final = (WebSocketDisconnect, RuntimeError)
"""What is raised where a client has gone: the second, when something is sent after that was noticed."""


async def tell_all(socket: WebSocket, messages: AsyncIterator[bytes]) -> None:
    """Send messages as they come, until there are no more or nobody listens."""
    with socket.scope[LISTENS](socket.scope):
        await socket.accept()
        telling = asyncio.ensure_future(_tell(socket, messages))
        listening = asyncio.ensure_future(_hear(socket))
        try:
            await asyncio.wait([telling, listening], return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                await telling
        finally:
            telling.cancel()
            listening.cancel()
            await asyncio.gather(telling, listening, return_exceptions=True)


async def _tell(socket: WebSocket, messages: AsyncIterator[bytes]) -> None:
    async for message in messages:
        try:
            await socket.send_text(message.decode())
        except _GONE:
            return
    with suppress(*_GONE):
        await socket.close(code=COME_AGAIN)


async def _hear(socket: WebSocket) -> None:
    with suppress(*_GONE):
        while True:
            if await said(socket) == "ping":
                await socket.send_text("pong")
