"""Formatting a graph: one layout, and never a changed meaning or a lost comment."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.authoring.errors import CannotFormatError, InvalidDocumentError
from interlock.authoring.formatting import format_yaml
from interlock.authoring.yaml_document import read_document
from interlock.core.values import Value
from tests.authoring.documents import emitted, json_data, keys, styled_documents

UNTIDY = """\


# Releases what main holds.

nodes:
    # does the work
    fix:    {tool: fix,input: { plan : [ 1,2 ],"x":1 } }   # three times
    check:
        gate:
        # must hold
        -   "${fix.passed}"
        -   '${fix.score
               > 1}'
        # or a person says so
        otherwise: hold\x20\x20
    note:
        value: |
            first
              second

        description: >-
              text that
              goes on



    # the last one
# money
budget: {calls: 3}\r
graph: release
"""
TIDY = """\
# Releases what main holds.

graph: release
# money
budget: {calls: 3}
nodes:
  # does the work
  fix:    {tool: fix, input: {plan: [1, 2], "x": 1}}   # three times
  check:
    gate:
      # must hold
      - "${fix.passed}"
      - '${fix.score
             > 1}'
    # or a person says so
    otherwise: hold
  note:
    value: |
        first
          second

    description: >-
          text that
          goes on

  # the last one
"""


def test_an_untidy_graph_becomes_tidy() -> None:
    """Two blanks a level, lists under their key, one blank in brackets, the graph's keys in one order; columns stay."""
    assert format_yaml(UNTIDY) == TIDY


def test_a_tidy_graph_stays_as_it_is() -> None:
    """A formatter that is never content fills every review with noise."""
    assert format_yaml(TIDY) == TIDY


@pytest.mark.parametrize(
    "text",
    [
        "nodes: &n {a: {value: 1}}\nfinally: *n\ngraph: g\n",
        "nodes: {}\n\n# whose is this?\n\ngraph: g\n",
        "graph: g\noutputs: {}\nnodes: {}\n# more nodes, or the end?\n",
        "---\nnodes: {}\ngraph: g\n",
        "zebra: 1\nalpha: 2\n",
        "{nodes: {}, graph: g}\n",
    ],
)
def test_keys_stay_where_moving_them_could_be_wrong(text: str) -> None:
    """An alias needs its anchor above, a comment its subject, and only a graph's keys have an order."""
    assert format_yaml(text) == text


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("a: 1", "a: 1\n"),
        ("  a: 1\n  b: 2\n", "a: 1\nb: 2\n"),
        ("a:\n- b\n- c: d\n  e:\n  - f\n", "a:\n  - b\n  - c: d\n    e:\n      - f\n"),
        ("a:\n  - - b\n    -   - c\n", "a:\n  - - b\n    - - c\n"),
        ("a:\n      b\n", "a:\n      b\n"),
        ("a: {\n\tb: 1,\n  c: [ ]\n}\n", "a: {\n\tb: 1,\n  c: []\n}\n"),
        ("a: |2\n    b\n  c\n\n\nd: |+\n  e\n\n\n", "a: |2\n    b\n  c\n\nd: |+\n  e\n\n\n"),
        ("a: |\n  no line feed", "a: |\n  no line feed"),
        ('a: "b \\  \n\n\n   c"\n', 'a: "b \\  \n\n\n   c"\n'),
        ("?  a\n:  b\n", "?  a\n:  b\n"),
    ],
)
def test_layouts_one_by_one(text: str, formatted: str) -> None:
    """What is content stays, down to the blank; what is layout becomes one."""
    assert format_yaml(text) == formatted


def test_a_document_with_problems_is_not_touched() -> None:
    """Tidying a text that is not understood could hide the mistake; the report says what to correct first."""
    with pytest.raises(InvalidDocumentError, match="`a` is already a key") as raised:
        format_yaml("a: 1\na: 2\n", source="graphs/x.yaml")

    assert (raised.value.source, len(raised.value.problems)) == ("graphs/x.yaml", 1)


def test_a_layout_that_carries_meaning_is_not_touched() -> None:
    """Better left untidy than changed: moved to the first column, three dashes would begin a new document."""
    with pytest.raises(CannotFormatError, match=r"graph\.yaml was left as it is"):
        format_yaml('a:\n   b: "x\n --- y"\n')


def same(data: Value) -> str:
    """Data in a form in which the order inside maps counts, but for the topmost."""
    return json.dumps({key: json.dumps(value) for key, value in sorted(data.items())})


@given(styled_documents.filter(lambda document: isinstance(document[0], dict)))
def test_formatting_keeps_the_data_and_is_done_after_once(document: tuple[Value, str]) -> None:
    """Whatever styles an author or a program uses, the graph is the same graph."""
    data, text = document

    once = format_yaml(text)

    assert same(read_document(once).data) == same(data)
    assert format_yaml(once) == once


@st.composite
def commented(draw: st.DrawFn) -> str:
    """A document with comments and empty lines in places where people put them, and where nobody does."""
    data, style, indent = (
        draw(st.dictionaries(keys, json_data, min_size=1)),
        draw(st.sampled_from("\"'|>")),
        draw(st.integers(2, 6)),
    )
    above = st.lists(st.sampled_from(["# one", "  # two", "    # three", "", "   ", "     # four"]), max_size=2)
    behind = st.sampled_from(["", "  # why", " "])
    lines = emitted(data, style=style, indent=indent).splitlines()
    return "\n".join(each for line in lines for each in [*draw(above), line + draw(behind)])


@given(commented())
def test_no_comment_is_lost_and_none_changes_its_line(text: str) -> None:
    """A comment is often the only place where a reason stands."""
    read = read_document(text)

    once = formatted_or_left(text)

    assert words_of(once) == words_of(text)
    assert same(read_document(once).data or {}) == same(read.data or {})
    assert formatted_or_left(once) == once


def words_of(text: str) -> list[list[str]]:
    """The words of every line that has any."""
    return [words for line in text.splitlines() if (words := line.split())]


def formatted_or_left(text: str) -> str:
    """The formatted text, or the text itself where formatting is refused."""
    try:
        return format_yaml(text)
    except (CannotFormatError, InvalidDocumentError):
        return text
