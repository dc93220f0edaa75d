"""The kept clients: one for each tenant and server. Nothing of one tenant goes through a connection of another.

A connection that was lost is opened anew with the next call. Belongs to one event loop at a time.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from interlock.tools.errors import ToolFailed
from interlock.tools.mcp.connection import McpConnection
from interlock.tools.mcp.reach import Reach
from interlock.tools.outgoing import MACHINE, Network

CLIENTS_MAX: Final = 200


class McpClients:
    """Connections by tenant and server."""

    def __init__(self, network: Network = MACHINE) -> None:
        self._network = network
        self._kept: dict[tuple[str, str], McpConnection] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connection(self, tenant: str, server: str, reach: Reach, *, protocol: str) -> McpConnection:
        """The kept connection, or a new one where there is none, it was lost, or it is reached in another way now."""
        self._begin_on_this_loop()
        await _load_sdk()
        key = (tenant, server)
        kept = self._kept.get(key)
        if kept is None or kept.is_over or kept.reach != reach:
            # Put there before anything is awaited: who comes next waits for this one, and opens none.
            self._kept[key] = opening = McpConnection(reach, protocol=protocol, network=self._network)
            if kept is not None:
                await kept.close()
            await self._make_room(key)
            kept = opening
        await kept.opened()
        return kept

    async def close(self) -> None:
        """End all of them."""
        kept, self._kept = list(self._kept.values()), {}
        await asyncio.gather(*(each.close() for each in kept))

    async def _make_room(self, key: tuple[str, str]) -> None:
        oldest = next((each for each in self._kept if each != key), None)
        if len(self._kept) > CLIENTS_MAX and oldest is not None:
            await self._kept.pop(oldest).close()

    def _begin_on_this_loop(self) -> None:
        """Forget connections of a loop that has ended, and which ended with it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._kept = loop, {}


async def _load_sdk() -> None:
    """Import the SDK, which takes a second: in a thread, so that what else runs here goes on meanwhile."""
    if "mcp.client" in sys.modules:
        return
    if find_spec("mcp") is None:
        told = "MCP servers need a package that is not installed: pip install 'interlock[mcp]'"
        raise ToolFailed(told, kind="unavailable", retryable=False)
    await asyncio.to_thread(import_module, "mcp.client")
