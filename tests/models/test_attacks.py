"""What happens to a gateway, by intent or by accident: storms, double charges, stray keys, words in logs, bursts."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from interlock.core.messages import Instructions, ModelRequest, Told
from interlock.core.spending import NOTHING, Spending
from interlock.models.breaker import FAILURES_MAX, REST, Breaker
from interlock.models.outcomes import ModelAnswered, ModelFailed
from interlock.models.pacing import Pace, Pacing
from interlock.models.sdk.bounded_answers import ANSWER_BYTES_MAX
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import KEY, REQUEST, ManualTime, asked, compatible, gateway, priced, routed
from tests.store.event_loop import in_event_loop

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
MEGABYTE = 1024 * 1024


@in_event_loop
async def test_a_call_that_was_tried_three_times_is_charged_once() -> None:
    """A refusal is on no bill: 20 tokens at one micro-dollar and 5 at two, however often it was asked for."""
    replies = [FakeReply(status=429, headers={"retry-after": "0"}), FakeReply(status=500), FakeReply("ok")]
    async with FakeServer(*replies) as server, gateway({"a": compatible(server.url)}, priced("a/m")) as models:
        outcome = await asked(models)

    assert isinstance(outcome, ModelAnswered)
    assert (len(server.requests), outcome.spent) == (3, Spending(30, 25))
    assert [each.spent for each in outcome.tries] == [NOTHING, NOTHING, Spending(30, 25)]


@pytest.mark.parametrize("status", [429, 500, 503])
@in_event_loop
async def test_a_storm_is_met_with_few_requests_and_costs_nothing(status: int) -> None:
    """A hundred calls into a provider that refuses all: no call asks without end, and none is charged."""
    time = ManualTime()
    async with (
        FakeServer(answers=lambda _: FakeReply(status=status)) as server,
        gateway({"a": compatible(server.url)}, priced("a/m"), time=time) as models,
    ):
        route = routed(models)
        outcomes = [await models.call(route, REQUEST, call_id=f"c{number}") for number in range(100)]

    assert all(outcome.spent == NOTHING and not isinstance(outcome, ModelAnswered) for outcome in outcomes)
    assert len(server.requests) <= 300
    # Who is asked too often is not ill; who has failed is left alone.
    assert (len(server.requests) < 20) is (status != 429)


@in_event_loop
async def test_a_thousand_calls_at_once_into_a_storm_stay_within_their_turns() -> None:
    """Retries take their turns like any other request: a storm does not become a flood."""
    async with (
        FakeServer(answers=lambda _: FakeReply(status=429)) as server,
        gateway({"a": compatible(server.url, concurrency=4, attempts=2)}, priced("a/m")) as models,
    ):
        route = routed(models)
        calls = [models.call(route, REQUEST, call_id=f"c{number}") for number in range(300)]
        outcomes = await asyncio.gather(*calls)

    assert {type(outcome) for outcome in outcomes} == {ModelFailed}
    assert server.in_flight_most <= 4
    assert len(server.requests) <= 600


@in_event_loop
async def test_each_project_asks_with_its_own_key_and_hears_its_own_answers() -> None:
    """Keys belong to a project, and so do the answers it remembers: two gateways in one process share neither."""
    keys = [{"model_key": f"{KEY}-{name}"} for name in ("one", "two")]
    async with FakeServer(FakeReply("for one"), FakeReply("for two")) as server:
        provider = {"a": compatible(server.url)}
        async with (
            gateway(provider, priced("a/m"), keys=keys[0], cache="always") as one,
            gateway(provider, priced("a/m"), keys=keys[1], cache="always") as two,
        ):
            answers = [await asked(one), await asked(two), await asked(one)]

    assert [each.headers["authorization"] for each in server.requests] == [f"Bearer {KEY}-one", f"Bearer {KEY}-two"]
    assert [each.reply.text for each in answers if isinstance(each, ModelAnswered)] == ["for one", "for two", "for one"]


@pytest.mark.parametrize("kind", ["openai_compatible", "openai", "anthropic"])
@pytest.mark.parametrize("is_heard", [True, False])
@in_event_loop
async def test_what_is_said_stands_in_no_log(caplog: pytest.LogCaptureFixture, kind: str, *, is_heard: bool) -> None:
    """Prompts hold what customers have written; logs go to places where that has no business, at any level."""
    caplog.set_level(logging.DEBUG)
    secret = ModelRequest((Instructions("You know the code word."), Told("The word is xyzzy-in.")))
    async with (
        FakeServer(FakeReply("It was xyzzy-out."), FakeReply(status=500, error="xyzzy-error")) as server,
        gateway(
            {"a": compatible(server.root if kind == "anthropic" else server.url, attempts=1) | {"kind": kind}},
            priced("a/m"),
        ) as models,
    ):
        outcomes = [await asked(models, secret, on_token=(lambda _: None) if is_heard else None) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [ModelAnswered, ModelFailed]
    assert "xyzzy" not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("kind", ["openai_compatible", "openai", "anthropic"])
@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"body": f": {'x' * MEGABYTE}\n\n" * 65}, f"its answer is longer than {ANSWER_BYTES_MAX:,} bytes"),
        ({"body": "{}", "headers": {"content-encoding": "gzip"}}, "its answer is packed as 'gzip', which it was not"),
    ],
    ids=["endless", "packed"],
)
@in_event_loop
async def test_no_answer_fills_the_memory(kind: str, reply: dict[str, Any], told: str, *, is_heard: bool) -> None:
    """Else one server takes down a process: with more than anybody says, or with little that unpacks to much."""
    async with FakeServer(FakeReply(**reply)) as server:
        provider = compatible(server.root if kind == "anthropic" else server.url, attempts=1) | {"kind": kind}
        async with gateway({"a": provider}, priced("a/m")) as models:
            outcome = await asked(models, on_token=(lambda _: None) if is_heard else None)

    assert isinstance(outcome, ModelFailed)
    assert told in outcome.error.message
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("kind", "status"), [("openai_compatible", 307), ("openai_compatible", 302), ("anthropic", 308)]
)
@in_event_loop
async def test_a_provider_that_sends_requests_on_is_not_followed(kind: str, status: int) -> None:
    """The policy was asked about the host that is declared: prompts and keys go nowhere else."""
    async with FakeServer() as other:
        reply = FakeReply(status=status, headers={"location": f"{other.url}/chat/completions"})
        async with FakeServer(reply) as server:
            provider = compatible(server.root if kind == "anthropic" else server.url) | {"kind": kind}
            async with gateway({"a": provider}, priced("a/m")) as models:
                outcome = await asked(models)

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error.kind, outcome.spent, len(server.requests), other.requests) == ("refused", NOTHING, 1, [])
    assert "is not followed: name the address that answers" in outcome.error.message


@in_event_loop
async def test_a_request_that_a_provider_does_not_take_is_asked_once() -> None:
    """Of most refusals libraries know no class of their own; sent again, the request would be refused again."""
    async with (
        FakeServer(answers=lambda _: FakeReply(status=418)) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models)

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error.kind, outcome.retryable, len(server.requests)) == ("invalid", False, 1)


# --- limits ----------------------------------------------------------------------------------------------------------


def pacing(time: ManualTime, requests: int) -> Pacing:
    """So many requests a minute."""
    pace = Pace(concurrency=1_000, queue=1_000, requests_per_minute=requests)
    return Pacing("own", pace, now=time.now, sleep=time.sleep)


async def admitted(turns: Pacing, time: ManualTime, calls: int) -> list[int]:
    """When so many calls, made now, have their turns."""
    at: list[int] = []
    for _ in range(calls):
        async with turns.turn(1, deadline=None):
            at.append(time.at)
    return at


@in_event_loop
async def test_two_bursts_at_the_edge_of_a_window_are_not_twice_what_a_minute_holds() -> None:
    """Fifty at the end of one minute and fifty at the start of the next are a hundred within a second."""
    time = ManualTime()
    turns = pacing(time, 50)
    time.at += MINUTE - 100_000
    first = await admitted(turns, time, 50)
    time.at += 200_000

    second = await admitted(turns, time, 50)

    assert min(second) - min(first) == MINUTE


@in_event_loop
async def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_a_window() -> None:
    """A machine that wakes up, or is told the right time, must not stop asking for an hour."""
    time = ManualTime()
    turns = pacing(time, 5)
    await admitted(turns, time, 5)
    time.at -= HOUR
    set_back_to = time.at

    again = await admitted(turns, time, 5)

    assert [at - set_back_to for at in again] == [MINUTE] * 5


def test_a_clock_that_is_set_back_leaves_a_model_alone_no_longer_than_it_would_have_been() -> None:
    """The same for the breaker."""
    time = ManualTime()
    breaker = Breaker("a/m", time.now)
    for _ in range(FAILURES_MAX):
        breaker.failed(breaker.begin())
    time.at -= HOUR

    assert breaker.rests_for == REST
    time.at += REST
    assert breaker.passes


def test_a_model_that_flaps_is_asked_a_few_times_in_each_rest() -> None:
    """It answers whoever tries it out, and fails all who follow: nobody is lured into a storm by that."""
    time = ManualTime()
    breaker, made = Breaker("a/m", time.now), 0
    for _ in range(600):
        time.at += SECOND
        if breaker.passes:
            is_trial = breaker.state == "open"
            era, made = breaker.begin(), made + 1
            (breaker.succeeded if is_trial else breaker.failed)(era)

    rests = 600 * SECOND // REST
    assert made <= (FAILURES_MAX + 1) * (rests + 1)


@in_event_loop
async def test_what_cannot_be_true_is_charged_as_what_was_seen() -> None:
    """Counts that are no numbers, or more than a machine can hold, are neither a gift nor a ruin."""
    poisons = [
        {"prompt_tokens": count, "completion_tokens": count} for count in (-(10**9), 10**18, "many", 1.5e300, None)
    ]
    async with (
        FakeServer(*[FakeReply("x" * 30, usage=poison) for poison in poisons]) as server,
        gateway({"a": compatible(server.url, attempts=1)}, priced("a/m")) as models,
    ):
        reserve = routed(models).reserve
        outcomes = [await asked(models, call_id=f"c{number}") for number in range(len(poisons))]

    assert [type(outcome) for outcome in outcomes] == [ModelAnswered] * len(poisons)
    assert all(0 < outcome.spent.usd <= reserve.usd for outcome in outcomes)
    assert len(server.requests) == len(poisons)
