"""A search of the web, as the default tool knows it: a query goes in, pages come out, and it is told what was searched.

Which search there is is settled where ports meet adapters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class FoundPage:
    """A page that was found: where it is, and what of it fits the query."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True)
class FoundPages:
    """What was found, the best first."""

    query: str
    results: list[FoundPage]
    source: str
    """What was searched: the endpoint's host, or `packaged corpus`."""
    simulated: bool
    """Whether texts that come along were searched in place of the web."""


Search: TypeAlias = Callable[[str, int], Awaitable[FoundPages]]
"""Finds pages for a query, so many at most; `ToolFailed` if it cannot."""


@dataclass(frozen=True)
class WebSearch:
    """A search, and the hosts that it speaks to."""

    search: Search
    hosts: tuple[str, ...] = ()
    source: str = "python"
    """From where the tool comes, as people are told."""
