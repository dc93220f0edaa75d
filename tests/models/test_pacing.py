"""Turns at a provider: so many at once, so many a minute, and a queue that ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.models.pacing import Pace, Pacing
from interlock.models.provider import RequestFailed
from tests.models.set_up import START, ManualTime
from tests.store.event_loop import in_event_loop

MINUTE = 60_000_000


def pacing(time: ManualTime, **pace: int) -> Pacing:
    """The turns at a provider with these limits."""
    return Pacing("own", Pace(**({"concurrency": 100, "queue": 100} | pace)), now=time.now, sleep=time.sleep)


async def turns(turnstile: Pacing, time: ManualTime, tokens: Sequence[int]) -> list[int]:
    """When calls of these sizes were admitted, all having come at once."""
    admitted: list[int] = []

    async def call(size: int) -> None:
        async with turnstile.turn(size, deadline=None):
            admitted.append(time.at - START)

    await asyncio.gather(*(call(size) for size in tokens))
    return admitted


@in_event_loop
async def test_requests_of_a_minute_are_admitted_exactly_and_the_others_wait() -> None:
    """One more than a provider allows costs the whole key its rest."""
    time = ManualTime()

    admitted = await turns(pacing(time, requests_per_minute=50), time, [1] * 90)

    assert admitted == [0] * 50 + [MINUTE] * 40


@in_event_loop
async def test_tokens_of_a_minute_are_counted_by_size() -> None:
    """Three calls of 400 do not fit into a thousand."""
    time = ManualTime()

    admitted = await turns(pacing(time, tokens_per_minute=1_000), time, [400, 400, 400, 100])

    assert admitted == [0, 0, MINUTE, MINUTE]


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=40),
    st.integers(1, 10),
    st.integers(500, 1_500),
    st.integers(1, 5),
)
def test_no_minute_ever_holds_more_than_it_may(sizes: list[int], requests: int, tokens: int, at_once: int) -> None:
    """However calls are mixed: count any minute that ends with an admission."""
    time = ManualTime()
    turnstile = pacing(time, requests_per_minute=requests, tokens_per_minute=tokens, concurrency=at_once)
    seen: list[tuple[int, int]] = []

    async def call(size: int) -> None:
        async with turnstile.turn(size, deadline=None):
            seen.append((time.at, size))

    async def all_calls() -> None:
        await asyncio.gather(*(call(size) for size in sizes))

    asyncio.run(all_calls())

    windows = [[size for at, size in seen if end - MINUTE < at <= end] for end, _ in seen]
    assert len(seen) == len(sizes)
    assert all(len(window) <= requests and sum(window) <= tokens for window in windows)


@in_event_loop
async def test_calls_take_turns_in_the_order_they_came() -> None:
    """Nobody waits for ever because others are smaller."""
    time = ManualTime()
    turnstile = pacing(time, tokens_per_minute=1_000)
    order: list[int] = []

    async def call(number: int, size: int) -> None:
        async with turnstile.turn(size, deadline=None):
            order.append(number)

    await asyncio.gather(*(call(number, size) for number, size in enumerate([900, 900, 10, 10])))

    assert order == [0, 1, 2, 3]


@in_event_loop
async def test_a_queue_that_is_full_refuses_at_once() -> None:
    """A call that would wait too long is better told so while something else can be done."""
    time = ManualTime()
    turnstile = pacing(time, concurrency=1, queue=1)
    async with turnstile.turn(1, deadline=None):
        waiting = asyncio.ensure_future(turns(turnstile, time, [1]))
        await asyncio.sleep(0)
        with pytest.raises(RequestFailed) as refused:
            await turns(turnstile, time, [1])

    assert (refused.value.kind, refused.value.billed) == ("rate_limited", "nothing")
    assert await waiting == [0]


@in_event_loop
async def test_a_turn_that_would_come_too_late_is_refused_without_waiting() -> None:
    """Waiting for what cannot be used holds up whoever could use it."""
    time = ManualTime()
    turnstile = pacing(time, requests_per_minute=1)
    await turns(turnstile, time, [1])

    with pytest.raises(RequestFailed, match="its turn at own would come after its time has run out"):
        async with turnstile.turn(1, deadline=time.at + 10_000_000):
            pass

    assert time.slept == []


@in_event_loop
async def test_a_call_larger_than_a_minute_holds_is_refused_for_good() -> None:
    """It would wait for ever."""
    with pytest.raises(RequestFailed) as refused:
        async with pacing(ManualTime(), tokens_per_minute=1_000).turn(1_001, deadline=None):
            pass

    assert refused.value.kind == "refused"


@in_event_loop
async def test_a_call_that_is_cancelled_while_it_waits_leaves_no_gap() -> None:
    """Cancelled runs must not use up a provider's slots."""
    time = ManualTime()
    turnstile = pacing(time, concurrency=1)
    async with turnstile.turn(1, deadline=None):
        waiting = asyncio.ensure_future(turns(turnstile, time, [1]))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert await turns(turnstile, time, [1, 1]) == [0, 0]
