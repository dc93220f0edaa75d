"""Finding `${…}` in texts, and telling a bare path from any other expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.expressions import ExpressionProblem, Hole, Literal, Piece, bare_path, split_text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("plain", [Literal("plain", 0)]),
        ("${a.b}", [Hole("a.b", 2)]),
        ("x ${a} y ${b} z", [Literal("x ", 0), Hole("a", 4), Literal(" y ", 6), Hole("b", 11), Literal(" z", 13)]),
        ("${a}${b}", [Hole("a", 2), Hole("b", 6)]),
        ("$${a}", [Literal("${a}", 0)]),
        ("cost: $5 and $$", [Literal("cost: $5 and $$", 0)]),
        ("$${a} ${b} $${c}", [Literal("${a} ", 0), Hole("b", 8), Literal(" ${c}", 10)]),
        ("$$${a}", [Literal("$${a}", 0)]),
        ("${{'a': {'b': 1}}.a}", [Hole("{'a': {'b': 1}}.a", 2)]),
        ("${a == '}'} }", [Hole("a == '}'", 2), Literal(" }", 11)]),
        (r"""${a == '\'}' + "\"}"}""", [Hole(r"""a == '\'}' + "\"}" """.strip(), 2)]),
        (r"${r'\'}", [Hole(r"r'\'", 2)]),
        ("${'''it's }'''}", [Hole("'''it's }'''", 2)]),
        ('${"""a "}" b"""}', [Hole('"""a "}" b"""', 2)]),
        ("${a // }\n}", [Hole("a // }\n", 2)]),
        ("${'${b}'}", [Hole("'${b}'", 2)]),
        ("${}", [Hole("", 2)]),
        ("é😀${a}", [Literal("é😀", 0), Hole("a", 4)]),
    ],
)
def test_a_text_is_split_into_itself_and_its_expressions(text: str, pieces: list[Piece]) -> None:
    """The offsets say where an expression's problem is in the document; braces in its strings end nothing."""
    assert split_text(text) == pieces


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("a ${b", "this `${` is not closed", 2),
        ("${a} ${b + {'c': 1}", "this `${` is not closed", 5),
        ("${a == 'x}", "the text that begins here is not closed", 7),
        ('${"""a"}', "the text that begins here is not closed", 2),
    ],
)
def test_what_is_not_closed_is_refused_where_it_begins(text: str, message: str, offset: int) -> None:
    """Half an expression taken as text would go out to the world as such."""
    with pytest.raises(ExpressionProblem) as raised:
        split_text(text)

    assert (raised.value.message, raised.value.offset) == (message, offset)


@given(
    st.lists(st.sampled_from(["a", "$", "{", "}", "'", '"', "\\", "/", "\n", "${", "$${"]), max_size=30).map("".join)
)
def test_the_pieces_of_any_text_make_up_the_text(text: str) -> None:
    """Nothing between two expressions may get lost, whatever it looks like."""
    assert joined(text) in {text, "refused"}


def joined(text: str) -> str:
    """The pieces of a text put together again."""
    try:
        return "".join(_written(piece) for piece in split_text(text))
    except ExpressionProblem:
        return "refused"


def _written(piece: Piece) -> str:
    return f"${{{piece.source}}}" if isinstance(piece, Hole) else piece.text.replace("${", "$${")


@pytest.mark.parametrize(
    ("source", "chain"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("  a . b\n", ("a", "b")),
        ("_a1.B_2", ("_a1", "B_2")),
        ("a.for", ("a", "for")),
        ("true", None),
        ("null", None),
        ("while.x", None),
        ("a.in", None),
        ("a.b()", None),
        ("a[0]", None),
        ("a.?b", None),
        ("a + b", None),
        (".a", None),
        ("a.", None),
        ("1.a", None),
        ("é", None),
        ("", None),
    ],
)
def test_a_bare_path_is_nothing_but_names(source: str, chain: tuple[str, ...] | None) -> None:
    """Rule 7: only a bare path may be absent, and it needs no evaluation."""
    assert bare_path(source) == chain
