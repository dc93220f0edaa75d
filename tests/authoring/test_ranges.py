"""The characters that a problem is about: what an editor draws a line under."""

from __future__ import annotations

import pytest

from interlock.authoring.yaml_document import read_document
from interlock.core.problems import Place, Problem

TEXT = """\
graph: release
nodes:
  fix: &one {tool: "fix it", input: {plan: "a ${plam.steps} b"}}
  note:
    description: >
      Two lines,
      one text.
    tool: note
  again: *one
"""


def under(problem: Problem) -> str:
    """The part of the text that a problem is about."""
    document = read_document(TEXT)
    found = document.range_of(problem)
    lines = TEXT.splitlines(keepends=True)
    start = sum(map(len, lines[: found.start.line - 1])) + found.start.column - 1
    end = sum(map(len, lines[: found.end.line - 1])) + found.end.column - 1
    return TEXT[start:end]


@pytest.mark.parametrize(
    ("place", "at_key", "offset", "text"),
    [
        (("nodes", "fix"), True, None, "fix"),
        (("nodes", "fix", "tool"), False, None, '"fix it"'),
        (("nodes", "fix", "input", "plan"), False, 4, "plam"),
        (("nodes", "note", "description"), False, None, ">\n      Two lines,\n      one text."),
        (("nodes", "note", "tool"), False, None, "note"),
        (("nodes", "fix"), False, None, "{"),
        (("nodes", "note"), False, None, "description"),
        (("nodes", "again"), False, None, "*one"),
        (("nodes", "nobody"), False, None, "fix"),
        ((), False, None, "graph"),
    ],
)
def test_a_problem_covers_what_it_is_about(place: Place, at_key: bool, offset: int | None, text: str) -> None:  # noqa: FBT001 - a table of cases
    """A key, a scalar as written, the word in a text; of a map how it begins, of what is not there what is near."""
    assert under(Problem(place=place, message="here", at_key=at_key, offset=offset)) == text


def test_what_is_wrong_at_the_end_of_a_text_covers_nothing() -> None:
    """There is no character to draw a line under; the place is told all the same."""
    document = read_document("graph: [")

    found = [document.range_of(problem) for problem in document.problems]

    assert [(each.start, each.end) for each in found] == [(each.start, each.start) for each in found] != []
