"""The agents over HTTP: `/a2a` lists them, each has an address and a card, and cards name the keys that sign them.

All of it is behind the guard: where a key is asked for, cards are seen with one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interlock.api.a2a.agents import AGENTS, CARD, KEYS, address_of, agent_named, agents_page
from interlock.api.answers import JSON
from interlock.api.backlog import Backlog
from interlock.api.errors import ApiError
from interlock.api.guard import LISTENS, Receive, Scope, Send
from interlock.api.pages import LIMIT_MAX, cursor_at, place_of
from interlock.api.visitors import Visitor, visitor_over_http
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served

if TYPE_CHECKING:
    from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher

HALF_CHARACTER: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""How an escape begins that may be one."""
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of a request: what is larger is uploaded as an artifact."""


class A2aOverHttp:
    """One for each server. The SDK is loaded when somebody asks first."""

    def __init__(self, served: Served[Interlock], backlog: Backlog, *, base: str, requires_key: bool) -> None:
        self._served = served
        self._backlog = backlog
        self._base = base
        self._requires_key = requires_key
        self._turn = asyncio.Lock()
        self._dispatcher: JsonRpcDispatcher | None = None
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let those go who wait."""
        self._closing.set()

    # --- what is at the addresses ---

    async def answer(self, request: Request) -> Response:
        """A message or another request of the protocol, to one agent."""
        dispatcher = await self._loaded()
        from interlock.api.a2a.handler import CALL, Call  # noqa: PLC0415 - it stands on the SDK

        name = str(request.path_params["agent"])
        visitor = await self._visitor(request)
        agent = await agent_named(visitor, name)
        _refuse_unreadable(await request.body())
        request.scope[CALL] = Call(visitor, agent.name, agent.plan)
        return await dispatcher.handle_requests(request)

    async def card(self, request: Request) -> Response:
        """The card of one agent."""
        await self._loaded()
        from interlock.api.a2a.cards import signed_card  # noqa: PLC0415 - it stands on the SDK

        visitor = await self._visitor(request)
        agent = await agent_named(visitor, str(request.path_params["agent"]))
        key = await visitor.interlock.run_files.signing_key()
        card = signed_card(agent, base=self._base, key=key, requires_key=self._requires_key)
        return _json(card)

    async def keys(self, request: Request) -> Response:
        """The keys that cards are signed with."""
        await self._loaded()
        from interlock.api.a2a.cards import key_set  # noqa: PLC0415 - it stands on the SDK

        visitor = await self._visitor(request)
        return _json(key_set(await visitor.interlock.run_files.signing_key()))

    async def agents(self, request: Request) -> Response:
        """The agents that the caller may speak to, page by page: the protocol itself has no list of them."""
        visitor = await self._visitor(request)
        after = place_of(request.query_params.get("cursor"), of="a2a agents") or ""
        names, goes_on = await agents_page(visitor, after=after, limit=LIMIT_MAX)
        agents = [{"name": name, "card": address_of(self._base, name) + CARD} for name in names]
        following = None if goes_on is None else cursor_at(goes_on, of="a2a agents")
        return _json({"agents": agents, "next": following})

    # --- what they stand on ---

    async def _visitor(self, request: Request) -> Visitor:
        return await visitor_over_http(request.scope, self._served, self._backlog, closing=self._closing)

    async def _loaded(self) -> JsonRpcDispatcher:
        async with self._turn:
            if self._dispatcher is None:
                self._dispatcher = await _load()
            return self._dispatcher


async def _load() -> JsonRpcDispatcher:
    if find_spec("a2a") is None:
        raise ApiError("not_installed", "A2A needs a package that is not installed: pip install 'interlock[a2a]'")
    await asyncio.to_thread(import_module, "interlock.api.a2a.binding")
    from interlock.api.a2a.binding import make_dispatcher  # noqa: PLC0415 - it takes a second, and few servers need it

    return make_dispatcher()


def _refuse_unreadable(body: bytes) -> None:
    """Refuse what the SDK would trip over: what is too large, nested without end, or half a character.

    What is no JSON it tells by itself.
    """
    if len(body) > MESSAGE_BYTES_MAX:
        raise ApiError("body_too_large", f"a request to an agent may have {MESSAGE_BYTES_MAX:,} bytes")
    try:
        data = json.loads(body)
        if HALF_CHARACTER.search(body):
            json.dumps(data, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ApiError("unreadable_body", "the body is nested too deep") from error
    except UnicodeEncodeError as error:
        raise ApiError("unreadable_body", "the body holds half a character") from error
    except ValueError:
        return


def _json(data: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(data), media_type=JSON)


class _Address:
    """An address within the application, whose state knows the server. Whoever asks there may have to wait."""

    def __init__(self, path: str, answer: Callable[[A2aOverHttp, Request], Awaitable[Response]]) -> None:
        self.path = path
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self  # for the meter, which counts by paths as they are written
        with scope[LISTENS](scope):
            response = await self._answer(scope["app"].state.reception.a2a, Request(scope, receive))
            await response(scope, receive, send)


def _route(method: str, path: str, answer: Callable[[A2aOverHttp, Request], Awaitable[Response]]) -> Route:
    return Route(path, endpoint=_Address(path, answer), methods=[method])


ROUTES: Final = (
    _route("GET", AGENTS, A2aOverHttp.agents),
    _route("GET", KEYS, A2aOverHttp.keys),
    _route("POST", AGENTS + "/{agent}", A2aOverHttp.answer),
    _route("GET", AGENTS + "/{agent}" + CARD, A2aOverHttp.card),
)
