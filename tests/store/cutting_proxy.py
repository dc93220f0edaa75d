"""A way to a server on which a connection can be cut at the worst moment.

That is after the server has done what was asked of it, and before its answer has arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class CuttingProxy:
    """Stands between stores and their server. `address` leads through it."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        assert parts.port is not None
        self._server = (parts.hostname, parts.port)
        self._url = address.replace(f":{parts.port}/", ":{port}/")
        self._cuts_next_answer = False
        self.address = ""
        self.cuts = 0

    def cut_next_answer(self) -> None:
        """The next answer of the server does not arrive, nor does anything else on its connection."""
        self._cuts_next_answer = True

    def listen_at(self, port: int) -> None:
        """Where the proxy is found."""
        self.address = self._url.format(port=port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end is gone."""
        from_server, to_server = await asyncio.open_connection(*self._server)
        asking = asyncio.create_task(_pass_on(reader, to_server))
        with suppress(ConnectionError):
            while answer := await from_server.read(_CHUNK):
                if self._cuts_next_answer:
                    self._cuts_next_answer = False
                    self.cuts += 1
                    break
                writer.write(answer)
                await writer.drain()
        asking.cancel()
        to_server.close()
        writer.close()


@asynccontextmanager
async def cutting_proxy(address: str) -> AsyncGenerator[CuttingProxy]:
    """A proxy to the server of an address."""
    proxy = CuttingProxy(address)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.listen_at(listening.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        listening.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while asked := await reader.read(_CHUNK):
            writer.write(asked)
            await writer.drain()
