"""A graph of ours while it is written down from another system's document: nodes, origins, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from interlock.authoring.dialects.naming import graph_name
from interlock.authoring.dialects.reading import Reading
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.problems import Place, Problem

Node: TypeAlias = dict[str, Any]

ANY_INPUTS: Final[dict[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": True}
"""Other systems declare no inputs: a run takes what it is given."""


class Drafting:
    """What was written down so far, where each part came from, and every problem that was found on the way."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._graph: dict[str, Any] = {}
        self._origins: dict[Place, Place] = {(): ()}
        self.problems: list[Problem] = []

    @property
    def has_errors(self) -> bool:
        """Whether anything has to be mended."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def has_enough(self) -> bool:
        """Whether so much is wrong that looking for more would cost time and help nobody."""
        return len(self.problems) > PROBLEMS_MAX

    def head(self, name: str, *, at: Place, description: str = "", inputs: Mapping[str, Any] = ANY_INPUTS) -> None:
        """The graph's own keys: what it is called, what it is for, and what it takes."""
        self._graph = {"graph": graph_name(name), "language": 1}
        if description:
            self._graph["description"] = description
        self._graph["inputs"] = dict(inputs)
        self._origins[("graph",)] = at

    def key(self, key: str, value: object, *, at: Place) -> None:
        """Another key of the graph."""
        self._graph[key] = value
        self._origins[(key,)] = at

    def node(self, name: str, node: Node, *, at: Place, parts: Mapping[Place, Place] | None = None) -> None:
        """A node, and the places from which it and parts of it were made."""
        self._graph.setdefault("nodes", {})[name] = node
        place: Place = ("nodes", name)
        self._origins[place] = at
        self._origins |= {(*place, *part): origin for part, origin in (parts or {}).items()}

    def problem(self, place: Place, message: str, advice: str = "", *, at_key: bool = False) -> None:
        """Something that has to be mended."""
        self.problems.append(Problem(place=place, message=message, advice=advice, at_key=at_key))

    def warning(self, place: Place, message: str, advice: str = "", *, at_key: bool = False) -> None:
        """Something that will surprise."""
        self.problems.append(Problem(place=place, message=message, advice=advice, severity="warning", at_key=at_key))

    def reading(self) -> Reading:
        """What came of it."""
        graph = None if self.has_errors else self._graph
        return Reading(graph, tuple(self.problems), self._dialect, self._origins)
