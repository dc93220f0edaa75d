"""How an `AsyncClient` sends: the same as `sending`, in an event loop. It decides nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpcore

from interlock.client.address import Address
from interlock.client.breaking import FAILURES, broken_by
from interlock.client.connecting import Connecting, headers_of, is_stream, message, tls_of
from interlock.client.requests import Answer, Broken, Request


class AsyncSender:
    """The connections of one client, in one event loop."""

    def __init__(self, address: Address, connecting: Connecting) -> None:
        self._address = address
        self._connecting = connecting
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls_of(address, connecting),
            max_connections=connecting.connections_max,
            keepalive_expiry=connecting.idle_seconds,
        )

    async def send(self, request: Request) -> Answer | Broken:
        """Send a request, and read its answer."""
        sent = message(request, self._address, self._connecting)
        try:
            async with self._pool.stream(**sent) as response:
                return Answer(status=response.status, headers=headers_of(response), body=await response.aread())
        except FAILURES as failure:
            return broken_by(failure, self._address.url)

    def line(self) -> AsyncLine:
        """A place for one stream."""
        return AsyncLine(self._pool, self._address, self._connecting)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class AsyncLine:
    """One stream at a time: opening another closes it."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, address: Address, connecting: Connecting) -> None:
        self._pool = pool
        self._address = address
        self._connecting = connecting
        self._open = AsyncExitStack()
        self._chunks: AsyncIterator[bytes] | None = None

    async def open(self, request: Request, silence_seconds: float) -> Answer | Broken:
        """Open a stream. An answer that is none comes back whole."""
        await self.close()
        sent = message(request, self._address, self._connecting, silence_seconds=silence_seconds)
        try:
            response = await self._open.enter_async_context(self._pool.stream(**sent))
            headers = headers_of(response)
            if is_stream(response.status, headers):
                self._chunks = response.aiter_stream()
                return Answer(status=response.status, headers=headers, body=b"")
            answer = Answer(status=response.status, headers=headers, body=await response.aread())
            await self.close()
        except FAILURES as failure:
            return broken_by(failure, self._address.url)
        return answer

    async def read(self) -> bytes | Broken:
        """More of it; nothing at its end."""
        if self._chunks is None:
            return b""
        try:
            return await anext(self._chunks, b"")
        except FAILURES as failure:
            return broken_by(failure, self._address.url)

    async def close(self) -> None:
        """Close the stream, if one is open."""
        self._chunks = None
        await self._open.aclose()
