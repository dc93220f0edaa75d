"""Reading a document: plain data, the place of everything in it, and all that is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.authoring.limits import Limits
from interlock.authoring.source_lines import Position
from interlock.authoring.yaml_document import Document, read_document, read_value
from interlock.core.problems import Place
from interlock.core.values import Value
from tests.authoring.documents import emitted, json_data, styled_documents

RELEASE = """\
graph: release            # a comment
nodes:
  plan: {tool: plan, input: {pr: "${inputs.pr}"}}
  checks:
  - tool: scan
  - {tool: test}
  ask:
    human: >-
      Release
      it?
"""

PIECES = [
    "a",
    "b: ",
    ": ",
    "- ",
    "\n",
    "  ",
    *"{}[],'\"\t#\\%",
    "&x ",
    "*x",
    "|\n",
    "? ",
    "!!str ",
    "<<",
    "---\n",
    "${",
    "1e9",
]
MORE_THAN = "the document has more than"
NOTHING = "the document holds nothing, where a map of keys and values is expected"


def problems_of(document: Document) -> list[tuple[Position, str]]:
    """The problems with their positions, as they would be shown."""
    return [(document.position(problem), problem.message) for problem in document.problems]


def test_a_document_is_plain_data() -> None:
    """What compiles a graph sees maps, lists and scalars, in the order in which they were written."""
    document = read_document(RELEASE)

    assert document.problems == ()
    assert json.dumps(document.data) == json.dumps(
        {
            "graph": "release",
            "nodes": {
                "plan": {"tool": "plan", "input": {"pr": "${inputs.pr}"}},
                "checks": [{"tool": "scan"}, {"tool": "test"}],
                "ask": {"human": "Release it?"},
            },
        }
    )


@pytest.mark.parametrize(
    ("place", "at_key", "offset", "position"),
    [
        ((), False, None, Position(1, 1)),
        (("graph",), False, None, Position(1, 8)),
        (("graph",), True, None, Position(1, 1)),
        (("nodes", "plan"), False, None, Position(3, 9)),
        (("nodes", "plan", "input", "pr"), True, None, Position(3, 30)),
        (("nodes", "plan", "input", "pr"), False, 2, Position(3, 37)),
        (("nodes", "checks", 1, "tool"), False, None, Position(6, 12)),
        (("nodes", "ask", "human"), False, 8, Position(10, 7)),
        (("nodes", "nowhere", "at", "all"), False, 3, Position(3, 3)),
        ((), False, 26, Position(1, 27)),
    ],
)
def test_every_place_is_found(place: Place, *, at_key: bool, offset: int | None, position: Position) -> None:
    """A problem names line and column; of what is not in the document, the nearest thing that is."""
    document = read_document(RELEASE)

    assert document.locate(place, at_key=at_key, offset=offset) == position


def test_a_place_behind_an_alias_is_where_the_value_was_written() -> None:
    """The mistake to correct stands at the anchor; the alias only repeats it."""
    document = read_document("a: &x {k: text}\nb: *x\n")

    assert document.data == {"a": {"k": "text"}, "b": {"k": "text"}}
    assert document.locate(("b",)) == Position(2, 4)
    assert document.locate(("b", "k")) == Position(1, 11)
    assert document.locate(("b", "k"), offset=2) == Position(1, 13)


def test_all_problems_are_found_in_one_reading() -> None:
    """Nobody wants to correct a document one message at a time; what is usable is still given to the compiler."""
    document = read_document("a: .inf\nb: *nobody\n? [c]\n: 1\n<<: {d: 1}\ne: !money 3\na: 2\nf: 1\n")

    assert document.data == {"a": None, "b": None, "e": None, "f": 1}
    assert problems_of(document) == [
        (Position(1, 4), "`.inf` is not a number that a value can hold"),
        (Position(2, 4), "there is no `&nobody` above"),
        (Position(3, 3), "a key must be text, not an alias, a map or a list"),
        (Position(5, 1), "merge keys (`<<`) are not part of YAML 1.2"),
        (Position(6, 11), "the tag `!money` is not known here"),
        (Position(7, 1), "`a` is already a key of this map, in line 1"),
    ]


def test_a_key_is_the_text_that_stands_there() -> None:
    """Node names and labels are text, also where YAML would see a number or a truth."""
    assert read_document("1: a\ntrue: b\non: c\n'<<': d\n").data == {"1": "a", "true": "b", "on": "c", "<<": "d"}


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", Position(1, 1), NOTHING),
        (
            "# only a comment\n",
            Position(1, 1),
            "the document holds nothing, where a map of keys and values is expected",
        ),
        ("- a\n", Position(1, 1), "the document is a list, where a map of keys and values is expected"),
        ("a: 1\n---\nb: 2\n", Position(2, 1), "a second document begins here"),
        (b"a: 1\nb: \xff\n", Position(2, 4), "this is not UTF-8: the byte at offset 8 is 0xff"),
        (b"a: \0", Position(1, 4), "this is not text: the byte at offset 3 is 0"),
        (b"\xff\xfea\0", Position(1, 1), "this is UTF-16 or UTF-32, not UTF-8"),
        ("a: b\x1b[2J\n", Position(1, 5), "a control character, U+001B"),
        ("a: &x [*x]\n", Position(1, 8), "`*x` stands inside `&x`: the value would contain itself"),
    ],
)
def test_what_is_no_document_is_told(text: str | bytes, position: Position, message: str) -> None:
    """A wrong file is a common mistake; the answer names what was found and where."""
    assert problems_of(read_document(text)) == [(position, message)]


@pytest.mark.parametrize("text", ["\ufeffa: 1", b"\xef\xbb\xbfa: 1", "%YAML 1.2\n---\na: 1\n...\n", "{\n\t'a':1\n}"])
def test_harmless_ways_to_write_a_document_are_read(text: str | bytes) -> None:
    """Editors and programs leave marks that mean nothing."""
    document = read_document(text)

    assert (document.data, document.problems) == ({"a": 1}, ())


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        ("a: 12345", Limits(document_bytes=7), "the document has 8 bytes, more than the limit of 7"),
        ("[" * 100_000, Limits(), f"{MORE_THAN} 64 maps and lists inside one another: reading ended here"),
        ("- a\n" * 50, Limits(values=9), f"{MORE_THAN} 9 keys and values: reading ended here"),
        ("a: &a 1\nb: *a\nc: *a", Limits(alias_expansions=1), f"{MORE_THAN} 1 aliases: reading ended here"),
        (
            "a: &a [[1]]\nb: [*a]",
            Limits(depth=3),
            f"{MORE_THAN} 3 maps and lists inside one another: reading ended here",
        ),
    ],
)
def test_past_a_limit_reading_ends_and_names_it(text: str, limits: Limits, message: str) -> None:
    """A document from outside may not take all memory; an author who needs more learns which limit to raise."""
    document = read_value(text, limits=limits)

    assert document.data is None
    assert [problem.message for problem in document.problems] == [message]


def test_laughs_are_counted_before_they_are_a_billion() -> None:
    """Nine references to nine references… are small to share, and endless to walk for whoever gets the data."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    ]

    document = read_document("\n".join(lines))

    assert document.data is None
    assert problems_of(document) == [
        (
            Position(7, 8),
            "the document has more than 1,000,000 keys and values, with what its aliases repeat: reading ended here",
        )
    ]


def test_an_alias_repeats_within_the_limits() -> None:
    """Repeating a block is what aliases are for, and costs nothing: it is the same object."""
    document = read_document("a: &retry {attempts: 3}\nb: *retry\n")

    assert document.data["a"] is document.data["b"]


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_reading_never_raises(data: bytes) -> None:
    """Whatever a file holds, the answer is a document with problems, each at a place in the text."""
    document = read_document(data)

    assert (document.data is not None) or document.problems
    assert all(document.position(problem).line <= len(document.lines) for problem in document.problems)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_reading_what_looks_like_yaml_never_raises(text: str) -> None:
    """Random bytes seldom reach the parser's corners; random pieces of YAML do."""
    document = read_value(text)

    assert all(document.position(problem).line <= len(document.lines) for problem in document.problems)


@given(json_data, st.booleans(), st.sampled_from([None, 0, 3]))
def test_json_is_read_as_what_it_is(data: Value, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - given fills it
    """Inputs come as JSON too: emoji as two escapes, and line breaks of other scripts inside text, included."""
    document = read_value(json.dumps(data, ensure_ascii=ascii_only, indent=indent))

    assert (document.data, document.problems) == (data, ())


@given(styled_documents)
def test_yaml_in_any_style_is_read_as_what_it_is(document: tuple[Value, str]) -> None:
    """Quotes, folds, blocks and indentation are ways to write one thing."""
    data, text = document

    read = read_value(text)

    assert (read.data, read.problems) == (data, ())


@given(json_data)
def test_a_reading_does_not_depend_on_line_breaks(data: Value) -> None:
    """A file saved on another system is the same graph."""
    text = emitted(data)

    assert read_value(text.replace("\n", "\r\n")).data == read_value(text).data
