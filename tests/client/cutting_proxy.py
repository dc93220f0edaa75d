"""A proxy that breaks connections on purpose: what a bad network does, when a test says so."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

PIECE_BYTES = 16 * 1024


class CuttingProxy:
    """An address in front of a server. It knows nothing of HTTP: it passes bytes on, or does not."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.refuse = 0
        """How many of the next connections are closed at once."""
        self.swallow = 0
        """How many of the next answers do not come, and break their connections."""
        self.cut_after_bytes = 0
        """After how many bytes of answers new connections break; 0: they do not."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every open connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _take(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.refuse:
            self.refuse -= 1
            client.transport.abort()
            return
        server_reader, server = await asyncio.open_connection(*self._target)
        self._writers |= {client, server}
        passing = asyncio.gather(
            self._pass_on(client_reader, server), self._pass_back(server_reader, client, self.cut_after_bytes)
        )
        task = asyncio.ensure_future(self._until_over(passing, client, server))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_over(self, passing: asyncio.Future[tuple[None, None]], *writers: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await passing
        for writer in writers:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
        writer.transport.abort()

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bytes_max: int) -> None:
        passed = 0
        while piece := await reader.read(PIECE_BYTES):
            if self.swallow:
                self.swallow -= 1
                break
            piece = piece[: bytes_max - passed] if bytes_max else piece
            passed += len(piece)
            writer.write(piece)
            await writer.drain()
            if passed == bytes_max:
                await asyncio.sleep(0)  # what was written leaves before the connection breaks
                break
        writer.transport.abort()
