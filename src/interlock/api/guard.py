"""The door of the server: what every request passes before anything looks at what it wants.

Each request gets an id. It is turned away when there is enough to do, when it comes from a page elsewhere, or without
a key where one is needed; its body is bounded in length and time. What goes wrong behind the door is told as a problem.
What a caller may do is asked by the routes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from interlock.api.errors import ApiError
from interlock.api.listening_keys import ListeningKeys
from interlock.api.metrics.meter import OTHER, RequestMeter
from interlock.api.problem_shapes import told_at
from interlock.api.problems import PROBLEM_TYPE, problem_of
from interlock.tenancy import CachedKeys, Caller, KeyRefused, local_owner
from interlock.tenancy.key_text import PREFIX

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER: Final = "interlock.caller"
KEY: Final = "interlock.key"
REQUEST: Final = "interlock.request"
LISTENS: Final = "interlock.listens"
LISTENED: Final = "interlock.listened"
"""Where in the scope of a request its caller, key and id are found, what makes a listener of it, and that it is one."""

OPEN_PATHS: Final = frozenset({"/health", "/v1/health", "/v1/health/live", "/v1/health/ready"})
"""What may be asked without a key: whether the server is well, and nothing that anybody did."""
HOOKS: Final = "/v1/hooks"
"""Below it deliveries of other systems are taken, whose signature is their key: they need no other."""
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
BODY_SECONDS: Final = 30.0
"""How long a body may take to arrive, with a second more for each of its 64 KiB."""
BYTES_A_SECOND: Final = 64 * 1024
RETRY_SECONDS: Final = "1"
"""When to try again, where there was enough to do."""
LISTENER_RETRY_SECONDS: Final = "5"

SWITCHED: Final = 101
GONE: Final = 499
"""What counts as the status of a request that nobody waited for."""

log = logging.getLogger(__name__)


class Guard:
    """The outermost of what a request passes."""

    def __init__(
        self,
        app: App,
        *,
        keys: CachedKeys,
        meter: RequestMeter,
        requires_key: bool,
        requests_max: int,
        listeners_max: int,
        body_bytes_max: int,
        upload_bytes_max: int,
    ) -> None:
        self._app = app
        self._keys = keys
        self._listening_keys = ListeningKeys(keys)
        self._meter = meter
        self._requires_key = requires_key
        self._requests_max = requests_max
        self._listeners_max = listeners_max
        self._body_bytes_max = body_bytes_max
        self._upload_bytes_max = upload_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or turn it away."""
        scope[REQUEST] = secrets.token_hex(8)
        scope[LISTENS] = self._listens  # bound to no request, which would then hold itself
        answer = _Answer(send, scope)
        began = time.perf_counter()
        self._meter.under_way += 1
        try:
            self._refuse_too_many()
            scope[CALLER] = await self._caller(scope)
            await self._app(scope, self._bounded(scope, receive), answer.send)
        except Exception as error:  # noqa: BLE001 - the boundary of a request: whatever went wrong is told to who asked
            await answer.tell(error)
        finally:
            self._meter.under_way -= 1
            took = None if LISTENED in scope else time.perf_counter() - began
            self._meter.note(scope.get("method", "GET"), _template(scope), answer.status, took)

    def _refuse_too_many(self) -> None:
        if self._meter.under_way > self._requests_max:
            raise ApiError(
                "too_many_requests",
                f"{self._requests_max:,} requests are under way (server.requests)",
                headers={"retry-after": RETRY_SECONDS},
            )

    @contextmanager
    def _listens(self, scope: Scope) -> Generator[None]:
        """A request goes on as a listener: there may be many more of those, since they mostly wait."""
        if self._meter.listening >= self._listeners_max:
            raise ApiError(
                "too_many_listeners",
                f"{self._meter.listening:,} streams are open (server.listeners)",
                headers={"retry-after": LISTENER_RETRY_SECONDS},
            )
        scope[LISTENED] = True
        self._meter.listening += 1
        self._meter.under_way -= 1
        try:
            with self._listening_keys.heeded(scope[KEY]) if KEY in scope else nullcontext():
                yield
        finally:
            self._meter.listening -= 1
            self._meter.under_way += 1

    # --- who asks ---

    async def _caller(self, scope: Scope) -> Caller | None:
        if is_delivery(scope):
            return None
        headers = _headers(scope)
        text = _key_in(headers)
        # Clients of other systems insist on sending some key: where none is asked for, theirs counts as none.
        if text and (self._requires_key or text.startswith(f"{PREFIX}_")):
            found = await self._keys.find(text)
            if isinstance(found, KeyRefused):
                raise ApiError("key_refused", found.reason, headers={"www-authenticate": "Bearer"})
            scope[KEY] = text
            return found
        if not self._requires_key:
            _refuse_foreign(headers)
            return local_owner()
        if scope["path"] in OPEN_PATHS:
            return None
        raise ApiError("key_required", "this server asks for a key", headers={"www-authenticate": "Bearer"})

    # --- what they send ---

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "DELETE"}:
            return receive
        headers = _headers(scope)
        bytes_max = self._upload_bytes_max if is_upload(scope["path"], scope["method"]) else self._body_bytes_max
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > bytes_max:
            raise _too_large(bytes_max)
        return _Body(receive, bytes_max).receive


def is_delivery(scope: Scope) -> bool:
    """Whether it is for a webhook, which judges by itself who sends it."""
    folder, _, address = scope["path"].rpartition("/")
    return scope["type"] == "http" and scope["method"] == "POST" and folder == HOOKS and address != ""


def is_upload(path: str, method: str) -> bool:
    """Whether what is sent may be as large as a file."""
    return method in {"PUT", "POST"} and path in {"/v1/artifacts", "/v1/runs/imports"}


class _Body:
    """A body that is read: so much of it at most, and not for ever."""

    def __init__(self, receive: Receive, bytes_max: int) -> None:
        self._receive = receive
        self._bytes_max = bytes_max
        self._read = 0
        self._is_over = False
        self._began = asyncio.get_running_loop().time()

    async def receive(self) -> Message:
        if self._is_over:  # now it is waited for that the client goes, and for as long as that takes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._began + BODY_SECONDS + self._read / BYTES_A_SECOND):
                message = await self._receive()
        except TimeoutError:
            raise ApiError("body_too_slow", f"after {BODY_SECONDS:g} s the body was not there") from None
        self._read += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        if self._read > self._bytes_max:
            raise _too_large(self._bytes_max)
        return message


def _too_large(bytes_max: int) -> ApiError:
    # The connection is of no more use: nobody reads what else the client sends.
    return ApiError("body_too_large", f"a body may have {bytes_max:,} bytes here", headers={"connection": "close"})


class _Answer:
    """What is sent back: with the request's id, and a problem where something went wrong before anything was sent."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self._has_begun = False
        self.status = GONE

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._scope[REQUEST].encode())]
        elif message["type"].startswith("websocket."):
            self._has_begun = True
            self.status = SWITCHED if message["type"] == "websocket.accept" else self.status
        await self._send(message)

    async def tell(self, error: Exception) -> None:
        request = self._scope[REQUEST]
        problem = problem_of(error, request)
        if problem.code == "fault":
            log.error("request_failed request=%s path=%r", request, self._scope["path"], exc_info=error)
        if self._has_begun:
            log.info("answer_broken_off request=%s code=%s", request, problem.code)
            raise error  # half an answer is no answer: the connection is broken off
        body, media_type = told_at(self._scope["path"], problem)
        if self._scope["type"] == "websocket":
            await self._refuse_socket(problem.status, body)
            return
        extra = error.headers if isinstance(error, ApiError) else {}
        headers = {"content-type": media_type, "content-length": str(len(body)), **extra}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})

    async def _refuse_socket(self, status: int, body: bytes) -> None:
        self.status = status
        headers = [(b"content-type", PROBLEM_TYPE.encode())]
        await self._send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body})


def _template(scope: Scope) -> str:
    """The route that took a request, as it is written: what requests put into it would be without end."""
    return getattr(scope.get("route"), "path", OTHER)


def _headers(scope: Scope) -> Mapping[bytes, bytes]:
    return dict(scope["headers"])


def _key_in(headers: Mapping[bytes, bytes]) -> str:
    """The text of a key. Browsers cannot send headers along with a WebSocket: there it is a subprotocol."""
    given = headers.get(b"authorization", b"")
    kind, _, text = given.decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        return text.strip()
    offered = headers.get(b"sec-websocket-protocol", b"").decode("latin-1")
    named = (each.strip() for each in offered.split(","))
    return headers.get(b"x-api-key", b"").decode("latin-1") or next((each for each in named if each[:4] == "ilk_"), "")


def _refuse_foreign(headers: Mapping[bytes, bytes]) -> None:
    """Where no key is asked for, only programs and pages of this machine may ask, under a name that is its own.

    A page elsewhere says where it comes from; and a name that somebody else points at this machine is not ours.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if _name_in(host) not in LOCAL_HOSTS:
        raise ApiError("foreign_page", f"without a key this server is localhost, and not {host or 'nameless'}")
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin and origin.partition("://")[2] != host:
        raise ApiError("foreign_page", f"without a key no page of {origin} may ask this server")


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
