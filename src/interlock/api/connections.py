"""Connections that are bounded: what a client may send before anything is read of it, and how long it may take.

uvicorn bounds what an application asks for; here is bounded what comes before and after that. A head has to arrive
within seconds and must not be long, nor what follows a body; who has been answered asks something else soon, or goes; a
client that does not read what it is sent is cut off, not buffered for; one that has gone without a word is noticed by
the system. It knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_SECONDS: Final = 10.0
"""How long the first line and the headers of a request may take to arrive, from the answer before on."""
HEAD_BYTES_MAX: Final = 64 * 1024
"""How long they may be, together; and whatever else comes that is part of no body, such as trailers."""
READ_SECONDS: Final = 30.0
"""For how long a client may read nothing of what waits for it."""
UNREAD_BYTES_MAX: Final = 256 * 1024
"""How much may wait for a client before what writes to it has to wait."""

_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class BoundedConnection(HttpToolsProtocol):
    """One connection of a client."""

    _deadline: asyncio.TimerHandle | None = None
    _slow: asyncio.TimerHandle | None = None
    _bytes_of_no_body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client has connected: its first head is waited for."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=UNREAD_BYTES_MAX)
        _notice_the_gone(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """More of a request. The length of a head is that of the pieces it came in."""
        self._bytes_of_no_body += len(data)
        super().data_received(data)
        if self._bytes_of_no_body > HEAD_BYTES_MAX:
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins, perhaps the next one on this connection."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is over: from here on the application bounds what it reads."""
        self._bytes_of_no_body = 0
        self._expect_nothing()
        self.scope["headers"] = [*self.headers]  # trailers are kept with the others, and are none of the request's
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body, or of what nobody reads of it any more."""
        self._bytes_of_no_body = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """The answer is over: whatever the client sends still of its request, the next one is waited for now."""
        if not self.pipeline:
            self._expect_head()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """The connection goes on as a WebSocket. A head that is not understood as one is answered by nobody there."""
        super().handle_websocket_upgrade()
        goes_on = self.transport.get_protocol()
        if not (isinstance(goes_on, WebSocketsSansIOProtocol) and goes_on.handshake_initiated):
            self.send_400_response("Invalid HTTP request received.")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._expect_nothing()
        self._stop_waiting()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client has not read what waits for it: it has some seconds to."""
        super().pause_writing()
        self._stop_waiting()
        self._slow = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read some of it."""
        self._stop_waiting()
        super().resume_writing()

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_waiting(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None


def _notice_the_gone(transport: asyncio.Transport) -> None:
    """What was sent and is not acknowledged in time ends the connection, where the system can do that."""
    made: socket.socket | None = transport.get_extra_info("socket")
    if made is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):  # a connection that is no TCP
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(READ_SECONDS * 1000))
