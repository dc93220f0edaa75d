"""The web is searched by the endpoint that settings name, and by nothing that makes results up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interlock.core.values import Value
from interlock.tools.errors import ToolError
from interlock.tools.outcome import Done, Failed, ToolOutcome
from interlock.tools.standard.search_endpoint import endpoint_search
from interlock.tools.standard.searching_the_web import web_tools
from interlock.tools.standard.web import WebSearch
from tests.tools.doorstep import MemoryJournal, a_call, a_door, lived, performed
from tests.tools.outgoing.loopback import loopback, response

PAGES = [
    {"url": "https://rails.example/", "title": "Rails", "content": "All of rails.", "engine": "one", "score": 2.0},
    {"url": "https://ties.example/", "title": "Ties", "content": None},
]


async def searched(web: WebSearch | None, **input: Value) -> ToolOutcome:
    """What becomes of a call."""
    (web_search,) = web_tools(web)
    return await performed(web_search, a_call(input), MemoryJournal(), a_door())


def answered(answer: bytes, *, path: str = "/search", **input: Value) -> tuple[ToolOutcome, list[str], str]:
    """What becomes of a call to an endpoint that answers so, what it heard, and its host."""

    async def story() -> tuple[ToolOutcome, list[str], str]:
        async with loopback(answer) as there:
            outcome = await searched(endpoint_search(there.url(path)), **input)
            return outcome, there.requests, f"127.0.0.1:{there.port}"

    return lived(story)


def pages(found: list[dict[str, Any]]) -> bytes:
    """What SearXNG answers."""
    return response(json.dumps({"query": "rails", "results": found, "number_of_results": 0}).encode())


def test_an_endpoint_gives_the_pages_it_found_the_best_first() -> None:
    """Also where it stands on a private address: the settings name it, and nobody else does."""
    outcome, heard, host = answered(pages(PAGES), query="rails & ties")

    assert isinstance(outcome, Done)
    assert outcome.out == {
        "query": "rails & ties",
        "results": [
            {"title": "Rails", "url": "https://rails.example/", "snippet": "All of rails."},
            {"title": "Ties", "url": "https://ties.example/", "snippet": ""},
        ],
        "source": host,
        "simulated": False,
    }
    assert heard[0].startswith("GET /search?q=rails+%26+ties&format=json HTTP/1.1\r\n")


def test_no_more_pages_are_given_than_are_asked_for() -> None:
    """What a model reads costs money."""
    outcome, _, _ = answered(pages(PAGES), query="rails", results_max=1)

    assert isinstance(outcome, Done)
    assert [each["title"] for each in outcome.out["results"]] == ["Rails"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (response(b"", status="403 Forbidden"), "answered 403: SearXNG says so until `json` stands among"),
        (response(b"", status="429 Too Many Requests"), "answered 429: it is asked too often"),
        (response(b"", status="500 Oh"), "answered 500: see what it logs"),
        (response(b"<html>"), "gave no search results as JSON"),
        (response(b'{"results": [{"title": "no address"}]}'), "gave no search results as JSON"),
    ],
)
def test_an_endpoint_that_gives_no_pages_is_told_with_what_to_do(answer: bytes, told: str) -> None:
    """A page of HTML is what SearXNG gives where JSON is not switched on."""
    outcome, _, _ = answered(answer, query="rails")

    assert isinstance(outcome, Failed)
    assert told in outcome.error.message


def test_the_policy_is_asked_about_the_host_of_the_endpoint() -> None:
    """A query is something that leaves."""
    (web_search,) = web_tools(endpoint_search("https://search.example/search"))

    assert web_search.permissions({"query": "x"}).hosts == ("search.example",)


def test_what_is_no_address_is_refused_before_anything_is_asked() -> None:
    """From Python an address comes past the settings."""
    with pytest.raises(ToolError, match=r"^the web cannot be searched at that address: 'a\.\.b' is no name of a host$"):
        endpoint_search("http://a..b/")


def test_without_anything_to_search_a_call_is_refused() -> None:
    """Nothing is made up, and who reads the refusal knows what to set."""
    outcome = lived(lambda: searched(None, query="rails"))

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.error.message) == (
        "refused",
        "nothing can be searched here: name an endpoint as `search.url` in interlock.toml",
    )
