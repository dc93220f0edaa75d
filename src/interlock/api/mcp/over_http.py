"""The server over HTTP, at `/mcp`: behind the same guard as every route, so that a caller is whom its key names.

The SDK keeps sessions for clients of the protocol until 2025; they are bounded in number and idle time, and each opens
to the caller alone that began it. Everything here waits more than it works, so that its requests count as listeners.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Route

from interlock.api.backlog import Backlog
from interlock.api.errors import ApiError
from interlock.api.guard import CALLER, LISTENS, Receive, Scope, Send
from interlock.api.streams.hubs import Hubs
from interlock.api.visitors import Visitor, visitor_over_http
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
from interlock.tenancy import Caller

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH: Final = "/mcp"
SESSIONS_MAX: Final = 1_000
IDLE_SECONDS: Final = 30 * 60
LAST_SECONDS: Final = 2.0
"""How long those who wait may take to hear how things stand when the server ends."""


class McpOverHttp:
    """One for each server. The SDK is loaded when somebody asks first."""

    def __init__(self, served: Served[Interlock], backlog: Backlog, hubs: Hubs) -> None:
        self._served = served
        self._hubs = hubs
        self._backlog = backlog
        self._turn = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._living: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._calls: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        manager = await self._opened()
        scope["user"] = _session_owner(scope[CALLER])
        with scope[LISTENS](scope), self._counted(scope):
            await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """Let those go who wait, and end every session."""
        self._closing.set()
        if self._living is None:
            return
        if self._calls:
            await asyncio.wait(self._calls, timeout=LAST_SECONDS)
        self._living.cancel()
        await asyncio.gather(self._living, return_exceptions=True)

    @contextmanager
    def _counted(self, scope: Scope) -> Generator[None]:
        """What is asked, and not only listened to, is answered before everything ends."""
        task = asyncio.current_task()
        assert task is not None
        if scope["method"] == "POST":
            self._calls.add(task)
        try:
            yield
        finally:
            self._calls.discard(task)

    async def _opened(self) -> StreamableHTTPSessionManager:
        async with self._turn:
            if self._closing.is_set():
                raise ApiError("stopping", "the server is about to stop")
            if self._manager is None:
                self._manager = await self._open()
            return self._manager

    async def _open(self) -> StreamableHTTPSessionManager:
        if find_spec("mcp") is None:
            raise ApiError("not_installed", "MCP needs a package that is not installed: pip install 'interlock[mcp]'")
        await asyncio.to_thread(import_module, "interlock.api.mcp.server")
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415 - it takes a second, and few servers need it
            StreamableHTTPSessionManager,
        )

        from interlock.api.mcp.server import make_server  # noqa: PLC0415 - as above

        manager = StreamableHTTPSessionManager(
            make_server(self._visitor, self._hubs.of), session_idle_timeout=IDLE_SECONDS, max_sessions=SESSIONS_MAX
        )
        ready = asyncio.Event()
        self._living = asyncio.get_running_loop().create_task(_live(manager, ready), name="interlock-mcp-sessions")
        await ready.wait()
        return manager

    async def _visitor(self, ctx: ServerRequestContext[Any, Any]) -> Visitor:
        assert ctx.request is not None
        return await visitor_over_http(ctx.request.scope, self._served, self._backlog, closing=self._closing)


async def _live(manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
    """One task owns the sessions from their opening to their end, whoever asks."""
    async with manager.run():
        ready.set()
        await asyncio.get_running_loop().create_future()


def _session_owner(caller: Caller) -> object:
    """Whose a session is, in the words of the SDK: it lets nobody else go on with it."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser  # noqa: PLC0415 - as above
    from mcp.server.auth.provider import AccessToken  # noqa: PLC0415

    return AuthenticatedUser(AccessToken(token="", client_id=f"{caller.tenant}/{caller.key or caller.name}", scopes=[]))


class _Address:
    """The address within the application, whose state knows the server."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = ROUTE  # for the meter, which counts by paths as they are written
        await scope["app"].state.reception.mcp(scope, receive, send)


ROUTE: Final = Route(PATH, endpoint=_Address())
