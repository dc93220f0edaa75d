"""Workers that leave in good order: what they were at is gone on with, as often as that happens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from interlock import Interlock, ToolContext, tool
from interlock.settings import SlotSettings
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

RESTARTS = 5
"""More often than a worker may die in an effect before that is given up."""


class Bench:
    """Tools that stay at their work until the test lets them end."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

        async def work(name: str) -> str:
            self.called.append(name)
            self.begun.set()
            await self.may_end.wait()
            return name

        @tool(effect="idempotent")
        async def build(name: str) -> str:
            return await work(name)

        @tool(effect="once")
        async def pay(name: str) -> str:
            return await work(name)

        @tool(effect="idempotent")
        async def take_back(name: str) -> None:
            await work(name)

        @tool(effect="idempotent")
        async def make(name: str) -> str:
            return name

        self.tools: list[Any] = [build, pay, take_back, make]


async def let_go(place: Path, run: str, bench: Bench) -> None:
    """Take the run up, let it go on, and leave in the middle of its work."""
    async with Interlock(place, tools=bench.tools) as interlock:
        await interlock.take_up(run)
        bench.begun.clear()
        await bench.begun.wait()


@in_event_loop
async def test_a_call_survives_any_number_of_orderly_restarts(tmp_path: Path) -> None:
    """A machine that is updated every night is no tool that kills its workers: nothing is given up as lost."""
    place, bench = tmp_path / "interlock.db", Bench()
    async with Interlock(place, tools=bench.tools) as interlock:
        run = await interlock.start(graph({"a": {"tool": "build", "input": {"name": "a"}}}))
        await bench.begun.wait()

    for _ in range(RESTARTS):
        await let_go(place, run.id, bench)
    bench.may_end.set()
    async with Interlock(place, tools=bench.tools) as interlock:
        result = await (await interlock.take_up(run.id)).wait()
        effects = await (await interlock.open(run.id)).effects()

    assert (result.status, result.nodes["a"].attempts) == ("succeeded", 1)
    assert [(effect.attempt, effect.status) for effect in effects] == [(1, "done")]
    assert bench.called == ["a"] * (RESTARTS + 2)
    await assert_sound(place)


@in_event_loop
async def test_what_is_being_taken_back_survives_any_number_of_orderly_restarts(tmp_path: Path) -> None:
    """An undo that is given up leaves something standing that somebody wanted gone."""
    place, bench = tmp_path / "interlock.db", Bench()
    made = {"tool": "make", "input": {"name": "a"}, "undo": {"tool": "take_back", "input": {"name": "a"}}}
    document = graph({"a": made, "b": {"gate": ["${a == 'b'}"]}}, on_failure="rollback")
    async with Interlock(place, tools=bench.tools) as interlock:
        run = await interlock.start(document)
        await bench.begun.wait()

    for _ in range(RESTARTS):
        await let_go(place, run.id, bench)
    bench.may_end.set()
    async with Interlock(place, tools=bench.tools) as interlock:
        result = await (await interlock.take_up(run.id)).wait()

    assert result.status == "rolled_back"
    assert bench.called == ["a"] * (RESTARTS + 2)
    await assert_sound(place)


@in_event_loop
async def test_a_call_that_waited_for_a_slot_when_its_worker_left_was_not_made(tmp_path: Path) -> None:
    """Nobody has to be asked what became of it, though it may happen only once."""
    place, bench = tmp_path / "interlock.db", Bench()
    nodes = {name: {"tool": tool_, "input": {"name": name}} for name, tool_ in (("a", "build"), ("b", "pay"))}
    async with Interlock(place, tools=bench.tools, slots=SlotSettings(tasks=1)) as interlock:
        run = await interlock.start(graph(nodes))
        await bench.begun.wait()

    bench.may_end.set()
    async with Interlock(place, tools=bench.tools) as interlock:
        handle = await interlock.take_up(run.id)
        result = await handle.wait()
        told = [event.body async for event in handle.events() if event.type == "node.result" and event.path == "b"]

    assert (result.status, result.outputs) == ("succeeded", {"a": "a", "b": "b"})
    assert [getattr(body, "status", "") for body in told] == ["not_done", "done"]
    await assert_sound(place)


@in_event_loop
async def test_a_call_that_may_happen_once_and_was_stopped_in_the_middle_is_asked_about(tmp_path: Path) -> None:
    """Good order does not tell how far it came: it is not repeated before somebody says that it did not happen."""
    place, bench = tmp_path / "interlock.db", Bench()
    async with Interlock(place, tools=bench.tools) as interlock:
        run = await interlock.start(graph({"a": {"tool": "pay", "input": {"name": "a"}}}))
        await bench.begun.wait()

    bench.may_end.set()
    async with Interlock(place, tools=bench.tools) as interlock:
        handle = await interlock.take_up(run.id)
        waiting = await handle.wait_while_moving()
        (wait,) = waiting.waits
        await handle.settle(wait.effect, "not_done", by="ada", why="the bank knows nothing of it")
        result = await handle.wait()

    assert (waiting.status, wait.reason) == ("waiting", "reconcile")
    assert (result.status, bench.called) == ("succeeded", ["a", "a"])
    await assert_sound(place)


@in_event_loop
async def test_what_a_tool_managed_to_do_while_its_worker_left_is_on_record(tmp_path: Path) -> None:
    """A thread cannot be stopped, but it is waited for a while: what it did in that time is not done again."""
    place = tmp_path / "interlock.db"
    calls: list[str] = []
    begun = asyncio.Event()

    @tool(effect="once")
    def close_the_books(ctx: ToolContext) -> str:
        calls.append(ctx.effect_id)
        loop.call_soon_threadsafe(begun.set)
        while not ctx.should_stop:
            pass
        return "closed"

    loop = asyncio.get_running_loop()
    async with Interlock(place, tools=[close_the_books]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "close_the_books"}}))
        await begun.wait()

    async with Interlock(place, tools=[close_the_books]) as interlock:
        result = await (await interlock.take_up(run.id)).wait()

    assert (result.status, result.outputs, len(calls)) == ("succeeded", {"a": "closed"}, 1)
    await assert_sound(place)
