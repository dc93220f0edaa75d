"""The server over standard input and output, for a client that starts it as a program: one person, one machine."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from interlock.api.mcp.input_lines import input_lines
from interlock.api.mcp.server import make_server
from interlock.api.visitors import Visitor
from interlock.embedded.interlock import Interlock
from interlock.tenancy import local_owner


async def serve_stdio(interlock: Interlock, *, by: str) -> None:
    """Answer what comes in until the client closes it. What is started is driven here, and goes on record under `by`.

    While it serves, whatever else writes to standard output writes to standard error.
    """
    closing = asyncio.Event()
    visitor = Visitor(caller=local_owner(by), interlock=interlock, closing=closing)

    async def the_one(_: ServerRequestContext[Any, Any]) -> Visitor:
        return visitor

    server = make_server(the_one)
    try:
        with input_lines() as lines:
            stdin: Any = lines  # of a file the SDK wants no more than its lines
            async with stdio_server(stdin) as (read_stream, write_stream):
                await server.run(read_stream, write_stream, server.create_initialization_options())
    finally:
        closing.set()
