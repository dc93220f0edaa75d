"""When a run rests: told by the state alone, for whoever waits until a run needs somebody."""

from __future__ import annotations

from interlock.core import events as e
from interlock.core.evolving.resting import FAR_MICROS, may_rest, waits_for_outside
from interlock.core.state import RunState, Timers
from tests.stories.story import Story


def state(
    *, calls: int = 0, waiting: int = 0, paused: bool = False, compensating: bool = False, timers: tuple[str, ...] = ()
) -> RunState:
    """A run of which this is open."""
    made = RunState("r1", calls_in_flight=calls, calls_waiting=waiting, is_paused=paused, timers=Timers())
    made.compensating = int(compensating)
    for path in timers:
        made.timers.set(path, "timeout", 5)
    return made


def test_a_run_with_nothing_in_flight_and_no_timer_rests() -> None:
    """Only an answer or an event can move it on."""
    assert waits_for_outside(state(), at=0)


def test_a_call_in_flight_or_a_timer_of_a_node_will_move_it_on() -> None:
    """Waiting for it makes sense."""
    assert not waits_for_outside(state(calls=1), at=0)
    assert not waits_for_outside(state(timers=("ask",)), at=0)


def test_a_time_limit_far_off_is_not_sat_through() -> None:
    """A person has a day to answer: whoever waits for the run wants to hear that now. A nap ends by itself."""
    asks, naps = state(), state()
    asks.timers.set("ask", "timeout", FAR_MICROS + 1)
    naps.timers.set("nap", "wait", FAR_MICROS + 1)

    assert waits_for_outside(asks, at=0)
    assert not waits_for_outside(asks, at=1)
    assert not waits_for_outside(naps, at=0)


def test_the_deadline_of_a_graph_moves_nothing_on() -> None:
    """It only ends what rests: nobody should sit through it."""
    assert waits_for_outside(state(timers=("", "block/")), at=0)


def test_a_paused_run_rests_once_its_calls_have_ended_whatever_its_timers_say() -> None:
    """A person paused it, and a person resumes it."""
    assert waits_for_outside(state(paused=True, timers=("nap",)), at=0)
    assert not waits_for_outside(state(paused=True, calls=1), at=0)


def test_nobody_has_to_hold_a_run_that_nothing_moves_on_for_a_while() -> None:
    """Ten thousand runs that wait for people are in nobody's hands."""
    assert may_rest(state(), until=4)
    assert may_rest(state(timers=("nap",)), until=4)
    assert not may_rest(state(timers=("nap",)), until=5)
    assert not may_rest(state(calls=1), until=4)


def test_calls_that_only_wait_keep_a_run_from_resting_no_more_than_questions_of_nodes_do() -> None:
    """As long as one of them works the run is held."""
    assert may_rest(state(calls=2, waiting=2), until=4)
    assert not may_rest(state(calls=2, waiting=1), until=4)


def test_a_run_that_takes_back_is_held_until_it_is_paused() -> None:
    """It never looks as if it rested, so whoever gave it back would be given it again at once, and again."""
    assert not may_rest(state(compensating=True), until=4)
    assert may_rest(state(compensating=True, paused=True), until=4)


def test_a_run_whose_calls_only_ask_people_rests() -> None:
    """Whoever started it is told what is asked, and need not sit there until somebody answers."""
    question = e.Question("Blue or red?", ("blue", "red"))
    run = Story("nodes: {a: {tool: work}, b: {tool: work}}").starts().intends("a", 1, question=question)

    before = waits_for_outside(run.state, at=0)
    run.does("b")
    asks = waits_for_outside(run.state, at=0)
    run.intends("a", 2)
    works = waits_for_outside(run.state, at=0)

    assert (before, asks, works) == (False, True, False)


def test_an_answer_puts_the_call_to_work_again() -> None:
    """It goes on by itself from there."""
    question = e.Question("Blue or red?", ("blue", "red"))
    run = Story("nodes: {a: {tool: work}}").starts().intends("a", 1, question=question)

    run.answers("a.1", "red")

    assert not waits_for_outside(run.state, at=0)
