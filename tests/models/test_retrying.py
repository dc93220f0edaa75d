"""What follows a failed request: again, elsewhere, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.models.provider import RequestFailed
from interlock.models.retrying import (
    BACKOFF,
    BACKOFF_MAX,
    Again,
    Move,
    NextModel,
    NoMore,
    backoff,
    next_move,
    parse_retry_after,
)

NOON = 1_760_000_000_000_000


def move(failure: RequestFailed, *, attempt: int = 1, has_next: bool = False, time_left: int | None = None) -> Move:
    """What follows, where three attempts may be made."""
    return next_move(failure, attempt=attempt, attempts_max=3, has_next=has_next, time_left=time_left, call_id="call")


def asked_to_wait(micros: int) -> RequestFailed:
    """A provider that names a time."""
    return RequestFailed("rate_limited", "", retry_after=micros)


@pytest.mark.parametrize("kind", ["timeout", "unavailable", "rate_limited", "failed"])
def test_what_may_pass_is_tried_again_after_a_while(kind: str) -> None:
    """Most troubles of a network are over in a second."""
    assert move(RequestFailed(kind, "")) == Again(backoff("call", 1))  # pyright: ignore[reportArgumentType] - a parameter


@pytest.mark.parametrize("kind", ["invalid", "refused"])
def test_what_will_not_change_is_not_tried_again_there(kind: str) -> None:
    """A request that a provider does not accept is the same request a second later; another may accept it."""
    failure = RequestFailed(kind, "")  # pyright: ignore[reportArgumentType] - a parameter

    assert (move(failure), move(failure, has_next=True)) == (NoMore(), NextModel())


@pytest.mark.parametrize("billed", ["heard", "worst"])
def test_a_request_that_may_be_on_the_bill_is_not_repeated(billed: str) -> None:
    """Money is held for one answer of each model."""
    failure = RequestFailed("unavailable", "", billed=billed)  # pyright: ignore[reportArgumentType] - a parameter

    assert (move(failure), move(failure, has_next=True)) == (NoMore(), NextModel())


def test_attempts_come_to_an_end() -> None:
    """A model that is down is not asked for ever."""
    assert move(RequestFailed("unavailable", ""), attempt=3) == NoMore()


def test_a_provider_that_names_a_time_is_waited_for_as_long_as_that_is_worth_it() -> None:
    """For a minute where there is nobody else, for two seconds where there is, and never past the deadline."""
    assert move(asked_to_wait(60_000_000)) == Again(60_000_000)
    assert move(asked_to_wait(60_000_001)) == NoMore()
    assert move(asked_to_wait(2_000_000), has_next=True) == Again(2_000_000)
    assert move(asked_to_wait(2_000_001), has_next=True) == NextModel()
    assert move(asked_to_wait(5_000_000), time_left=5_000_000) == NoMore()


@given(st.text(max_size=20), st.integers(1, 200))
def test_waiting_grows_up_to_a_bound_and_is_the_same_for_the_same_call(call: str, attempt: int) -> None:
    """Calls that failed together come back apart, and a test can tell when."""
    longest = min(BACKOFF_MAX, BACKOFF * 2 ** (attempt - 1))

    assert longest // 2 <= backoff(call, attempt) <= longest
    assert backoff(call, attempt) == backoff(call, attempt)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("7", 7_000_000),
        (" 0.5 ", 500_000),
        ("0", 0),
        ("Thu, 09 Oct 2025 08:53:50 GMT", 30_000_000),
        ("Thu, 09 Oct 2025 08:00:00 GMT", 0),
        ("-3", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("Thu, 99 Oct 2025 08:53:50 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, micros: int | None) -> None:
    """Both are in use, and nonsense is worth as much as silence."""
    assert parse_retry_after(text, NOON) == micros
