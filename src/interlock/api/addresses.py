"""Which route takes a request: found by how its path begins, where the framework tries one route after another.

With a hundred routes trying takes longer than most of what they do. Whatever is not found here is left to the
framework: it says what is wrong with the address or the method.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.utils import generate_unique_id
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from interlock.api.errors import ApiError
from interlock.api.guard import REQUEST
from interlock.core.errors import InterlockError

Beginning: TypeAlias = tuple[int, str, str]
"""How many parts a path has, and its first two."""

log = logging.getLogger(__name__)

_REST: Final = ":path}"
"""What stands in a path for any number of parts."""


def routes_at(prefix: str, router: APIRouter) -> Iterable[BaseRoute]:
    """The routes of a router, below a prefix. They stay as they are in the router itself."""
    for route in router.routes:
        moved: Any = copy.copy(route)
        moved.path = prefix + moved.path
        moved.path_regex, moved.path_format, moved.param_convertors = compile_path(moved.path)
        if isinstance(moved, APIRoute):
            moved.unique_id = generate_unique_id(moved)
        yield moved


class Addresses:
    """What hands each request to its route. `router` knows all of them."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._routes: dict[Beginning, list[BaseRoute]] = {}
        for route in router.routes:
            path: str = getattr(route, "path", _REST)
            if _REST not in path:
                self._routes.setdefault(_beginning(path), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer whose address and method it is."""
        for route in self._candidates(scope["path"]) if scope["type"] != "lifespan" else ():
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope["router"] = self._router
                scope.update(found)
                await _answered(route, scope, receive, send)
                return
        await self._router.app(scope, receive, send)

    def _candidates(self, path: str) -> Iterable[BaseRoute]:
        count, first, second = _beginning(path)
        yield from self._routes.get((count, first, second), ())
        yield from self._routes.get((count, first, ""), ())


async def _answered(route: BaseRoute, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a route answer. What goes wrong in it and is none of ours is a fault: it is in the log, and told as one."""
    try:
        await route.handle(scope, receive, send)
    except (InterlockError, HTTPException, RequestValidationError, WebSocketDisconnect):
        raise
    except Exception as error:
        log.exception("request_failed request=%s path=%s", scope[REQUEST], scope["path"])
        raise ApiError("fault", "something went wrong that should not have") from error


def _beginning(path: str) -> Beginning:
    """Of a template the parts that are any text count as nothing."""
    parts = path.split("/", 3)[1:]
    first, second = (*parts, "", "")[:2]
    return path.count("/"), "" if "{" in first else first, "" if "{" in second else second
