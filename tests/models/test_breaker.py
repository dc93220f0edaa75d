"""A model that keeps failing is left alone, then tried by one call."""

from __future__ import annotations

from interlock.core.event_parts import Error
from interlock.models.breaker import FAILURES_MAX, REST, Breaker
from interlock.models.health import Health
from tests.models.set_up import ManualTime


def broken(time: ManualTime) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker("a/m", time.now)
    for _ in range(FAILURES_MAX):
        breaker.failed(breaker.begin())
    return breaker


def test_some_failures_open_nothing_when_an_answer_comes_between() -> None:
    """A model that fails now and then is not ill."""
    breaker = Breaker("a/m", ManualTime().now)
    for _ in range(3 * FAILURES_MAX):
        breaker.failed(breaker.begin())
        breaker.succeeded(breaker.begin())

    assert (breaker.state, breaker.passes) == ("closed", True)


def test_failures_in_a_row_open_it_for_a_while() -> None:
    """Asking on costs time, and keeps a server down."""
    time = ManualTime()
    breaker = broken(time)

    time.at += REST - 1
    assert (breaker.state, breaker.passes, breaker.rests_for) == ("open", False, 1)
    time.at += 1
    assert (breaker.passes, breaker.rests_for) == (True, 0)


def test_one_call_tries_the_model_out_and_the_others_wait_for_it() -> None:
    """A server that has just come up is not run over by everybody who waited."""
    time = ManualTime()
    breaker = broken(time)
    time.at += REST

    trial = breaker.begin()
    assert (breaker.state, breaker.passes) == ("trying", False)

    breaker.succeeded(trial)
    assert (breaker.state, breaker.passes) == ("closed", True)


def test_a_trial_that_fails_opens_it_anew() -> None:
    """The whole rest begins again."""
    time = ManualTime()
    breaker = broken(time)
    time.at += REST
    breaker.failed(breaker.begin())

    assert (breaker.state, breaker.passes, breaker.rests_for) == ("open", False, REST)


def test_a_trial_that_is_given_up_leaves_its_place_to_another() -> None:
    """A cancelled call has found out nothing, and must not bar the model for ever."""
    time = ManualTime()
    breaker = broken(time)
    time.at += REST
    breaker.abandoned(breaker.begin())

    assert (breaker.state, breaker.passes) == ("open", True)


def test_calls_that_were_made_before_it_opened_decide_nothing_any_more() -> None:
    """A slow answer of the old server must not open the gates to a new one, nor close them."""
    time = ManualTime()
    breaker = Breaker("a/m", time.now)
    slow, slower = breaker.begin(), breaker.begin()
    for _ in range(FAILURES_MAX):
        breaker.failed(breaker.begin())
    breaker.succeeded(slow)
    assert breaker.state == "open"

    time.at += REST
    trial = breaker.begin()
    breaker.failed(slower)
    assert breaker.state == "trying"

    breaker.succeeded(trial)
    assert breaker.state == "closed"


def test_a_refusal_says_nothing_of_a_models_health() -> None:
    """Wrong requests of one agent must not take the model from all others."""
    health = Health("a/m", ManualTime().now)
    for _ in range(3 * FAILURES_MAX):
        health.failed(health.begin(), Error("invalid", "no"))
        health.failed(health.begin(), Error("rate_limited", "too often"))

    assert health.resting is None


def test_latency_follows_what_was_measured_and_forgives_one_slow_answer() -> None:
    """Routing by latency stands on it."""
    health = Health("a/m", ManualTime().now)
    health.answered(health.begin(), 1_000)
    health.answered(health.begin(), 1_000)
    health.answered(health.begin(), 9_000)

    assert health.latency == 3_000
