"""The queue of matters and the timers of a state: plain collections that cost little and can be stored."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from interlock.core.events import TimerKind
from interlock.core.state import Agenda, Matter, Timers

Move: TypeAlias = tuple[str, str, TimerKind, int]
"""What is done (`set` or `clear`), for which path and kind, and when it is due."""

PATHS = st.sampled_from(["a", "b", "a:0/c"])
KINDS: st.SearchStrategy[TimerKind] = st.sampled_from(["timeout", "retry", "wait"])
SETS = st.tuples(st.just("set"), PATHS, KINDS, st.integers(0, 9))
CLEARS = st.tuples(st.just("clear"), PATHS, KINDS, st.just(0))


@given(st.lists(st.booleans(), max_size=3_000))
def test_an_agenda_gives_its_matters_in_the_order_in_which_they_came(adds: list[bool]) -> None:
    """Matters are first in, first out, also when thousands have come and gone and the queue was cut in between."""
    taken, left = taken_and_left(adds)

    assert taken + left == list(range(sum(adds)))


def taken_and_left(adds: list[bool]) -> tuple[list[int], list[int]]:
    """Adds a matter or takes the first away, each time; the numbers of those taken, and of those that are left."""
    agenda, taken, number = Agenda(), list[int](), 0
    for is_added in adds:
        if is_added:
            agenda.add(Matter("ready", "", number))
            number += 1
        elif len(agenda):
            taken.append(number_of_first(agenda))
    return taken, [number_of_first(agenda) for _ in range(len(agenda))]


def number_of_first(agenda: Agenda) -> int:
    """Takes the first matter away."""
    first = agenda.first()
    assert first is not None
    agenda.drop_first()
    return first.node


@given(st.lists(SETS | CLEARS, max_size=60), st.integers(0, 9))
def test_timers_wake_what_was_set_last_and_not_cleared_since(moves: list[Move], at: int) -> None:
    """A wish that was replaced or withdrawn must not wake anybody, although it may still stand in the heap."""
    timers, expected = timers_after(moves)

    first = timers.first()

    assert sorted(timers.due_by(at)) == sorted(wish for wish, due in expected.items() if due <= at)
    assert (first and first[0]) == min(expected.values(), default=None)


def timers_after(moves: list[Move]) -> tuple[Timers, dict[tuple[str, TimerKind], int]]:
    """The timers, and what a plain map holds after the same moves."""
    timers, expected = Timers(), dict[tuple[str, TimerKind], int]()
    for what, path, kind, due in moves:
        if what == "set":
            timers.set(path, kind, due)
            expected[path, kind] = due
        else:
            timers.clear(path, kind)
            expected.pop((path, kind), None)
        timers.tidy()
    return timers, expected
