"""Selectors and transforms: which items of a section stay, and what becomes of their text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.context.shaping import (
    Item,
    problem_of_selector,
    problem_of_transform,
    selected,
    transformed,
)

ITEMS = (Item("a", "one Error"), Item("b", "two"), Item("c", "three", failed=True))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), "abc"),
        (("first:2",), "ab"),
        (("last:2",), "bc"),
        (("last:0",), ""),
        (("last:9",), "abc"),
        (("named:a, c",), "ac"),
        (("not_named:a",), "bc"),
        (("matching:ERROR",), "a"),
        (("failed",), "c"),
        (("not_failed", "last:1"), "b"),
    ],
)
def test_a_selector_keeps_what_it_says_in_the_order_there_was(words: tuple[str, ...], names: str) -> None:
    """Several narrow down one after another."""
    assert "".join(item.name for item in selected(ITEMS, words)) == names


@pytest.mark.parametrize(
    ("word", "text", "shaped"),
    [
        ("head:2", "1\n2\n3\n4", "1\n2\n[… 2 lines]"),
        ("head:4", "1\n2\n3\n4", "1\n2\n3\n4"),
        ("tail:1", "1\n2\n3", "[… 2 lines]\n3"),
        ("chars:3", "abcdef", "abc…"),
        ("squeeze", "a  \n\n\n  b\n", "a\n  b"),
        ("json", '{"b": [1, 2],\n "a": "é"}', '{"b":[1,2],"a":"é"}'),
        ("json", "no json", "no json"),
        ("json", "[NaN]", "[NaN]"),
        ("fields:id, name", '[{"id": 1, "x": 2}, "other", {"name": "n"}]', '[{"id":1},"other",{"name":"n"}]'),
        ("fields:id", '{"x": 1}', "{}"),
        ("fields:id", "[" * 100_000, "[" * 100_000),
        ("json", '{"n": 1234567890123456789012345678901234567890}', '{"n":1234567890123456789012345678901234567890}'),
    ],
)
def test_a_transform_makes_of_a_text_what_it_says(word: str, text: str, shaped: str) -> None:
    """What a transform cannot make sense of stays as it is: a tool may answer anything."""
    assert transformed(text, (word,)) == shaped


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("lst:3", "`lst:3` is not a selector: did you mean `last`?"),
        ("last", "`last` needs a number: write `last:3`"),
        ("last:-1", "`last:-1` needs a number: write `last:3`"),
        ("last:99999999999", "`last:99999999999` needs a number: write `last:3`"),
        ("named:", "`named:` needs names: write `named:first,second`"),
        ("failed:1", "`failed:1` takes nothing: write `failed`"),
        ("last:3", None),
    ],
)
def test_a_word_that_means_nothing_is_told_with_what_to_write(word: str, problem: str | None) -> None:
    """A misspelt selector that kept everything would cost tokens at every call."""
    assert problem_of_selector(word) == problem


@given(st.text(), st.sampled_from(["head:1", "tail:2", "chars:4", "squeeze", "json", "fields:a"]))
def test_no_text_is_too_odd_for_a_transform(text: str, word: str) -> None:
    """What tools answer is written by anybody."""
    assert problem_of_transform(word) is None
    assert isinstance(transformed(text, (word,)), str)
