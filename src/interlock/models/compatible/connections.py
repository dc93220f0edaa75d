"""Connections to one server by HTTP/1.1: kept while they are idle, one request on each at a time.

As small as the protocol allows, since it stands between every call and its answer: no redirects, no cookies, no packed
answers, and nothing repeated. Knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext, create_default_context
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from interlock.models.compatible.failures import ConnectionLost, NotConnected

ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""No answer is that long: one that is longer has no end."""
IDLE_SECONDS: Final = 5.0
"""For how long a connection is kept that nobody uses: servers close theirs soon after."""
IDLE_MAX: Final = 100
HEAD_BYTES_MAX: Final = 64 * 1024
PIECE_BYTES: Final = 64 * 1024
_INTERIM: Final = range(100, 200)


class Head(Struct, frozen=True):
    """How an answer begins. Names of headers are small."""

    status: int
    headers: Mapping[str, str]


class Heard:
    """An answer that is being read."""

    def __init__(self, head: Head, reader: asyncio.StreamReader) -> None:
        self.head = head
        self.is_over = False
        self._reader = reader

    async def whole(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncGenerator[bytes]:
        """What comes, as it comes; so much of it at most."""
        heard = 0
        try:
            async for piece in self._pieces():
                heard += len(piece)
                if heard > ANSWER_BYTES_MAX:
                    raise ConnectionLost(f"its answer is longer than {ANSWER_BYTES_MAX:,} bytes")
                yield piece
        except asyncio.IncompleteReadError as error:
            raise ConnectionLost("the connection was closed before its answer was over") from error
        except asyncio.LimitOverrunError as error:
            raise ConnectionLost("its answer is no HTTP") from error
        except OSError as error:
            raise ConnectionLost(str(error) or type(error).__name__) from error

    async def _pieces(self) -> AsyncGenerator[bytes]:
        headers = self.head.headers
        if headers.get("transfer-encoding", "").lower() == "chunked":
            async for piece in self._chunks():
                yield piece
        elif "content-length" in headers:
            left = _number(headers["content-length"], 10)
            while left:
                piece = await self._reader.read(min(left, PIECE_BYTES))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(piece)
                yield piece
        else:
            while piece := await self._reader.read(PIECE_BYTES):
                yield piece
            return  # its end was that of the connection
        self.is_over = True

    async def _chunks(self) -> AsyncGenerator[bytes]:
        while True:
            line = await self._reader.readuntil(b"\n")
            size = _number(line.partition(b";")[0].decode("latin-1").strip(), 16)
            if size == 0:
                break
            if size > ANSWER_BYTES_MAX:
                raise ConnectionLost(f"its answer is longer than {ANSWER_BYTES_MAX:,} bytes")
            yield await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        while (await self._reader.readuntil(b"\n")).strip():
            pass  # what may stand behind the last piece says nothing of the answer


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.idle_since = 0.0

    @property
    def is_usable(self) -> bool:
        is_there = not (self.reader.at_eof() or self.writer.is_closing())
        return is_there and monotonic() - self.idle_since < IDLE_SECONDS

    def close(self) -> None:
        self.writer.transport.abort()


class Connections:
    """The connections to one server. Belongs to one event loop."""

    def __init__(self, url: str, *, headers: Mapping[str, str], connect_seconds: float) -> None:
        place = urlsplit(url)
        self._host = place.hostname or ""
        self._port = place.port or (443 if place.scheme == "https" else 80)
        self._context: SSLContext | None = create_default_context() if place.scheme == "https" else None
        self._connect_seconds = connect_seconds
        lines = {"host": place.netloc.rpartition("@")[2], "accept-encoding": "identity", **headers}
        self._path = place.path.rstrip("/")
        self._lines = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
        self._idle: list[_Connection] = []

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[Heard]:
        """Send a body, and read what is answered. A connection is kept if its answer was read to the end."""
        connection = self._kept() or await self._opened()
        is_kept = False
        try:
            heard = await self._answered(connection, path, body)
            yield heard
            is_kept = heard.is_over and heard.head.headers.get("connection", "").lower() != "close"
        finally:
            if is_kept and len(self._idle) < IDLE_MAX:
                connection.idle_since = monotonic()
                self._idle.append(connection)
            else:
                connection.close()

    async def close(self) -> None:
        """Let all go."""
        idle, self._idle = self._idle, []
        for each in idle:
            each.close()

    def _kept(self) -> _Connection | None:
        """The one that was used last: it is the most likely to be there still."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _opened(self) -> _Connection:
        try:
            async with asyncio.timeout(self._connect_seconds):
                name = self._host if self._context else None
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, ssl=self._context, server_hostname=name, limit=HEAD_BYTES_MAX
                )
        except TimeoutError as error:
            raise NotConnected(f"no connection within {self._connect_seconds:g} s") from error
        except OSError as error:
            raise NotConnected(str(error) or type(error).__name__) from error
        return _Connection(reader, writer)

    async def _answered(self, connection: _Connection, path: str, body: bytes) -> Heard:
        first = f"POST {self._path}{path} HTTP/1.1\r\n{self._lines}content-length: {len(body)}\r\n\r\n"
        try:
            connection.writer.write(first.encode("latin-1") + body)
            await connection.writer.drain()
        except OSError as error:
            raise ConnectionLost(str(error) or type(error).__name__) from error
        while (head := await _head(connection.reader)).status in _INTERIM:
            pass
        packed = head.headers.get("content-encoding", "identity")
        if packed.lower() != "identity":
            raise ConnectionLost(f"its answer is packed as {packed[:40]!r}, which it was not asked for")
        return Heard(head, connection.reader)


async def _head(reader: asyncio.StreamReader) -> Head:
    try:
        said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        raise ConnectionLost("the server closed the connection without an answer") from error
    except asyncio.LimitOverrunError as error:
        raise ConnectionLost(f"its answer has no head within {HEAD_BYTES_MAX:,} bytes") from error
    except OSError as error:
        raise ConnectionLost(str(error) or type(error).__name__) from error
    first, *lines = said.rstrip("\r\n").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise ConnectionLost("its answer is no HTTP")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return Head(int(rest[:3]), headers)


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError as error:
        raise ConnectionLost("its answer is no HTTP") from error
    if number < 0:
        raise ConnectionLost("its answer is no HTTP")
    return number
