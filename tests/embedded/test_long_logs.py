"""Looking at a run whose log is longer than one wants to hold: its events are read in pages, and none is kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from interlock import Interlock, RunHandle
from interlock.engine import engine
from interlock.engine.telling import log_reading
from tests.store.event_loop import in_event_loop

PAGE = 100
ROUNDS = 1_000
LOOP = {"loop": {"n": {"value": "${round.index}"}}, "until": f"${{round.index == {ROUNDS - 1}}}", "max": ROUNDS}
LONG = {"graph": "long", "nodes": {"go": LOOP, "ask": {"human": "Done?", "choices": ["yes"], "after": "go"}}}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of thousands of events is as long for these as one of a million is for others."""
    monkeypatch.setattr(engine, "EVENTS_READ_AT_ONCE", PAGE)
    monkeypatch.setattr(log_reading, "EVENTS_AT_ONCE", PAGE)


async def long_run(interlock: Interlock) -> RunHandle:
    """A run of some thousands of events that waits for a person."""
    run = await interlock.start(LONG)
    await run.wait_while_moving()
    return run


async def peak_of(work: Awaitable[object]) -> int:
    """How many bytes something took at most."""
    tracemalloc.start()
    try:
        await work
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def held(steps: AsyncIterator[object]) -> list[object]:
    """All of them, at the same time."""
    return [step async for step in steps]


async def counted(steps: AsyncIterator[object]) -> int:
    """How many there are, one after the other."""
    count = 0
    async for _ in steps:
        count += 1
    return count


@pytest.mark.parametrize("path", [None, "ask"], ids=["the whole run", "what led to a node"])
@in_event_loop
async def test_what_led_to_where_a_run_is_is_told_without_holding_its_log(tmp_path: Path, path: str | None) -> None:
    """A run of a million events is looked at on the machine on which it went wrong, which has other things to do."""
    async with Interlock(tmp_path / "interlock.db") as interlock:
        run = await long_run(interlock)

        whole = await peak_of(held(run.events()))
        told = await peak_of(counted(run.causes(path)))

        steps = [cause.seq async for cause in run.causes(path)]
        assert (len(steps), steps) == ((await run.row()).seq, sorted(steps))
        assert told < whole / 4


@in_event_loop
async def test_a_run_is_replayed_without_holding_its_log(tmp_path: Path) -> None:
    """Whether a log of a million events holds can be asked where it lies."""
    async with Interlock(tmp_path / "interlock.db") as interlock:
        run = await long_run(interlock)

        whole = await peak_of(held(run.events()))
        replayed = await peak_of(run.replay())

        assert (await run.replay()).verdict == "same"
        assert replayed < whole / 4


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
