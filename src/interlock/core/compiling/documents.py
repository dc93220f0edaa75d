"""A document as it came, read into the model of a graph, with every problem of its shape at once.

What is wrong is cut out and the rest is read all the same, so that the compiler can tell its own problems in the same
breath; a node that was cut out keeps its name, so that nobody is told that it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from interlock.core.compiling.json_data import Json, JsonMap, plain_json
from interlock.core.compiling.misspellings import Misspelling, misspellings_in
from interlock.core.graph import Graph
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.problems import Place, Problem

_GRAPH_NEEDS: Final[dict[str, Callable[[], Json]]] = {"graph": lambda: "unnamed", "nodes": dict}
_PASSES_MAX: Final = 8
"""Cutting out one thing can show another; what is still wrong after so many passes is not worth telling more of."""


class Document(Struct, frozen=True):
    """What was read. `broken` are the places that were cut out: nothing is known of them."""

    graph: Graph | None
    problems: tuple[Problem, ...]
    broken: frozenset[Place] = frozenset()


def read_document(document: object) -> Document:
    """The graph that a document describes, as far as it can be read."""
    problems: list[Problem] = []
    plain = plain_json(document, (), problems)
    if problems:
        return Document(None, tuple(problems))
    if not isinstance(plain, dict):
        return Document(
            None, (Problem(place=(), message="a graph is a map of keys", advice="begin with `graph: name`"),)
        )
    broken: set[Place] = set()
    for _ in range(_PASSES_MAX):
        try:
            return Document(Graph.model_validate(plain), tuple(problems), frozenset(broken))
        except ValidationError as error:
            found = misspellings_in(error, plain)
            problems += [misspelling.problem for misspelling in found]
            if len(problems) > PROBLEMS_MAX:
                break
            _cut_out(found, plain, broken)
    return Document(None, tuple(problems), frozenset(broken))


# --- cutting out -----------------------------------------------------------------------------------------------------


def _cut_out(found: Iterable[Misspelling], document: JsonMap, broken: set[Place]) -> None:
    """Takes what is wrong out of the document: an unknown key alone, else the node in which it stands."""
    for misspelling in found:
        if misspelling.is_needless:
            _take_out(document, misspelling.problem.place)
        elif misspelling.node is not None:
            _break_node(document, misspelling.node, broken)
        else:
            _mend_graph(document, misspelling.problem.place, broken)


def _mend_graph(document: JsonMap, place: Place, broken: set[Place]) -> None:
    """A key of the graph itself is wrong: it is left out, or stood in for where a graph cannot be without it."""
    if place and isinstance(place[0], str):
        document.pop(place[0], None)
        broken.add((place[0],))
    for key, stand_in in _GRAPH_NEEDS.items():
        if key not in document:
            document[key] = stand_in()
            broken.add((key,))


def _break_node(document: JsonMap, place: Place, broken: set[Place]) -> None:
    holder, key = _holder(document, place), place[-1]
    if isinstance(holder, dict) and isinstance(key, str):
        holder[key] = {"value": None}
    broken.add(place)


def _take_out(document: JsonMap, place: Place) -> None:
    holder, key = _holder(document, place), place[-1]
    if isinstance(holder, dict) and isinstance(key, str):
        holder.pop(key, None)


def _holder(document: Json, place: Place) -> Json:
    """The map or list in which the last step of a place stands; nothing where the way there is already cut."""
    here = document
    for step in place[:-1]:
        match here:
            case dict() if isinstance(step, str) and step in here:
                here = here[step]
            case list() if isinstance(step, int) and step < len(here):
                here = here[step]
            case _:
                return None
    return here


# --- places ----------------------------------------------------------------------------------------------------------


def place_in(document: object, problem: Problem) -> Problem:
    """The problem at a place that is really in the document: as near as the way in which it was written allows.

    The compiler thinks in canonical spellings; `after: plan` has no key `plan`, and a single check stands in no list.
    """
    here, place = document, list[str | int]()
    for step in problem.place:
        match here:
            case Mapping() if step in here:
                here = cast("Mapping[object, object]", here)[step]
            case list() | tuple() if isinstance(step, int) and step < len(cast("list[object]", here)):
                here = cast("list[object]", here)[step]
            case list() | tuple() if step in here:  # a name in a list is found by its position
                items = cast("list[object]", here)
                step = items.index(step)  # noqa: PLW2901
                here = items[step]
            case _:
                break
        place.append(step)
    if tuple(place) == problem.place:
        return problem
    return msgspec.structs.replace(problem, place=tuple(place), at_key=problem.at_key and isinstance(here, Mapping))
