"""A way to a server on which connections fall silent: nobody is told that they are gone, nothing passes any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

_CHUNK = 65_536


class HangingProxy:
    """Stands between stores and their server. `address` leads through it."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        assert parts.port is not None
        self._server = (parts.hostname, parts.port)
        self._url = address.replace(f":{parts.port}/", ":{port}/")
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends = asyncio.Event()
        self._open: set[asyncio.Task[Any]] = set()
        self.address = ""
        self.connections = 0

    def listen_at(self, port: int) -> None:
        """Where the proxy is found."""
        self.address = self._url.format(port=port)

    def hang(self) -> None:
        """The connections there are pass nothing on any more. New ones do."""
        self._flows.clear()
        self._flows = asyncio.Event()
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end is gone."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        from_server, to_server = await asyncio.open_connection(*self._server)
        flows = self._flows
        both = (_pass_on(reader, to_server, flows), _pass_on(from_server, writer, flows))
        passing = [asyncio.create_task(way) for way in (*both, self._ends.wait())]
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for way in passing:
            way.cancel()
        to_server.close()
        writer.close()
        self._open.discard(task)

    async def close(self) -> None:
        """End every connection."""
        self._ends.set()
        if self._open:
            await asyncio.wait(self._open)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
    with suppress(ConnectionError):
        while said := await reader.read(_CHUNK):
            await flows.wait()
            writer.write(said)
            await writer.drain()


@asynccontextmanager
async def hanging_proxy(address: str) -> AsyncGenerator[HangingProxy]:
    """A proxy to the server of an address."""
    proxy = HangingProxy(address)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.listen_at(listening.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.close()
