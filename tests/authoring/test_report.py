"""What people see of problems: the line, a caret under the place, and what to do."""

from __future__ import annotations

import pytest

from interlock.authoring.report import problems_as_json, render_problems
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.problems import Place, Problem

GRAPH = """\
graph: release
nodes:
  fix: {tool: fix, input: {plan: "${plam}"}}
  plan: {tool: plan}
"""
UNKNOWN_NAME = Problem(
    place=("nodes", "fix", "input", "plan"),
    offset=2,
    message="`plam` is not a node or name that can be used here",
    advice="did you mean `plan`?",
)
NO_GATE = Problem(place=("nodes", "fix"), at_key=True, message="nothing stands before `fix`", severity="warning")


def caret_of(text: str, place: Place, offset: int = 0) -> tuple[str, str]:
    """The shown line and the line under it."""
    document = read_document(text)
    shown = render_problems([Problem(place=place, offset=offset, message="here")], document).splitlines()
    return shown[1].partition(" | ")[2], shown[2].partition(" | ")[2]


def test_a_problem_shows_its_line_with_a_caret_and_advice() -> None:
    """Whoever reads it finds the place without counting, and knows what to try; the order is that of the document."""
    report = render_problems([UNKNOWN_NAME, NO_GATE], read_document(GRAPH, source="graphs/release.yaml"))

    assert (
        report
        == """\
graphs/release.yaml:3:3: warning: nothing stands before `fix`
    3 |   fix: {tool: fix, input: {plan: "${plam}"}}
      |   ^^^
graphs/release.yaml:3:37: error: `plam` is not a node or name that can be used here
    3 |   fix: {tool: fix, input: {plan: "${plam}"}}
      |                                     ^^^^
      did you mean `plan`?
1 error, 1 warning
"""
    )


def test_problems_are_data_for_programs() -> None:
    """An editor or a pipeline gets the same facts without reading prose."""
    found = problems_as_json([UNKNOWN_NAME], read_document(GRAPH, source="release.yaml"))

    assert found == [
        {
            "file": "release.yaml",
            "line": 3,
            "column": 37,
            "severity": "error",
            "message": "`plam` is not a node or name that can be used here",
            "advice": "did you mean `plan`?",
            "place": ["nodes", "fix", "input", "plan"],
        }
    ]


def test_a_graph_without_a_text_is_shown_by_its_places() -> None:
    """A graph built in Python has the same problems, and no line to show."""
    report = render_problems([UNKNOWN_NAME], "release")

    assert (
        report
        == """\
release:nodes.fix.input.plan: error: `plam` is not a node or name that can be used here
      did you mean `plan`?
1 error
"""
    )


def test_nothing_to_say_says_nothing() -> None:
    """A good graph is silent."""
    assert render_problems([], read_document(GRAPH)) == ""


@pytest.mark.parametrize(
    ("text", "place", "offset", "shown"),
    [
        ('a: "漢字 ${x}"', ("a",), 5, ('a: "漢字 ${x}"', "           ^")),
        ("a:\t'e\u0301 ${x}'", ("a",), 5, ("a: 'e\u0301 ${x}'", "        ^")),
        ("a: word-more", ("a",), 0, ("a: word-more", "   ^^^^")),
        ('a: "\u202eevil"', ("a",), 1, ('a: "\ufffdevil"', "     ^^^^")),
    ],
)
def test_the_caret_stands_under_its_character(text: str, place: Place, offset: int, shown: tuple[str, str]) -> None:
    """Wide and combining characters, tabs, and characters that reorder text do not push it away."""
    assert caret_of(text, place, offset) == shown


@pytest.mark.parametrize("offset", [0, 1, 150, 290, 299])
def test_of_a_long_line_the_part_around_the_caret_is_shown(offset: int) -> None:
    """A graph written in one line must not fill the screen."""
    words = "".join(f"{number:03} " for number in range(75)).rstrip()

    line, caret = caret_of(f"a: '{words}'", ("a",), offset)

    assert len(line) <= 102
    assert line[caret.index("^")] == f"{words}'"[offset]


def test_the_first_fifty_are_shown_and_errors_come_before_warnings() -> None:
    """A screen of warnings must not hide the one error; the count still tells how much there is."""
    document = read_document("a: 1\nb: 2\n")
    warnings = [Problem(place=("a",), message="so so", severity="warning")] * 70
    error = Problem(place=("b",), message="broken")

    lines = render_problems([*warnings, error], document).splitlines()

    assert sum("warning: so so" in line for line in lines) == 49
    assert lines[-5:] == [
        "graph.yaml:2:4: error: broken",
        "    2 | b: 2",
        "      |    ^",
        "and 21 more",
        "1 error, 70 warnings",
    ]


def test_a_document_cannot_move_the_cursor() -> None:
    """A report is printed on terminals and in build logs, and the document may come from a stranger."""
    document = read_document("a: \x1b[2J\n", source="x\ny.yaml")

    assert "\x1b" not in render_problems([*document.problems, Problem(place=(), message="\x1b[2J")], document)


def test_an_unreadable_document_is_reported_without_its_line() -> None:
    """There may be no text at all to show."""
    document = read_document(b"\xff\xfe")

    assert (
        report_of(document)
        == """\
graph.yaml:1:1: error: this is UTF-16 or UTF-32, not UTF-8
      save the file as UTF-8
1 error
"""
    )


def report_of(document: Document) -> str:
    """What is shown of a document that is read and not compiled."""
    return render_problems(document.problems, document)
