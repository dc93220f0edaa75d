"""A text that is no YAML: what is wrong is told in the author's words, at the place to look at."""

from __future__ import annotations

import pytest
import yaml

from interlock.authoring.source_lines import Position
from interlock.authoring.yaml_document import read_document
from interlock.authoring.yaml_syntax import syntax_problem


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("a: b: c", Position(1, 5), "a `key: value` cannot stand here"),
        ("a: 1\n b: 2", Position(2, 3), "a `key: value` cannot stand here"),
        (
            "a:\n  - x\n y: 1",
            Position(3, 2),
            "this line fits neither the map that begins in line 1 nor anything inside it",
        ),
        ("a:\n\tb: 1", Position(2, 1), "a tab in the indentation"),
        ("a: b\n \tc: d", Position(2, 2), "a tab in the indentation"),
        ("a: |\n\tx", Position(2, 1), "a tab in the indentation"),
        ("a: 'x\nb: 1\n", Position(1, 4), "this quote is never closed"),
        ('a: "x\n---\n"', Position(1, 4), "this quote is never closed"),
        ("a: 'it's'", Position(1, 8), "this stands behind a value that has ended"),
        ("a: [x, y\n", Position(1, 4), "this `[` is never closed"),
        ("a: {x: 1\n", Position(1, 4), "this `{` is never closed"),
        ("a: [x\nb: 1", Position(2, 2), "a `,` or `]` is missing here, the `[` of line 1 is open"),
        ("a: {b: ${c}}", Position(1, 8), "inside `[ ]` and `{ }`, `${…}` must stand in quotes"),
        ("a: [${c}]", Position(1, 5), "inside `[ ]` and `{ }`, `${…}` must stand in quotes"),
        ("a: [1,,2]", Position(1, 7), "a value is missing before this `,`"),
        ("a: [", Position(1, 5), "the text ends where a value is expected"),
        ("a: ]", Position(1, 4), "a `]` without its opening bracket"),
        ("a: x\nb\n", Position(2, 1), "this is no `key: value`"),
        ("- a\nb: 1", Position(2, 1), "this line is no item of the list that begins in line 1"),
        ("a: - b", Position(1, 4), "a list item cannot begin here"),
        ("a: @x", Position(1, 4), "text that begins with `@` must stand in quotes"),
        ("a: *", Position(1, 4), "text that begins with `*` must stand in quotes"),
        (r'a: "\d"', Position(1, 5), r"`\d` is no escape in double quotes"),
        (r'a: "\xzz"', Position(1, 7), "this escape names no character"),
        ("a: >x\n  y", Position(1, 5), "after `>` the text must begin on the next line, indented with spaces"),
        ("a: !foo!bar x", Position(1, 4), "this tag is not known here"),
        ("%FOO x\n---\na: 1", Position(1, 1), "a line that begins with `%` is a directive, and this one is not known"),
        ("%YAML 2.0\n---\na: 1", Position(1, 1), "this version of YAML is not known"),
        ("{a: 1}\nb: 2", Position(2, 1), "this stands behind the end of the document"),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, position: Position, message: str) -> None:
    """The parser's own words speak of its insides; an author needs the place and what to change."""
    document = read_document(text)

    assert document.data is None
    assert [(document.position(problem), problem.message) for problem in document.problems] == [
        (position, f"{message} (what follows was not read)")
    ]
    assert document.problems[0].advice


def test_a_mistake_that_nobody_foresaw_is_told_in_the_parsers_words() -> None:
    """Another version of the parser may say something new: better passed on than swallowed."""
    problem = syntax_problem(yaml.MarkedYAMLError(problem="found something new"), "a")

    assert problem.message == "this is no YAML (found something new) (what follows was not read)"
