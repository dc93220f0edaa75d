"""A character of a value is found in the source, however the scalar was written."""

from __future__ import annotations

import pytest
from hypothesis import given

from interlock.authoring.scalar_offsets import value_offsets
from interlock.authoring.source_lines import Position
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.values import Value
from tests.authoring.documents import places, styled_texts


@pytest.mark.parametrize(
    ("source", "word", "position"),
    [
        ("a: one two", "two", Position(1, 8)),
        ("a: one\n   two\n\n   three", "three", Position(4, 4)),
        ("a: 'it''s one'", "one", Position(1, 11)),
        ('a: "\\u00e9\\t\\x41 one"', "one", Position(1, 18)),
        ('a: "x \\\n    one"', "one", Position(2, 5)),
        ("a: |\n   first\n   one", "one", Position(3, 4)),
        ("a: |2-  # two blanks\n    first\n    one", "one", Position(3, 5)),
        ("a: >+\n  first\n\n   more\n  one\n\n", "one", Position(5, 3)),
        ("a: &x !!str  one", "one", Position(1, 14)),
        ("a: {b: [x, \u4e00\u4e00 one]}", "one", Position(1, 15)),
    ],
)
def test_a_word_is_found_where_it_stands(source: str, word: str, position: Position) -> None:
    """The caret of a mistake in an expression stands under that expression, not under the quote before it."""
    document = read_document(source)
    place, value = next((place, value) for place, value in places(document.data) if word in str(value))

    assert document.locate(place, offset=str(value).index(word)) == position


@given(styled_texts)
def test_every_character_of_every_text_is_found(document: tuple[Value, str]) -> None:
    """Each stands for itself, or for the escape, the doubled quote or the line break it is written as."""
    data, text = document

    read = read_document(text)

    assert [
        (place, offset)
        for place, value in places(read.data)
        for offset, character in enumerate(str(value))
        if not stands_for(character_at(read, read.locate(place, offset=offset)), character)
    ] == []
    assert read.data == data


def test_an_offset_is_exact_or_is_not_given() -> None:
    """A caret under the wrong word misleads more than one under the whole text."""
    assert value_offsets("a b", 0, 3, "something else") is None


def character_at(document: Document, position: Position) -> str:
    """What stands at a position; at the end of a line, its break."""
    return f"{document.lines[position.line - 1]}\n"[position.column - 1]


def stands_for(written: str, character: str) -> bool:
    """Whether a character of a value can be written as what stands in the source."""
    return written in {character, "\\"} or (written == "\n" and character == " ")
