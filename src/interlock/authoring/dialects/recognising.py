"""Which shape a document has, told from its keys alone, and the graph that it means.

A document of ours stays as it is. What fits two shapes or none is not guessed at: the problem names them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from msgspec import structs

from interlock.authoring.dialects import agentos_graphs, node_lists, step_lists
from interlock.authoring.dialects.naming import graph_name
from interlock.authoring.dialects.policies import NONE_IN_FORCE, PoliciesInForce
from interlock.authoring.dialects.reading import Reading
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.documents import place_in
from interlock.core.compiling.json_data import plain_json
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.problems import Problem, nearest, shortened

Shape: TypeAlias = Literal["graph", "AgentOS graph", "step list", "node list"]

SHAPES: Final = (
    "a graph of Interlock (`graph`, `nodes` by name), an AgentOS graph (`name`, `agents`, `dag`), "
    "a step list (`name`, `steps`), a node list (`id`, `nodes` and `edges` as lists)"
)

_NEEDED: Final = ("graph", "nodes")
_LOOKED_AT_MAX: Final = 20
"""Among how many keys one that was misspelt is looked for."""
_OURS_ALONE: Final = frozenset(
    {"graph", "language", "inputs", "outputs", "budget", "on_failure", "triggers", "finally"}
)


def recognise(document: Mapping[str, Any]) -> Shape | Problem:
    """The shape of a document, or the problem that it has none or several."""
    found: list[Shape] = []
    if _is_ours(document):
        found.append("graph")
    if not agentos_graphs.KEYS.isdisjoint(document):
        found.append("AgentOS graph")
    if not step_lists.KEYS.isdisjoint(document):
        found.append("step list")
    if node_lists.is_node_list(document):
        found.append("node list")
    if len(found) == 1 or "graph" in document:
        return found[0]
    if not found and any(nearest(str(key), _NEEDED) is not None for key in islice(document, _LOOKED_AT_MAX)):
        return "graph"  # whoever misspelt a key of ours is told of that
    if not found:
        return Problem(place=(), message="this is no graph of a shape that is known", advice=f"there are: {SHAPES}")
    fits = " and ".join(f"`{shape}`" for shape in found)
    return Problem(place=(), message=f"this fits several shapes: {fits}", advice=f"keep to one of them: {SHAPES}")


def read_graph(
    document: Mapping[str, Any],
    around: Catalogue,
    *,
    policies: PoliciesInForce = NONE_IN_FORCE,
) -> Reading:
    """The graph of ours that a document is or means. Never raises for what a document holds.

    `around` tells of the tools and agents that it may name; `policies` of the policies that are in force.
    """
    if "graph" in document:
        return Reading(document)
    match recognise(document):
        case Problem() as problem:
            return Reading(None, (problem,))
        case "graph":
            return Reading(document)
        case shape:
            reading = _turned(shape, document, around, policies)
            return structs.replace(reading, problems=_told(reading.problems, document), document=document)


def _told(problems: Sequence[Problem], document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Problems at places that are there, short enough to be read; of very many, the first."""
    told = [shortened(place_in(document, problem)) for problem in problems[:PROBLEMS_MAX]]
    if len(problems) > PROBLEMS_MAX:
        message = f"there is more: only the first {PROBLEMS_MAX} problems are told"
        told.append(Problem(place=(), message=message, advice="mend these first"))
    return tuple(told)


def graph_name_in(document: Mapping[str, Any]) -> str | None:
    """The name of the graph that a document is or means; None if it says none."""
    match recognise(document):
        case Problem():
            return None
        case "graph":
            name = document.get("graph")
            return name if isinstance(name, str) else None
        case shape:
            name = document.get("id" if shape == "node list" else "name")
            return graph_name(name) if isinstance(name, str) else None


def misnamed_graph(document: Mapping[str, Any], name: str) -> Problem | None:
    """The problem that a document is another graph than the one of that name; None also where it says no name."""
    said = graph_name_in(document)
    if said is None or said == name:
        return None
    key = next(key for key in ("graph", "id", "name") if key in document)
    return Problem(
        place=(key,),
        message=f"this is the graph `{said}`, and it is to be `{name}`",
        advice=f"write `{key}: {name}`, or keep it under its own name",
    )


def _turned(shape: Shape, document: Mapping[str, Any], around: Catalogue, policies: PoliciesInForce) -> Reading:
    problems: list[Problem] = []
    plain = plain_json(document, (), problems)
    if problems or not isinstance(plain, dict):
        return Reading(None, tuple(problems), shape)
    match shape:
        case "AgentOS graph":
            return agentos_graphs.read_agentos_graph(plain, around, policies)
        case "node list":
            return node_lists.read_node_list(plain, around, policies)
        case _:
            return step_lists.read_step_list(plain, around)


def _is_ours(document: Mapping[str, Any]) -> bool:
    return not _OURS_ALONE.isdisjoint(document) or isinstance(document.get("nodes"), Mapping)
