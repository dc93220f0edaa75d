"""Which shape a document has, told from its keys alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock.authoring.dialects.agentos_events import DONE, FAILED, OF_THE_RUN, SHOWN_BY_FIELDS
from interlock.authoring.dialects.recognising import read_graph, recognise
from interlock.core.catalogue import Catalogue
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.problems import Problem

GUIDE = Path(__file__).parents[3] / "docs/guides/dialects.md"


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        ({"graph": "g", "nodes": {}}, "graph"),
        ({"nodes": {"a": {"value": 1}}}, "graph"),
        ({"graph": "g", "steps": []}, "graph"),
        ({"grahp": "g"}, "graph"),
        ({"name": "g", "agents": ["a"], "dag": []}, "AgentOS graph"),
        ({"name": "g", "dag": []}, "AgentOS graph"),
        ({"name": "g", "steps": []}, "step list"),
        ({"name": "g", "coordination_type": "sequential"}, "step list"),
        ({"id": "g", "nodes": []}, "node list"),
        ({"id": "g", "edges": []}, "node list"),
    ],
)
def test_a_document_is_told_by_the_keys_that_no_other_shape_has(document: dict[str, Any], shape: str) -> None:
    """Who has misspelt one key of several is told of that, and not that nothing was understood."""
    assert recognise(document) == shape


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "this is no graph of a shape that is known"),
        ({"name": "g", "description": "?"}, "this is no graph of a shape that is known"),
        ({"name": "g", "steps": [], "dag": []}, "this fits several shapes: `AgentOS graph` and `step list`"),
        ({"nodes": {"a": {}}, "edges": []}, "this fits several shapes: `graph` and `node list`"),
    ],
)
def test_what_fits_none_or_several_is_told_all_shapes(document: dict[str, Any], message: str) -> None:
    """A guess would run something else than was meant."""
    problem = recognise(document)

    assert isinstance(problem, Problem)
    assert problem.message == message
    assert all(key in problem.advice for key in ("`graph`", "`dag`", "`steps`", "`edges`"))


def test_a_document_of_ours_stays_as_it_is() -> None:
    """Not even a copy is made: what compiles it sees what was written."""
    document = {"graph": "g", "nodes": {"a": {"value": 1}}}

    assert read_graph(document, Catalogue()).graph is document


def test_of_very_many_mistakes_the_first_are_told() -> None:
    """Who reads them mends those first, and looking for the nearest name takes its time for each."""
    edges = [{"from": "a", "to": f"unknown{number}"} for number in range(5_000)]

    problems = read_graph({"id": "g", "nodes": [{"id": "a", "kind": "human"}], "edges": edges}, Catalogue()).problems

    assert len(problems) == PROBLEMS_MAX + 1
    assert problems[-1].message == f"there is more: only the first {PROBLEMS_MAX} problems are told"


def test_the_guide_tells_how_each_type_of_event_is_got() -> None:
    """A type that is not told is looked for in vain."""
    table = GUIDE.read_text(encoding="utf-8").partition("### Events")[2].partition("### Joins")[0]

    told = {word for word in table.split("`") if word}

    assert told.issuperset({*DONE, FAILED, *OF_THE_RUN, *SHOWN_BY_FIELDS})
    assert told.issuperset(field for fields in SHOWN_BY_FIELDS.values() for field in fields)
