"""Graphs that other graphs name, those that were written for another system as the graphs of ours that they mean.

One that cannot be read is stood in for while the rest is checked, and what is wrong with it is told where it is named:
the compiler would speak of keys that its author has never heard of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.authoring.dialects.recognising import read_graph
from interlock.core.catalogue import Catalogue
from interlock.core.problems import Place, Problem
from interlock.core.values import Value, is_list, is_map

_TOLD_MAX: Final = 5
"""How much of what is wrong with one graph is told where another names it."""
_STAND_IN: Final[dict[str, Any]] = {
    "inputs": {"type": "object", "properties": {}, "additionalProperties": True},
    "nodes": {"unread": {"value": None}},
}


class AsOurs(Mapping[str, Mapping[str, Any]]):
    """Graphs of ours by their names, whichever system they were written for."""

    def __init__(self, graphs: Mapping[str, Mapping[str, Any]], callees: Catalogue, policies: PoliciesInForce) -> None:
        self._graphs = graphs
        self._callees = callees
        self._policies = policies
        self._unread: dict[str, tuple[Problem, ...]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        reading = read_graph(self._graphs[name], self._callees, policies=self._policies)
        if reading.graph is not None:
            return reading.graph
        self._unread[name] = reading.problems
        return {"graph": name, **_STAND_IN}

    def __iter__(self) -> Iterator[str]:
        return iter(self._graphs)

    def __len__(self) -> int:
        return len(self._graphs)

    def problems_in(self, document: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with the graphs that were asked for and stood in for, where a document names them."""
        return [
            Problem(place=_place_naming(name, document, ()) or (), message=_told(name, problem), advice=problem.advice)
            for name, problems in self._unread.items()
            for problem in problems[:_TOLD_MAX]
        ]


def _told(name: str, problem: Problem) -> str:
    where = ".".join(map(str, problem.place)) or "its beginning"
    return f"in graph `{name}`, at {where}: {problem.message}"


def _place_naming(name: str, part: Value, place: Place) -> Place | None:
    """The first place in a document where a node names a graph."""
    if is_map(part):
        if place and part.get("graph") == name:
            return (*place, "graph")
        inside = part.items()
    else:
        inside = enumerate(part) if is_list(part) else ()
    found = (_place_naming(name, each, (*place, key)) for key, each in inside)
    return next((each for each in found if each is not None), None)
