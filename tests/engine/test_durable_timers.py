"""Waits, deadlines and retries over restarts and clocks that jump: none is lost, and none comes before its time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunHandle
from interlock.faults.clock import JumpingClock
from interlock.tools.clock import LoopClock
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

MINUTE = 60_000_000
HOUR = 60 * MINUTE
QUESTION = {"human": "Go?", "choices": ["yes", "no"], "timeout": "1h", "otherwise": "no"}
WAITS: dict[str, dict[str, Any]] = {
    "a wait": graph({"a": {"wait": "1h"}, "b": {"value": 1, "after": "a"}}),
    "a question": graph({"a": QUESTION, "b": {"value": 1, "after": "a"}}),
    "an event": graph(
        {"a": {"wait": {"event": "never"}, "timeout": "1h"}, "b": {"value": 1, "after": {"a": {"on": "failed"}}}}
    ),
}


def later(by: int) -> JumpingClock:
    """The clock of a process that comes by so much later."""
    clock = JumpingClock(LoopClock())
    clock.jump(by)
    return clock


async def is_over(run: RunHandle, *, within: float) -> bool:
    """Whether the run ends in that time."""
    try:
        async with asyncio.timeout(within):
            await run.ended()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("name", WAITS)
def test_a_clock_that_jumps_forward_over_the_time_brings_it(tmp_path: Path, name: str) -> None:
    """What is waited for is an instant, and not so many seconds of one process."""

    @in_event_loop
    async def story() -> None:
        place, clock = tmp_path / "interlock.db", JumpingClock(LoopClock())
        async with Interlock(place, clock=clock) as interlock:
            run = await interlock.start(WAITS[name])
            clock.jump(59 * MINUTE)
            early = await is_over(run, within=0.1)
            clock.jump(2 * MINUTE)

            assert (early, await is_over(run, within=5)) == (False, True)
        await assert_sound(place)

    story()


@pytest.mark.parametrize("name", WAITS)
def test_a_restart_in_between_changes_nothing(tmp_path: Path, name: str) -> None:
    """The instant is on record; a process is only what happens to be there when it comes."""

    @in_event_loop
    async def story() -> None:
        place = tmp_path / "interlock.db"
        async with Interlock(place) as interlock:
            run = await interlock.start(WAITS[name])
        async with Interlock(place, clock=later(30 * MINUTE)) as interlock:
            early = await is_over(await interlock.take_up(run.id), within=0.1)
        async with Interlock(place, clock=later(HOUR + MINUTE)) as interlock:
            in_time = await is_over(await interlock.take_up(run.id), within=5)

        assert (early, in_time) == (False, True)
        await assert_sound(place)

    story()


@pytest.mark.parametrize("name", WAITS)
def test_a_clock_that_is_put_back_neither_loses_the_time_nor_brings_it_early(tmp_path: Path, name: str) -> None:
    """Also over a restart: it comes when the clock has come to it again, and that once."""

    @in_event_loop
    async def story() -> None:
        place, clock = tmp_path / "interlock.db", JumpingClock(LoopClock())
        async with Interlock(place, clock=clock) as interlock:
            run = await interlock.start(WAITS[name])
            clock.jump(-2 * HOUR)
            clock.jump(2 * HOUR - MINUTE)
            early = await is_over(run, within=0.1)
        async with Interlock(place, clock=later(-2 * HOUR)) as interlock:
            after_restart = await is_over(await interlock.take_up(run.id), within=0.1)
        async with Interlock(place, clock=later(HOUR)) as interlock:
            taken_up = await interlock.take_up(run.id)
            in_time = await is_over(taken_up, within=5)
            fired = [event.seq async for event in taken_up.events() if event.type == "timer.fired"]

        assert (early, after_restart, in_time, len(fired)) == (False, False, True, 1)
        await assert_sound(place)

    story()


@in_event_loop
async def test_time_never_runs_backwards_in_a_run_though_it_did_on_the_wall(tmp_path: Path) -> None:
    """What is recorded after the clock was put back stands at the instant of what was recorded before."""
    place, clock = tmp_path / "interlock.db", JumpingClock(LoopClock())
    async with Interlock(place, clock=clock) as interlock:
        run = await interlock.start(WAITS["a question"])
        clock.jump(-HOUR)
        await run.answer("a", choice="yes", by="ada")
        await run.ended()
        instants = [event.at async for event in run.events()]

    assert instants == sorted(instants)
