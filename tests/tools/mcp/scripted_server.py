"""A real MCP server, made with the official SDK: it offers and answers what a script says, and counts what it is asked.

Run as a program it speaks over its standard input and output, and reads its script from a file before every answer, so
that a test can change what it offers while it runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

ECHO: dict[str, Any] = {
    "name": "echo",
    "description": "Say it again.",
    "inputSchema": {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    },
}


def a_script(*tools: dict[str, Any], **answers: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON data
    """A server with these tools, which answers with what it was given unless it is told otherwise."""
    return {"tools": list(tools) or [ECHO], "answers": answers}


@dataclass
class Asked:
    """What a server was asked: the calls, how often it listed its tools, and by how many clients."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    listed: int = 0
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


def make_server(script: Callable[[], dict[str, Any]], asked: Asked) -> Server[Any]:
    """The server of a script."""

    async def list_tools(_: Any, __: Any) -> mcp_types.ListToolsResult:  # noqa: ANN401 - the SDK's
        asked.listed += 1
        return mcp_types.ListToolsResult.model_validate({"tools": script()["tools"]})

    async def call_tool(_: Any, params: mcp_types.CallToolRequestParams) -> mcp_types.CallToolResult:  # noqa: ANN401
        asked.calls.append((params.name, params.arguments or {}))
        answer = script()["answers"].get(params.name)
        match answer:
            case "hang":
                await asyncio.sleep(3_600)
            case "die":
                os._exit(1)
            case "refuse":
                raise ValueError("no such thing")
            case _:
                pass
        if answer is None:
            text = json.dumps({"pid": os.getpid(), "got": params.arguments}, sort_keys=True)
            answer = {"content": [{"type": "text", "text": text}]}
        return mcp_types.CallToolResult.model_validate(answer)

    return Server("scripted", on_list_tools=list_tools, on_call_tool=call_tool)


@dataclass
class Serving:
    """A server on the loopback. A test may change its `script` while it serves."""

    url: str
    script: dict[str, Any]
    asked: Asked


@asynccontextmanager
async def served(script: dict[str, Any]) -> AsyncGenerator[Serving]:
    """The server over streamable HTTP."""
    asked = Asked()
    server = make_server(lambda: serving.script, asked)
    app = server.streamable_http_app()

    async def noting(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] == "http":
            asked.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await app(scope, receive, send)

    config = uvicorn.Config(noting, host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=0)
    running = uvicorn.Server(config)
    # Named TCP, or asyncio does not send small answers at once.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    task = asyncio.create_task(running._serve([listening]))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `serve` takes the signals, which are pytest's
    serving = Serving(f"http://127.0.0.1:{port}/mcp", script, asked)
    try:
        yield serving
    finally:
        running.should_exit = True
        running.force_exit = True
        await task


async def main(file: Path) -> None:
    """Serve the script of a file over the standard streams."""
    server = make_server(lambda: json.loads(file.read_text(encoding="utf-8")), Asked())
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
