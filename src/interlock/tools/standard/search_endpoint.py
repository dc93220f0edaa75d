"""Searching by an endpoint that answers as SearXNG does: `GET …/search?q=…&format=json`.

It is asked by the one way out, and may stand on a private address, since the settings name it. Ranks nothing itself.
"""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from interlock.tools.errors import ToolError, ToolFailed
from interlock.tools.outgoing import (
    OutgoingFailed,
    OutgoingRefused,
    OutgoingRequest,
    OutgoingResponse,
    fetch,
    parse_target,
)
from interlock.tools.standard.environment import Fetch
from interlock.tools.standard.web import FoundPage, FoundPages, WebSearch

SNIPPET_CHARACTERS_MAX: Final = 1_000
_TITLE_CHARACTERS_MAX: Final = 300
_ANSWERED: Final = 200


class _Page(Struct, frozen=True):
    """A page as the endpoint tells of it."""

    url: str
    title: str = ""
    content: str | None = ""


class _Answer(Struct, frozen=True):
    results: list[_Page] = []


def endpoint_search(url: str) -> WebSearch:
    """The search behind an address. `ToolError` if it is none."""
    try:
        target = parse_target(url)
    except OutgoingRefused as refused:
        raise ToolError(f"the web cannot be searched at that address: {refused}") from refused
    reach = partial(fetch, allowed_hosts=(target.host_header,), private_hosts=(target.host_header,))

    async def search(query: str, results_max: int) -> FoundPages:
        pages = _pages(await _asked(reach, url, query), target.origin)
        return FoundPages(query, pages[:results_max], source=target.host_header, simulated=False)

    return WebSearch(search, hosts=(target.host_header,))


async def _asked(reach: Fetch, url: str, query: str) -> OutgoingResponse:
    words = urlencode({"q": query, "format": "json"})
    request = OutgoingRequest(
        url=f"{url}{'&' if '?' in url else '?'}{words}", headers=(("accept", "application/json"),)
    )
    try:
        return await reach(request)
    except OutgoingFailed as failed:
        # Asking changes nothing there, so it may simply be done again: such a call is never in doubt.
        raise ToolFailed(str(failed), kind=failed.kind, retryable=failed.retryable) from failed


def _pages(response: OutgoingResponse, origin: str) -> list[FoundPage]:
    if response.status != _ANSWERED:
        raise ToolFailed(f"{origin} answered {response.status}: {_why(response.status)}", kind="unavailable")
    try:
        answer = msgspec.json.decode(response.body, type=_Answer)
    except msgspec.MsgspecError as error:
        told = f"{origin} gave no search results as JSON ({error}): it should answer as SearXNG does with format=json"
        raise ToolFailed(told, kind="invalid", retryable=False) from error
    return [_page(each) for each in answer.results]


def _why(status: int) -> str:
    match status:
        case 403:
            return "SearXNG says so until `json` stands among its `search.formats`"
        case 429:
            return "it is asked too often"
        case _:
            return "see what it logs"


def _page(found: _Page) -> FoundPage:
    return FoundPage(
        title=found.title[:_TITLE_CHARACTERS_MAX], url=found.url, snippet=(found.content or "")[:SNIPPET_CHARACTERS_MAX]
    )
