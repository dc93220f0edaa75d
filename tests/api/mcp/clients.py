"""The real client of the official SDK, speaking to a server of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp_types as types
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.api.running_server import RunningServer

ERAS = ("legacy", "2026-07-28")
"""How clients speak: with the handshake that the protocol had until 2025, and without."""


class Person:
    """Somebody in front of a client, who answers what it shows them: `fills` says what, None is to decline."""

    def __init__(self, fills: Callable[[types.ElicitRequestFormParams], dict[str, Any] | None]) -> None:
        self.fills = fills
        self.asked: list[types.ElicitRequestFormParams] = []

    async def __call__(
        self,
        context: object,  # noqa: ARG002 - the SDK calls it so
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult:
        """Fill in a form."""
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        content = self.fills(params)
        return types.ElicitResult(action="decline" if content is None else "accept", content=content)


@asynccontextmanager
async def client_of(
    server: RunningServer, *, era: str = "2026-07-28", key: str = "", person: Person | None = None
) -> AsyncGenerator[Client]:
    """A client that is connected to a server over HTTP."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
        transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
        async with Client(transport, mode=era, elicitation_callback=person) as client:
            yield client


def text_of(result: types.CallToolResult) -> str:
    """What the first part of an answer says."""
    first = result.content[0]
    assert isinstance(first, types.TextContent)
    return first.text


def read_text(result: types.ReadResourceResult) -> str:
    """What a resource holds."""
    first = result.contents[0]
    assert isinstance(first, types.TextResourceContents)
    return first.text
