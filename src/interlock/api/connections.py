"""Connections that are bounded: what a client may send before anything is read of it, and how long it may take.

uvicorn bounds what an application asks for; here is bounded what comes before and after that. A head has to arrive
within seconds and must not be long; a client that does not read what it is sent is cut off, not buffered for; one that
has gone without a word is noticed by the system. It knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
"""How long the first line and the headers of a request may take to arrive."""
HEAD_BYTES_MAX: Final = 64 * 1024
"""How long they may be, together."""
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
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A client has connected: its first head is waited for."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=UNREAD_BYTES_MAX)
        _notice_the_gone(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """More of a request. The length of a head is that of the pieces it came in."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins, perhaps the next one on this connection."""
        super().on_message_begin()
        self._in_head = True
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is over: from here on the application bounds what it reads."""
        self._in_head, self._head_bytes = False, 0
        self._expect_nothing()
        super().on_headers_complete()

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
