"""The default tool that calls an HTTP interface, by the one way out that judges each address it would connect to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from interlock.core.canonical import canonical
from interlock.core.plan import Permissions
from interlock.core.values import Value, ValueProblem, is_map
from interlock.tools.errors import ToolFailed
from interlock.tools.outgoing.errors import OutgoingFailed
from interlock.tools.outgoing.messages import OutgoingRequest, OutgoingResponse
from interlock.tools.outgoing.target import parse_target
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.environment import Fetch
from interlock.tools.tool import Tool, tool

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
ANY_HOST: Final = "*"
TEXT_CHARACTERS_MAX: Final = 200_000
_CHANGE_NOTHING: Final = ("GET", "HEAD", "OPTIONS")
_JSON_HEADER: Final = ("content-type", "application/json")


@dataclass(frozen=True)
class ApiAnswer:
    """What the other side answered, whatever its status: 404 and 500 are answers too."""

    status: int
    headers: dict[str, str]
    text: str
    cut: bool
    """Whether the text goes on."""
    json: Any
    """The text as data, where it is JSON; else null."""


def calling_tools(fetch: Fetch) -> Sequence[Tool]:
    """`api_call`."""

    @tool(effect="once", hosts=(ANY_HOST,), needs=hosts_needed, external=True, risk="high")
    async def api_call(
        url: Annotated[str, Field(description="https://… or http://…, with a public host")],
        *,
        method: Method = "GET",
        headers: Mapping[str, str] | None = None,
        body: Annotated[  # noqa: ANN401 - JSON data
            Any, Field(description="Text is sent as it is, anything else as JSON; null: no body")
        ] = None,
    ) -> ApiAnswer:
        """Call an HTTP interface and give its answer: status, headers, text, and data where the text is JSON.

        A redirect is not followed: its answer tells where it leads. Hosts that are not public are refused. An answer
        with a status such as 404 or 500 is an answer, so look at `status`.
        """
        return await called(fetch, _request(url, method, headers or {}, body))

    return tools_in(api_call)


def hosts_needed(arguments: Value) -> Permissions:
    """The one host that a call speaks to, and whether it may change something there."""
    given = arguments if is_map(arguments) else {}
    url, method = given.get("url"), given.get("method", "GET")
    try:
        host = parse_target(url).host_header if isinstance(url, str) else ANY_HOST
    except ToolFailed:
        host = ANY_HOST
    return Permissions(hosts=(host,), external=method not in _CHANGE_NOTHING)


async def called(fetch: Fetch, request: OutgoingRequest) -> ApiAnswer:
    """The answer to a request. One that changes nothing is never in doubt: it may simply be made again."""
    try:
        return _answer(await fetch(request))
    except OutgoingFailed as failed:
        if request.method in _CHANGE_NOTHING:
            raise ToolFailed(str(failed), kind=failed.kind, retryable=failed.retryable) from failed
        raise


def _request(url: str, method: Method, headers: Mapping[str, str], body: object) -> OutgoingRequest:
    listed = tuple(headers.items())
    if body is None or isinstance(body, str):
        return OutgoingRequest(method=method, url=url, headers=listed, body=(body or "").encode())
    has_type = any(name.lower() == _JSON_HEADER[0] for name in headers)
    typed = listed if has_type else (*listed, _JSON_HEADER)
    return OutgoingRequest(method=method, url=url, headers=typed, body=json.dumps(body, ensure_ascii=False).encode())


def _answer(response: OutgoingResponse) -> ApiAnswer:
    text = response.text()
    shown = text[:TEXT_CHARACTERS_MAX]
    return ApiAnswer(response.status, _by_name(response.headers), shown, len(shown) < len(text), _data(text))


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The headers by name; what came several times is one text, as HTTP lets it be."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _data(text: str) -> Value:
    """The text as data; what is no JSON, or more than a value can hold, stays text."""
    with suppress(ValueError, RecursionError, ValueProblem):
        return canonical(json.loads(text))
    return None
