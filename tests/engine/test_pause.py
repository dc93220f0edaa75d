"""A paused run takes in what comes and decides nothing: all of it acts when the run is resumed (rule 34)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RequestRefusedError, RunHandle
from tests.embedded.test_taking_up import LaterClock, left_behind
from tests.embedded.workshop import Workshop, graph, making
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop


async def types_after(run: RunHandle, event_type: str) -> list[str]:
    """What is on record behind the first event of a type."""
    types = [event.type async for event in run.events()]
    return types[types.index(event_type) + 1 :]


async def until(run: RunHandle, event_type: str, path: str = "") -> None:
    """Return once an event is on record."""
    async for event in run.events(follow=True):
        if event.type == event_type and event.path == path:
            return


HELD = graph({"a": {"tool": "hold", "input": {"thing": "a"}}, "b": making("b", after="a")})


@in_event_loop
async def test_calls_in_flight_finish_and_nothing_follows_from_them_before_the_resume(tmp_path: Path) -> None:
    """Who pauses wants no harm done to what is under way, and nothing new."""
    place, shop = tmp_path / "interlock.db", Workshop()

    async with Interlock(place, tools=shop.tools) as interlock:
        run = await interlock.start(HELD)
        await run.pause(by="ada", why="lunch")
        shop.release.set()
        await until(run, "node.result", "a")
        paused = await run.result()
        recorded = await types_after(run, "run.paused")
        await run.resume(by="ada")
        result = await run.wait()

    assert (paused.status, recorded, shop.done) == ("paused", ["node.result"], ["hold a", "make b"])
    assert result.status == "succeeded"
    await assert_sound(place)


async def answer(run: RunHandle) -> None:
    """A person answers, and tries once more."""
    await run.answer("ask", by="ada", choice="yes")
    with pytest.raises(RequestRefusedError, match="ask is answered already: it goes on when the run does"):
        await run.answer("ask", by="ben", choice="no")


async def send(run: RunHandle) -> None:
    """Another system tells what was waited for."""
    await run.send("ready", {"n": 1})


async def wait_for_timer(run: RunHandle) -> None:
    """The time comes."""
    await until(run, "timer.fired", "ask")


WAITS: dict[str, tuple[dict[str, Any], Callable[[RunHandle], Any], str]] = {
    "an answer": ({"human": "Well?", "choices": ["yes", "no"]}, answer, "answer.given"),
    "an event": ({"wait": {"event": "ready"}}, send, "event.received"),
    "a time": ({"wait": "30ms"}, wait_for_timer, "timer.fired"),
    "a deadline": (
        {"human": "Well?", "choices": ["yes", "no"], "timeout": "30ms", "otherwise": "no"},
        wait_for_timer,
        "timer.fired",
    ),
}


@pytest.mark.parametrize(("waiting", "comes", "event_type"), WAITS.values(), ids=WAITS)
def test_what_was_waited_for_is_recorded_in_the_pause_and_acts_on_the_resume(
    tmp_path: Path, waiting: dict[str, Any], comes: Callable[[RunHandle], Any], event_type: str
) -> None:
    """Nobody has to say it again, and no time is lost."""
    place, shop = tmp_path / "interlock.db", Workshop()

    @in_event_loop
    async def story() -> None:
        async with Interlock(place, tools=shop.tools) as interlock:
            run = await interlock.start(graph({"ask": waiting, "b": making("b", after="ask")}))
            await run.pause(by="ada")
            await comes(run)
            recorded, done = await types_after(run, "run.paused"), list(shop.done)
            await run.resume(by="ada")
            result = await run.wait()

        assert (recorded, done, shop.done) == ([event_type], [], ["make b"])
        assert result.status == "succeeded"
        await assert_sound(place)

    story()


@in_event_loop
async def test_a_paused_run_stays_paused_whoever_takes_it_up(tmp_path: Path) -> None:
    """A restart at night does not undo what somebody decided by day; the call that was in flight waits as well."""
    place, before, after = tmp_path / "interlock.db", Workshop(), Workshop()
    async with Interlock(place, tools=before.tools) as interlock:
        run = await interlock.start(HELD)
        await run.pause(by="ada")
        copy = left_behind(place)

    after.release.set()
    async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run.id)
        rested = await handle.wait_while_moving()
        recorded, done = await types_after(handle, "run.paused"), list(after.done)
        await handle.resume(by="ben")
        result = await handle.wait()

    assert (rested.status, recorded, done) == ("paused", ["node.result"], [])
    assert (result.status, after.done) == ("succeeded", ["hold a", "make b"])
    await assert_sound(copy)


@in_event_loop
async def test_a_cancel_ends_a_pause(tmp_path: Path) -> None:
    """Who wants it gone does not have to let it go on first."""
    place, shop = tmp_path / "interlock.db", Workshop()

    async with Interlock(place, tools=shop.tools) as interlock:
        run = await interlock.start(HELD)
        await run.pause(by="ada")
        await run.cancel(by="ben")
        result = await run.wait()

    assert (result.status, shop.done) == ("cancelled", [])
    await assert_sound(place)


@in_event_loop
async def test_pausing_twice_or_resuming_what_goes_on_is_refused(tmp_path: Path) -> None:
    """A second click is told that it changed nothing."""
    place, shop = tmp_path / "interlock.db", Workshop()

    async with Interlock(place, tools=shop.tools) as interlock:
        run = await interlock.start(HELD)
        with pytest.raises(RequestRefusedError, match="is not paused"):
            await run.resume(by="ada")
        await run.pause(by="ada")
        with pytest.raises(RequestRefusedError, match="is paused already"):
            await run.pause(by="ada")
        await run.cancel(by="ada")
        await run.wait()

    await assert_sound(place)
