"""What a client says over a WebSocket, which is text: who sends bytes is let go in good order."""

from __future__ import annotations

from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

NOT_TEXT: Final = 1003
"""How a connection is closed on which something else than text was sent."""


async def said(socket: WebSocket) -> str:
    """What the client says next. Raises `WebSocketDisconnect` when there is nothing more."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"], message.get("reason"))
    text: str | None = message.get("text")
    if text is None:
        await socket.close(code=NOT_TEXT, reason="what is said here is text")
        raise WebSocketDisconnect(NOT_TEXT)
    return text
