"""The machine's clock is put right while something waits by it: nothing is lost, and nothing comes before its time."""

from __future__ import annotations

import asyncio
import time

from interlock.tools.clock import LoopClock
from tests.store.event_loop import in_event_loop

HOUR = 3_600_000_000
TENTH = 100_000
LOOKS = 0.02


class Wall:
    """The clock on the wall, which somebody may put right."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        """What it shows, in nanoseconds."""
        return time.time_ns() + self.ahead * 1_000

    def clock(self) -> LoopClock:
        """What waits by it."""
        return LoopClock(wall=self, look_seconds=LOOKS)


async def has_rung(bell: asyncio.Event, *, within: float) -> bool:
    """Whether it rings in that time."""
    try:
        async with asyncio.timeout(within):
            await bell.wait()
    except TimeoutError:
        return False
    return True


@in_event_loop
async def test_what_waits_is_woken_soon_after_the_clock_was_put_forward_past_its_time() -> None:
    """So it is with a machine that has slept: its own seconds have stood still, and the time has come all the same."""
    wall, bell = Wall(), asyncio.Event()
    clock = wall.clock()
    clock.call_at(clock.now() + HOUR, bell.set)

    wall.ahead = 2 * HOUR

    assert await has_rung(bell, within=2)


@in_event_loop
async def test_what_waits_is_not_woken_before_its_time_when_the_clock_was_put_back() -> None:
    """A deadline that was promised for noon is at noon, also if it was noon once before."""
    wall, bell = Wall(), asyncio.Event()
    clock = wall.clock()
    clock.call_at(clock.now() + TENTH, bell.set)

    wall.ahead = -HOUR
    rung_early = await has_rung(bell, within=0.3)
    wall.ahead = 0

    assert (rung_early, await has_rung(bell, within=2)) == (False, True)


@in_event_loop
async def test_a_timer_that_was_cancelled_never_rings() -> None:
    """Also if it has looked at the clock in between."""
    wall, bell = Wall(), asyncio.Event()
    clock = wall.clock()
    timer = clock.call_at(clock.now() + TENTH, bell.set)
    await asyncio.sleep(3 * LOOKS)

    timer.cancel()

    assert not await has_rung(bell, within=0.2)


@in_event_loop
async def test_what_is_past_is_woken_at_once_and_never_from_within_the_call() -> None:
    """Whoever sets a timer must have it in hand before it rings."""
    wall, bell = Wall(), asyncio.Event()
    clock = wall.clock()

    clock.call_at(clock.now() - HOUR, bell.set)

    assert not bell.is_set()
    assert await has_rung(bell, within=1)
