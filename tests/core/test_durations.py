"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.durations import DURATION_MAX, DurationProblem, duration_text, parse_duration


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("250us", 250),
        ("500ms", 500_000),
        ("2s", 2_000_000),
        ("1.5s", 1_500_000),
        ("10m", 600_000_000),
        ("1h30m", 5_400_000_000),
        ("1d", 86_400_000_000),
    ],
)
def test_a_duration_is_a_number_with_a_unit(written: str, micros: int) -> None:
    """Nobody has to guess whether 30 means seconds or minutes."""
    assert parse_duration(written) == micros


@pytest.mark.parametrize(
    ("written", "message", "advice"),
    [
        (30, "30 has no unit", "write `30s` for seconds, or `30m` for minutes"),
        (
            "30",
            "`30` is not a duration",
            "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`",
        ),
        (
            "30m1h",
            "`30m1h` names its units out of order or twice",
            "write each unit once, the largest first, as in `1h30m`",
        ),
        ("0s", "`0s` is out of range", "a duration is longer than nothing and at most 36600d"),
        ("99999999d", "`99999999d` is out of range", "a duration is longer than nothing and at most 36600d"),
        (True, "true is not a duration", "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`"),
        (None, "nothing is not a duration", "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`"),
        ({}, "a map is not a duration", "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`"),
        (["1h"], "a list is not a duration", "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_to_write(written: object, message: str, advice: str) -> None:
    """A bare number is the commonest slip, so it is told with both of its likely meanings."""
    with pytest.raises(DurationProblem) as refused:
        parse_duration(written)

    assert (refused.value.message, refused.value.advice) == (message, advice)


@given(st.integers(1, DURATION_MAX))
def test_every_duration_can_be_written_and_read_back(micros: int) -> None:
    """The canonical document holds durations as text; it must mean what was meant."""
    assert parse_duration(duration_text(micros)) == micros
