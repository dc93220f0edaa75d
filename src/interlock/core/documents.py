"""A document as it came, read into the model of a graph, with every problem of its shape at once.

What is wrong is cut out and the rest is read all the same, so that the compiler can tell its own problems in the same
breath; a node that was cut out keeps its name, so that nobody is told that it does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from interlock.core.graph import Graph
from interlock.core.misspellings import Misspelling, misspellings_in
from interlock.core.problems import Place, Problem
from interlock.core.values import INT_MAX, INT_MIN

DOCUMENT_DEPTH_MAX: Final = 256
"""How deep a document may be nested: enough for the deepest scopes (three levels each) with data in the innermost."""

_BROKEN_NODE: Final[dict[str, Any]] = {"value": None}
_PASSES_MAX: Final = 8


class Document(Struct, frozen=True):
    """What was read. `broken` are the places that were cut out: nothing is known of them."""

    graph: Graph | None
    problems: tuple[Problem, ...]
    broken: frozenset[Place] = frozenset()


def read_document(document: object) -> Document:
    """The graph that a document describes, as far as it can be read."""
    problems: list[Problem] = []
    if not isinstance(document, Mapping):
        return Document(
            None, (Problem(place=(), message="a graph is a map of keys", advice="begin with `graph: name`"),)
        )
    plain: dict[str, Any] = _plain(document, (), problems)
    if problems:
        return Document(None, tuple(problems))
    broken: set[Place] = set()
    for _ in range(_PASSES_MAX):
        try:
            return Document(Graph.model_validate(plain), tuple(problems), frozenset(broken))
        except ValidationError as error:
            found = misspellings_in(error, plain)
            problems += [misspelling.problem for misspelling in found]
            _cut_out(found, plain, broken)
    return Document(None, tuple(problems), frozenset(broken))


# --- plain data ------------------------------------------------------------------------------------------------------


def _plain(data: object, place: Place, problems: list[Problem]) -> Any:
    """A copy of the data, if it is what JSON can hold. The order of maps is kept: of nodes it matters."""
    match data:
        case None | bool():
            return data
        case str():
            if not data.isascii() and any("\ud800" <= character <= "\udfff" for character in data):
                problems.append(Problem(place=place, message="this text holds half a character (a lone surrogate)"))
            return data
        case int():
            if not INT_MIN <= data <= INT_MAX:
                problems.append(
                    Problem(place=place, message="this number is beyond 64 bits", advice="write it as text")
                )
            return data
        case float():
            if not math.isfinite(data):
                problems.append(Problem(place=place, message=f"{data} is no JSON number", advice="write null or text"))
            return data
        case _ if len(place) >= DOCUMENT_DEPTH_MAX:
            message = f"the document is nested deeper than {DOCUMENT_DEPTH_MAX} levels"
            problems.append(Problem(place=place, message=message, advice="move what is inside to a graph of its own"))
            return None
        case Mapping():
            return _plain_map(data, place, problems)
        case list() | tuple():
            return [_plain(item, (*place, index), problems) for index, item in enumerate(data)]
        case _:
            message = f"a {type(data).__name__} cannot stand in a graph"
            problems.append(Problem(place=place, message=message, advice="write text, numbers, lists and maps"))
            return None


def _plain_map(data: Mapping[Any, Any], place: Place, problems: list[Problem]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in data.items():
        if isinstance(key, str):
            plain[_plain(key, place, problems)] = _plain(item, (*place, key), problems)
        else:
            message = f"the key {key!r} is a {type(key).__name__}"
            problems.append(Problem(place=place, message=message, advice="keys are text: put it in quotes"))
    return plain


# --- cutting out -----------------------------------------------------------------------------------------------------


def _cut_out(found: Iterable[Misspelling], document: dict[str, Any], broken: set[Place]) -> None:
    """Takes what is wrong out of the document: an unknown key alone, else the node in which it stands."""
    for misspelling in found:
        if misspelling.is_extra_key:
            _holder(document, misspelling.problem.place).pop(misspelling.problem.place[-1], None)
        elif misspelling.node is not None:
            _replace(document, misspelling.node, dict(_BROKEN_NODE))
            broken.add(misspelling.node)
        else:
            _mend_graph(document, misspelling.problem.place, broken)


def _mend_graph(document: dict[str, Any], place: Place, broken: set[Place]) -> None:
    """A key of the graph itself is wrong: it is left out, or stood in for where a graph cannot be without it."""
    key = place[0] if place else ""
    match key:
        case "nodes" | "finally" if isinstance(document.get(key), dict) and len(place) > 1:
            _replace(document, place[:2], dict(_BROKEN_NODE))
            broken.add(place[:2])
        case "graph" | "":
            document.setdefault("nodes", {})
            document["graph"] = "unnamed" if not isinstance(document.get("graph"), str) else document["graph"]
            broken.add(("graph",))
        case "nodes":
            document["nodes"] = {}
            broken.add(("nodes",))
        case _:
            document.pop(str(key), None)
            broken.add((key,))


def _holder(document: dict[str, Any], place: Place) -> Any:
    """The map or list in which the last step of a place stands; an empty map where the way there is already cut."""
    holder: Any = document
    for key in place[:-1]:
        try:
            holder = holder[key]
        except (KeyError, IndexError, TypeError):
            return {}
    return holder if isinstance(holder, (dict, list)) else {}


def _replace(document: dict[str, Any], place: Place, item: Any) -> None:
    holder = _holder(document, place)
    key = place[-1]
    if isinstance(holder, dict):
        holder[key] = item
    elif isinstance(key, int) and key < len(holder):
        holder[key] = item


# --- places ----------------------------------------------------------------------------------------------------------


def place_in(document: object, problem: Problem) -> Problem:
    """The problem at a place that is really in the document: as near as the way in which it was written allows.

    The compiler thinks in canonical spellings; `after: plan` has no key `plan`, and a single check stands in no list.
    """
    here, place = document, list[str | int]()
    for step in problem.place:
        if isinstance(here, Mapping) and step in here:
            here = here[step]
        elif isinstance(here, (list, tuple)) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif isinstance(here, (list, tuple)) and step in here:
            step = here.index(step)  # noqa: PLW2901 - a name in a list is found by its position
            here = here[step]
        else:
            break
        place.append(step)
    if tuple(place) == problem.place:
        return problem
    return msgspec.structs.replace(problem, place=tuple(place), at_key=problem.at_key and isinstance(here, Mapping))
