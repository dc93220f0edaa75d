"""What comes of reading a document that may be in a dialect: a graph document of ours, and where each part came from.

Problems speak of the text that somebody wrote, so those that are found in the graph that was made of it are taken back
to the place from which that part was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct, structs

from interlock.core.compiling.documents import place_in
from interlock.core.problems import Place, Problem

Origins: TypeAlias = Mapping[Place, Place]
"""For places of the graph: the place of the document from which what stands there was made."""

_NOWHERE: Origins = MappingProxyType({})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reading(Struct, frozen=True):
    """A document as a graph of ours. With an error among the problems there is no graph."""

    graph: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()
    dialect: str = ""
    """What the system calls its shape; nothing for a document of ours, which stays as it is."""
    origins: Origins = _NOWHERE
    document: Mapping[str, Any] = _NOTHING
    """Of another system's: the document itself, so that no problem is told at a place that it does not have."""

    def at_origin(self, problem: Problem) -> Problem:
        """A problem of the graph at the place of the document that it comes from, or at the nearest around it."""
        if not self.dialect:
            return problem
        for length in range(len(problem.place), -1, -1):
            origin = self.origins.get(problem.place[:length])
            if origin is not None:
                there = structs.replace(problem, place=origin, at_key=False, offset=None)
                return place_in(self.document, there)
        return structs.replace(problem, place=(), at_key=False, offset=None)
