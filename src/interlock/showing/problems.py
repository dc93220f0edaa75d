"""What is wrong with a text or a document, each problem with the characters that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import UNSET

from interlock.authoring.report import Subject
from interlock.authoring.yaml_document import Document
from interlock.core.problems import Problem
from interlock.wire.problems import Place

PROBLEMS_TOLD_MAX: Final = 500


def places(problems: Iterable[Problem], subject: Subject) -> list[Place]:
    """The problems in the order of the text; of a graph that has none, as they were found. Of very many, the first."""
    told = islice(problems, PROBLEMS_TOLD_MAX)
    if isinstance(subject, str):
        return [place(each) for each in told]
    return sorted((_in_text(each, subject) for each in told), key=_in_order)


def place(problem: Problem) -> Place:
    """A problem of what has no text."""
    return Place(
        message=problem.message,
        field=".".join(map(str, problem.place)) or UNSET,
        advice=problem.advice or UNSET,
        severity=problem.severity,
    )


def _in_text(problem: Problem, document: Document) -> Place:
    found = document.range_of(problem)
    return Place(
        message=problem.message,
        field=".".join(map(str, problem.place)) or UNSET,
        line=found.start.line,
        column=found.start.column,
        end_line=found.end.line,
        end_column=found.end.column,
        advice=problem.advice or UNSET,
        severity=problem.severity,
    )


def _in_order(told: Place) -> tuple[object, ...]:
    return told.line, told.column, told.severity
