"""The YAML 1.2 core schema: what a scalar without quotes means, and what is refused rather than bent."""

from __future__ import annotations

import pytest

from interlock.authoring.yaml_scalars import CORE_TAG, Scalar, UnreadableScalarError, plain_value, tagged_value


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "yes",
        "no",
        "y",
        "n",
        "1_000",
        "2026-01-31",
        "0b1",
        "-0x1",
        "1:30",
        "tRUE",
        "nil",
        "+.nan",
        ".",
        "e3",
    ],
)
def test_what_yaml_1_1_took_for_something_else_is_text(text: str) -> None:
    """`after: {approve: {on: release}}` must not get a key `true`, nor a version 1_000 become a number."""
    assert plain_value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("TRUE", True),
        ("false", False),
        ("010", 10),
        ("+7", 7),
        ("-9223372036854775808", -(2**63)),
        ("00000000000000000000000000000000009", 9),
        ("0o10", 8),
        ("0x1F", 31),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1e3", -1000.0),
    ],
)
def test_words_and_numbers_of_the_core_schema(text: str, value: Scalar) -> None:
    """The type matters as much as the value: 1 and 1.0 and true are three things."""
    found = plain_value(text)

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9223372036854775808", "9" * 100_000])
def test_a_number_that_no_value_can_hold_is_refused(text: str) -> None:
    """Silently rounding or carrying infinity into a log would surface far from where it was written."""
    with pytest.raises(UnreadableScalarError):
        plain_value(text)


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [("str", "12", "12"), ("int", "12", 12), ("float", "12", 12.0), ("bool", "true", True), ("null", "", None)],
)
def test_a_core_tag_says_what_a_scalar_is(tag: str, text: str, value: Scalar) -> None:
    """`!!str 12` is how YAML writes the text 12 without quotes."""
    found = tagged_value(text, CORE_TAG + tag)

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("tag", "text"), [("int", "twelve"), ("bool", "yes"), ("set", ""), ("map", "x"), ("int", "true")]
)
def test_a_tag_that_does_not_fit_is_refused(tag: str, text: str) -> None:
    """A tag is a promise of the author; a value that breaks it is a mistake to show, not to guess about."""
    with pytest.raises(UnreadableScalarError):
        tagged_value(text, CORE_TAG + tag)
