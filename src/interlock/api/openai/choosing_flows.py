"""Which graph a request in plain words means: the one whose name and description have most of its words. Pure.

The same words choose the same graph for as long as the graphs are the same: no model is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from interlock.packaged.ranking import words

_OF_NAME: Final = 3
_OF_DESCRIPTION: Final = 1


class Flow(Struct, frozen=True):
    """A graph, as it is chosen among others."""

    name: str
    description: str = ""


class ScoredFlow(Struct, frozen=True):
    """A graph, and how well it fits."""

    name: str
    score: int


def scored_flows(request: str, flows: Sequence[Flow]) -> list[ScoredFlow]:
    """Those that fit at all, the best first; of equals the one that comes first by its name."""
    asked = set(words(request))
    scored = [ScoredFlow(each.name, _score(asked, each)) for each in flows]
    return sorted((each for each in scored if each.score), key=lambda each: (-each.score, each.name))


def named_flow(request: str, flows: Sequence[Flow]) -> tuple[str, str] | None:
    """The graph that the first word names and the rest of the words, if it names one."""
    first, _, rest = request.strip().partition(" ")
    return (first, rest.strip()) if first in {each.name for each in flows} else None


def _score(asked: set[str], flow: Flow) -> int:
    """Of a word that the name has as well, the description does not count again."""
    in_name = asked & set(words(flow.name))
    in_description = asked & set(words(flow.description))
    return _OF_NAME * len(in_name) + _OF_DESCRIPTION * len(in_description - in_name)
