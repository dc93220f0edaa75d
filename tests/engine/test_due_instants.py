"""What of a schedule is acted on now: what is due, what was missed, and clocks that jump."""

from __future__ import annotations

from itertools import count

import pytest

from interlock.core.plan import CatchUp
from interlock.engine.triggers.due_instants import CAUGHT_UP_MAX, DueNow, due_now

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def every(step: int, *, after: int = 0) -> count[int]:
    """The instants of a schedule behind one."""
    return count(after + step, step)


def test_nothing_is_due_before_its_time() -> None:
    """And what was seen stays as it is."""
    assert due_now(every(HOUR), seen=0, now=HOUR - 1, catch_up="all") == DueNow((), 0)


@pytest.mark.parametrize("catch_up", ["none", "last", "all"])
def test_what_falls_due_is_acted_on_whatever_the_rule(catch_up: CatchUp) -> None:
    """A worker is never there in the very microsecond: a few seconds later is not missed."""
    assert due_now(every(HOUR), seen=0, now=HOUR + MINUTE // 2, catch_up=catch_up) == DueNow((HOUR,), HOUR)


@pytest.mark.parametrize(
    ("catch_up", "due"),
    [
        ("none", DueNow((), 3 * HOUR, missed=3)),
        ("last", DueNow((3 * HOUR,), 3 * HOUR, missed=2)),
        ("all", DueNow((HOUR, 2 * HOUR, 3 * HOUR), 3 * HOUR)),
    ],
)
def test_what_was_missed_is_caught_up_with_as_the_rule_says(catch_up: CatchUp, due: DueNow) -> None:
    """A report may be made late once; a reminder is worth nothing in the evening; a booking is made for every hour."""
    assert due_now(every(HOUR), seen=0, now=3 * HOUR + 30 * MINUTE, catch_up=catch_up) == due


def test_catching_up_has_a_bound_and_says_what_it_leaves_out() -> None:
    """A month of minutes at once would keep everything else from being done."""
    due = due_now(every(MINUTE), seen=0, now=1_000 * MINUTE, catch_up="all")

    assert (len(due.instants), due.instants[-1], due.missed) == (CAUGHT_UP_MAX, 1_000 * MINUTE, 900)


def test_a_clock_that_is_put_back_fires_nothing_again() -> None:
    """What was seen is past for good, and comes once more only on the wall."""
    due = due_now(every(HOUR), seen=0, now=2 * HOUR, catch_up="all")

    again = due_now(every(HOUR, after=due.seen), seen=due.seen, now=HOUR, catch_up="all")

    assert again == DueNow((), due.seen)
