"""Looking at a run whose log is longer than one wants to hold: its events are read in pages, and none is kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interlock import Interlock, RunHandle
from tests.store.event_loop import in_event_loop

ROUNDS = 2_500
LOOP = {"loop": {"n": {"value": "${round.index}"}}, "until": f"${{round.index == {ROUNDS - 1}}}", "max": ROUNDS}
LONG = {"graph": "long", "nodes": {"go": LOOP, "ask": {"human": "Done?", "choices": ["yes"], "after": "go"}}}


async def long_run(interlock: Interlock) -> RunHandle:
    """A run of some thousands of events that waits for a person."""
    run = await interlock.start(LONG)
    await run.wait_while_moving()
    return run


async def peak_of(steps: AsyncIterator[object], *, kept: list[object] | None = None) -> int:
    """How many bytes it took at most to go through something."""
    tracemalloc.start()
    try:
        async for step in steps:
            if kept is not None:
                kept.append(step)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", [None, "ask"], ids=["the whole run", "what led to a node"])
@in_event_loop
async def test_what_led_to_where_a_run_is_is_told_without_holding_its_log(tmp_path: Path, path: str | None) -> None:
    """A run of a million events is looked at on the machine on which it went wrong, which has other things to do."""
    async with Interlock(tmp_path / "interlock.db") as interlock:
        run = await long_run(interlock)

        whole = await peak_of(run.events(), kept=[])
        told = await peak_of(run.causes(path))

        steps = [cause.seq async for cause in run.causes(path)]
        assert (len(steps), steps) == ((await run.row()).seq, sorted(steps))
        assert told < whole / 2


@in_event_loop
async def test_events_that_come_while_a_node_is_traced_back_are_no_part_of_it(tmp_path: Path) -> None:
    """What led to a node is found first and told then: in between the run may go on."""
    async with Interlock(tmp_path / "interlock.db") as interlock:
        run = await long_run(interlock)
        last = (await run.row()).seq
        steps = run.causes("ask")
        first = await anext(steps)

        await run.answer("ask", choice="yes", by="ann")
        await run.ended()

        assert [first.seq, *[cause.seq async for cause in steps]] == list(range(1, last + 1))
