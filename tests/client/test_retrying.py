"""When a call is made again: a scripted server answers, and nothing is sent."""

from __future__ import annotations

import pytest
from msgspec import structs

from interlock.client import Patience, Refused, ServerFailed, TooMany, Unreachable
from interlock.client.requests import Answer, Broken, ask, look
from interlock.client.retrying import exchange
from interlock.wire.health import Health
from tests.client.errands_by_hand import CUT, UNSENT, ByHand, answered, problem

WELL = answered(body=b'{"status":"ok","dependencies":[]}')
LOOK = look("health", shape=Health)
ASK = ask("runs", "r", "pause", shape=Health, body={})
ASK_AGAIN = ask("runs", shape=Health, body={}, may_repeat=True)


def test_what_may_be_repeated_is_with_pauses_that_double() -> None:
    """A server that restarts is back in a moment; one that struggles is left alone for longer."""
    scene = ByHand(UNSENT, CUT, problem(503, "stopping"), WELL)

    found = scene.drive(exchange(LOOK, Patience(first_seconds=0.5)))

    assert found == Health(status="ok", dependencies=[])
    assert (scene.pauses, scene.sent) == ([0.5, 1.0, 2.0], ["GET /v1/health"] * 4)


@pytest.mark.parametrize("outcome", [CUT, problem(503, "stopping"), problem(429, "too_many_requests")])
def test_what_may_not_be_repeated_is_sent_once(outcome: Answer | Broken) -> None:
    """To pause twice is one thing, to pay twice another: the client cannot know, so it asks nobody twice."""
    scene = ByHand(outcome)

    with pytest.raises((Unreachable, ServerFailed, TooMany)):
        scene.drive(exchange(ASK, Patience()))

    assert len(scene.sent) == 1


def test_what_never_left_is_sent_again_whatever_it_is() -> None:
    """Where nobody listened, nothing was asked for yet."""
    scene = ByHand(UNSENT, UNSENT, WELL)

    scene.drive(exchange(ASK, Patience()))

    assert len(scene.sent) == 3


def test_that_a_server_is_not_well_is_an_answer_and_that_it_stops_is_none() -> None:
    """Both come with the same status: one is what was asked for."""
    unwell = answered(503, b'{"status":"away","dependencies":[]}')
    health = structs.replace(LOOK, also=frozenset({503}))

    told = ByHand(unwell).drive(exchange(health, Patience()))
    after = ByHand(problem(503, "stopping"), WELL).drive(exchange(health, Patience()))

    assert (told.status, after.status) == ("away", "ok")


def test_a_start_with_its_key_is_repeated() -> None:
    """The key makes one run of it, however often it arrives."""
    scene = ByHand(CUT, WELL)

    scene.drive(exchange(ASK_AGAIN, Patience()))

    assert scene.sent == ["POST /v1/runs"] * 2


def test_a_server_says_itself_when_to_come_again() -> None:
    """It knows how much it has to do, and a client does not."""
    scene = ByHand(problem(429, "too_many_runs", retry_after="7"), WELL)

    scene.drive(exchange(LOOK, Patience()))

    assert scene.pauses == [7.0]


def test_who_is_told_to_come_much_later_learns_that_at_once() -> None:
    """A call that sleeps for an hour looks like one that hangs."""
    scene = ByHand(problem(429, "too_many_runs", retry_after="3600"))

    with pytest.raises(TooMany) as told:
        scene.drive(exchange(LOOK, Patience()))

    assert (told.value.retry_after_seconds, scene.pauses) == (3600, [])


def test_after_so_many_attempts_it_is_told_what_failed() -> None:
    """And whether it may have been done all the same."""
    scene = ByHand(UNSENT, CUT, CUT)

    with pytest.raises(Unreachable) as told:
        scene.drive(exchange(ASK_AGAIN, Patience(attempts_max=3)))

    assert (told.value.in_doubt, told.value.code, len(scene.sent)) == (True, "unreachable", 3)


def test_a_refusal_is_an_answer() -> None:
    """What was refused once is refused again."""
    scene = ByHand(problem(409, "refused"))

    with pytest.raises(Refused):
        scene.drive(exchange(LOOK, Patience()))

    assert scene.pauses == []
