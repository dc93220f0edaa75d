"""Real HTTP servers on the loopback that say what a test tells them to, byte for byte, and remember what they heard."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

Answering: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """A server, and what it was asked."""

    port: int
    requests: list[str] = field(default_factory=list[str])

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """An address at this server, under whatever name."""
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def loopback(answer: Answering | bytes, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Loopback]:
    """A server that answers each request alike: with these bytes, or as a function does it."""
    waiting: set[asyncio.Task[object]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        waiting.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            server.requests.append((head + body).decode())
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        waiting.discard(task)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server = Loopback(listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()
        for task in waiting:
            task.cancel()


def response(
    body: bytes = b"", *, status: str = "200 OK", headers: Sequence[str] = (), length: int | None = None
) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _length(head: bytes) -> int:
    lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lines[0].partition(b":")[2]) if lines else 0
