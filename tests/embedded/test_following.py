"""Following a run: its events as they are recorded, the live progress of its nodes, and what it looked like before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from interlock import Interlock, ToolContext, tool
from interlock.core.events import Event
from interlock.engine.live_words import Progress, Words
from interlock.tools import AsyncToolContext
from tests.embedded.workshop import ASK, Workshop, graph, making
from tests.store.event_loop import in_event_loop


@in_event_loop
async def test_the_events_of_a_run_are_given_in_order(store: str) -> None:
    """The log is the truth, and anybody may read it."""
    async with Interlock(store, tools=Workshop().tools) as interlock:
        handle = await interlock.start(graph({"a": making("a")}))
        await handle.wait()

        events = [event async for event in handle.events()]

        assert [event.type for event in events] == ["run.started", "node.started", "node.result", "run.ended"]
        assert [event.seq for event in events] == [1, 2, 3, 4]
        assert [event.seq async for event in handle.events(after=2)] == [3, 4]


@in_event_loop
async def test_following_gives_what_is_to_come_up_to_the_end(store: str) -> None:
    """A page that shows a run wants each event once, and to know when there are no more."""
    async with Interlock(store, tools=Workshop().tools) as interlock:
        handle = await interlock.start(ASK)
        seen: list[str] = []

        async def follow() -> None:
            seen.extend([event.type async for event in handle.events(follow=True)])

        following = asyncio.create_task(follow())
        await handle.wait_while_moving()
        await handle.answer("approve", choice="reject", by="ada")
        await following

        assert seen == [event.type async for event in handle.events()]
        assert seen[-1] == "run.ended"


@in_event_loop
async def test_a_run_that_another_process_drives_can_be_followed(tmp_path: Path) -> None:
    """Two clients on one file stand for two processes."""
    place = tmp_path / "interlock.db"
    async with Interlock(place, tools=Workshop().tools) as driving, Interlock(place) as watching:
        driven = await driving.start(ASK)
        handle = await watching.open(driven.id)
        following = asyncio.create_task(_types(handle.events(follow=True)))
        await driven.wait_while_moving()
        assert (await handle.wait_while_moving()).status == "waiting"

        await driven.answer("approve", choice="reject", by="ada")

        assert (await following)[-1] == "run.ended"


@in_event_loop
async def test_the_stream_carries_progress_that_is_on_no_record(store: str) -> None:
    """How far a tool is interests whoever looks now, and nobody later."""

    @tool
    async def count(ctx: AsyncToolContext) -> int:
        ctx.progress(0.5, "half way")
        return 2

    async with Interlock(store, tools=[count]) as interlock:
        handle = await interlock.start(graph({"ask": ASK["nodes"]["approve"], "a": {"tool": "count", "after": "ask"}}))
        seen: list[Event | Progress | Words] = []

        async def follow() -> None:
            seen.extend([item async for item in handle.stream()])

        following = asyncio.create_task(follow())
        await handle.wait_while_moving()
        await handle.answer("ask", choice="release", by="ada")
        await following

        assert [item for item in seen if isinstance(item, Progress)] == [Progress("a", 0.5, "half way")]
        assert [item for item in seen if isinstance(item, Event)] == [event async for event in handle.events()]


@in_event_loop
async def test_a_question_inside_a_tool_is_answered_by_the_path_of_its_step(store: str) -> None:
    """A tool's own code may need a person: its question is addressed as `path.k`."""

    @tool
    def deploy(ctx: ToolContext) -> str:
        return f"deployed to {ctx.ask('Which ring?', choices=('canary', 'all'))}"

    async with Interlock(store, tools=[deploy]) as interlock:
        handle = await interlock.start(graph({"a": {"tool": "deploy"}}))
        asked = await _next(handle.events(follow=True), "effect.intended")

        await handle.answer("a.1", choice="canary", by="ada")

        assert asked.path == "a"
        assert (await handle.wait()).outputs == {"a": "deployed to canary"}


@in_event_loop
async def test_a_run_can_be_looked_at_as_it_was(store: str) -> None:
    """What was known when somebody decided is not what is known now."""
    async with Interlock(store, tools=Workshop().tools) as interlock:
        handle = await interlock.start(graph({"a": making("a"), "b": making("b", after="a")}))
        await handle.wait()

        then, now = await handle.view(at=2), await handle.view()

        assert {path: node.status for path, node in then.nodes.items()} == {"a": "running", "b": "pending"}
        assert (then.status, now.status) == ("running", "succeeded")


async def _types(events: AsyncIterator[Event]) -> list[str]:
    return [event.type async for event in events]


async def _next(events: AsyncIterator[Event], type: str) -> Event:
    """The next event of that type."""
    async for event in events:
        if event.type == type:
            return event
    raise AssertionError(f"there was no {type}")
