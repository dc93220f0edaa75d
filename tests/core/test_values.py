"""What is a value: the one canonical form of data that comes from outside, and what is refused with its place."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from typing import Any

import pytest

from interlock.core.canonical import INT_MAX, INT_MIN, canonical
from interlock.core.values import KeptList, Ref, Secret, ValueProblem


class Colour(str, Enum):  # noqa: UP042 - the members of a `StrEnum` are text already
    """An enumeration as most code writes it."""

    RED = "red"


class Size(IntEnum):
    """Numbers that have names."""

    LARGE = 3


def held_by_itself() -> list[Any]:
    """A list that is its own item."""
    items: list[Any] = []
    items.append(items)
    return items


def test_maps_are_sorted_and_everything_else_stays_as_it_is() -> None:
    """The same data gives the same bytes wherever it was made, so hashes of it agree."""
    data = {"b": [1, 2.5, None, True], "a": {"d": "text", "c": (INT_MIN, INT_MAX)}}

    assert list(canonical(data)) == ["a", "b"]
    assert canonical(data) == {"a": {"c": [INT_MIN, INT_MAX], "d": "text"}, "b": [1, 2.5, None, True]}


def test_minus_zero_is_zero_and_text_may_hold_any_character() -> None:
    """Two spellings of one number would hash differently; U+0000 is a character like any other."""
    assert math.copysign(1, canonical(-0.0)) == 1
    assert canonical({"\x00": "a\x00b"}) == {"\x00": "a\x00b"}


def test_times_and_durations_are_text() -> None:
    """As an expression reads them."""
    noon = datetime(2025, 10, 9, 12, tzinfo=UTC)

    assert canonical([noon, timedelta(seconds=90)]) == ["2025-10-09T12:00:00Z", "90s"]


def test_members_of_enumerations_are_the_text_and_numbers_that_they_are() -> None:
    """As JSON has it: a name such as `Colour.RED` belongs to the code of a tool and says nothing outside of it."""
    value = canonical({Colour.RED: [Colour.RED, Size.LARGE]})

    assert value == {"red": ["red", 3]}
    assert [type(item) for item in value["red"]] == [str, int]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"a": [1, {2}]}, "value.a[1] is a set: values are null, true, false, numbers, text, lists and maps"),
        ({"a": math.nan}, "value.a is nan, which JSON cannot hold: pass null or text"),
        ({"a": -math.inf}, "value.a is -inf, which JSON cannot hold: pass null or text"),
        ({"a": 2**63}, "value.a is an integer beyond 64 bits: pass it as text"),
        ({"a": b"x"}, "value.a is bytes: encode them as text, or keep them outside and pass their address"),
        ({"a": "\ud800"}, "value.a is text with a lone surrogate, which UTF-8 cannot hold"),
        ({"\udfff": 1}, "a key of value is text with a lone surrogate, which UTF-8 cannot hold"),
        ({1: 2}, "value has the key 1: keys of a map are text"),
        (datetime(2025, 10, 9), "value is a time without a zone: use an aware datetime"),  # noqa: DTZ001 - on purpose
        (held_by_itself(), f"value{'[0]' * 18}[… is nested deeper than 64 levels, or holds itself"),
    ],
)
def test_what_is_no_value_is_refused_with_its_place(data: object, told: str) -> None:
    """Whoever handed it in reads where it stands, and what to hand in instead."""
    with pytest.raises(ValueProblem) as refused:
        canonical(data)

    assert str(refused.value) == told


@pytest.mark.parametrize("leaf", [Secret("token"), Ref("ab" * 32, 5), KeptList((), (), [], 0)])
def test_nobody_outside_can_hand_in_what_only_the_engine_makes(leaf: object) -> None:
    """A tool that returned a handle could have any secret filled into the next call."""
    with pytest.raises(ValueProblem, match=f"is a {type(leaf).__name__}: values are"):
        canonical({"a": [leaf]})


def test_a_value_is_no_longer_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is bounded: what is larger is kept elsewhere, and its address passed on."""
    monkeypatch.setattr("interlock.core.canonical.VALUE_BYTES_MAX", 10)

    with pytest.raises(
        ValueProblem, match="value is 12 bytes long, more than 10: keep it outside and pass its address"
    ):
        canonical("x" * 11)
