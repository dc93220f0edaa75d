"""What holds of every document of another system, however it was made."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from interlock.authoring.dialects.recognising import graph_name_in, read_graph
from interlock.authoring.writing import written_graph
from interlock.authoring.yaml_document import read_document
from interlock.core.compile import compile_graph
from interlock.core.problems import Place, Problem
from tests.authoring.dialects.foreign_documents import PROJECT, Document, changed_documents, documents


def problems_of(document: Document) -> list[Problem]:
    """Everything that is told of a document, at its place there."""
    reading = read_graph(document, PROJECT)
    compiled = () if reading.graph is None else compile_graph(reading.graph, PROJECT).problems
    return [*reading.problems, *map(reading.at_origin, compiled)]


def is_there(document: Any, place: Place) -> bool:  # noqa: ANN401 - JSON data
    """Whether a document has such a place."""
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


@given(documents)
def test_a_good_document_becomes_a_good_graph(document: Document) -> None:
    """What the other system ran must not be refused for how it was turned."""
    assert [problem for problem in problems_of(document) if problem.severity == "error"] == []


@given(changed_documents())
def test_whatever_is_wrong_is_told_at_a_place_of_the_document(document: Document) -> None:
    """Nobody has seen the graph that was made, and a document holds whatever somebody wrote."""
    problems = problems_of(document)

    assert [problem for problem in problems if not is_there(document, problem.place)] == []
    assert all(problem.message for problem in problems)


@given(documents)
def test_the_name_of_a_graph_is_known_before_it_is_read(document: Document) -> None:
    """Graphs of a folder are found by their names, without a look at what they call."""
    graph = read_graph(document, PROJECT).graph or {}

    assert graph["graph"] == graph_name_in(document)


@given(documents)
def test_the_graph_that_a_document_means_can_be_written_down(document: Document) -> None:
    """Who moves over for good goes on with it."""
    graph = read_graph(document, PROJECT).graph or {}

    assert read_document(written_graph(graph)).data == graph
