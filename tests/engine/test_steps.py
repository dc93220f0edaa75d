"""Steps inside a node, through the whole engine: on record before they are made, and made once whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from interlock import AsyncToolContext, Interlock, RunHandle, ToolContext, tool
from interlock.core.events import EffectDone, EffectIntended, Event
from interlock.core.plan import EffectClass, Micros
from tests.embedded.test_taking_up import AN_HOUR, LaterClock, left_behind
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

ONE = graph({"a": {"tool": "ship"}})


class Shop:
    """A tool of three steps, which stops for ever in one of them if it is told to."""

    def __init__(
        self, *, hangs_in: str = "", effect: EffectClass = "idempotent", step: EffectClass = "idempotent"
    ) -> None:
        self.made: list[tuple[str, str]] = []
        self.hung = asyncio.Event()
        self._hangs_in = hangs_in

        @tool(effect=effect)
        async def ship(ctx: AsyncToolContext) -> list[str]:
            return [await ctx.effect(name, self._make(name), effect=step) for name in ("reserve", "charge", "send")]

        self.tools = [ship]

    def _make(self, name: str) -> Callable[[str], Any]:
        async def make(id_: str) -> str:
            self.made.append((name, id_))
            if name == self._hangs_in:
                self.hung.set()
                await asyncio.Event().wait()
            return f"{name} done"

        return make

    @property
    def names(self) -> list[str]:
        """The steps that were made here."""
        return [name for name, _ in self.made]


async def crashed_in(place: Path, shop: Shop) -> tuple[str, Path]:
    """A run whose process was killed in the middle of a step, and the file it left."""
    async with Interlock(place, tools=shop.tools) as interlock:
        run = await interlock.start(ONE)
        await shop.hung.wait()
        return run.id, left_behind(place)


async def bodies(run: RunHandle, kind: type[Any]) -> list[Any]:
    """What the events of a kind say."""
    return [event.body async for event in run.events() if isinstance(event.body, kind)]


@in_event_loop
async def test_steps_that_are_on_record_are_not_made_again_after_a_crash(tmp_path: Path) -> None:
    """The one in flight is made again under its id, as its class allows; the others are answered from the log."""
    before, after = Shop(hangs_in="charge"), Shop()
    run, copy = await crashed_in(tmp_path / "interlock.db", before)

    async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run)
        result = await handle.wait()
        done = await bodies(handle, EffectDone)
        effects = await handle.effects()

    assert result.outputs == {"a": ["reserve done", "charge done", "send done"]}
    assert (before.names, after.names) == (["reserve", "charge"], ["charge", "send"])
    assert before.made[1] == after.made[0]
    assert [body.ordinal for body in done] == [1, 2, 3]
    assert {line.path: line.status for line in effects} == dict.fromkeys(["a", "a.1", "a.2", "a.3"], "done")
    await assert_sound(copy)


@pytest.mark.parametrize(
    ("status", "made", "told"),
    [("done", ["send"], "was charged"), ("not_done", ["charge", "send"], "charge done")],
)
def test_a_step_that_may_happen_once_is_settled_by_a_person(
    tmp_path: Path, status: Literal["done", "not_done"], made: list[str], told: str
) -> None:
    """It may have happened, and nothing but a person can say: then it is taken as done, or made under its id."""

    @in_event_loop
    async def story() -> None:
        before, after = Shop(hangs_in="charge", step="once"), Shop(step="once")
        run, copy = await crashed_in(tmp_path / "interlock.db", before)

        async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
            handle = await interlock.take_up(run)
            (wait,) = (await handle.wait_while_moving()).waits
            await handle.settle(wait.effect, status, out="was charged", by="ada", why="the bank says so")
            result = await handle.wait()

        assert (wait.path, wait.reason, wait.effect) == ("a.2", "reconcile", before.made[1][1])
        assert wait.tool == "charge"
        assert (result.outputs, after.names) == ({"a": ["reserve done", told, "send done"]}, made)
        assert before.made[1][1] in [wait.effect, *(id_ for _, id_ in after.made)]
        await assert_sound(copy)

    story()


@in_event_loop
async def test_a_step_of_a_cancelled_node_is_asked_about_though_nobody_calls_it_again(tmp_path: Path) -> None:
    """The customer was perhaps charged: the run must not end with nobody knowing and nobody told."""
    before, after = Shop(hangs_in="charge", step="once"), Shop(step="once")
    run, copy = await crashed_in(tmp_path / "interlock.db", before)

    async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
        await (await interlock.open(run)).cancel(by="ada", detach=True)
        handle = await interlock.take_up(run)
        waits = (await handle.wait_while_moving()).waits
        in_doubt = {line.path: line.status for line in await handle.effects()}
        await handle.settle(before.made[1][1], "done", by="ada", why="the bank says so")
        result = await handle.wait()
        known = {line.path: line.status for line in await handle.effects()}

    assert [(wait.path, wait.reason, wait.effect) for wait in waits] == [("a.2", "reconcile", before.made[1][1])]
    assert in_doubt == {"a": "unknown", "a.1": "done", "a.2": "unknown"}
    assert (result.status, known["a.2"], after.names) == ("cancelled", "done", [])
    await assert_sound(copy)


class MuchLaterClock(LaterClock):
    """The clock of a process that comes another hour later."""

    def now(self) -> Micros:
        """What time it is two hours from now."""
        return super().now() + AN_HOUR


@in_event_loop
async def test_a_run_goes_on_when_two_processes_have_died_in_a_call_and_a_third_came_to_a_doubt(tmp_path: Path) -> None:
    """Its author has found meanwhile that the step must not be made twice: asking is no third death."""
    first, second, third = Shop(hangs_in="charge"), Shop(hangs_in="charge"), Shop(step="once")
    run, copy = await crashed_in(tmp_path / "interlock.db", first)
    place = copy.rename(tmp_path / "second.db")
    async with Interlock(place, tools=second.tools, clock=LaterClock()) as interlock:
        await interlock.take_up(run)
        await second.hung.wait()
        copy = left_behind(place)

    async with Interlock(copy, tools=third.tools, clock=MuchLaterClock()) as interlock:
        handle = await interlock.take_up(run)
        (wait,) = (await handle.wait_while_moving()).waits
        await handle.settle(wait.effect, "not_done", by="ada")
        result = await handle.wait()

    assert (wait.path, wait.reason) == ("a.2", "reconcile")
    assert (result.status, third.names) == ("succeeded", ["charge", "send"])
    await assert_sound(copy)


@in_event_loop
async def test_a_node_that_may_happen_once_keeps_its_steps_while_a_person_is_asked_about_it(tmp_path: Path) -> None:
    """What it did between its steps nobody knows; once that is said, its recorded steps are still not made again."""
    before, after = Shop(hangs_in="charge", effect="once"), Shop(effect="once")
    run, copy = await crashed_in(tmp_path / "interlock.db", before)

    async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run)
        (wait,) = (await handle.wait_while_moving()).waits
        await handle.settle(wait.effect, "not_done", by="ada")
        result = await handle.wait()

    assert (wait.path, wait.reason) == ("a", "reconcile")
    assert (result.status, after.names) == ("succeeded", ["charge", "send"])
    await assert_sound(copy)


@in_event_loop
async def test_a_tool_whose_steps_come_in_another_order_after_a_crash_is_refused(tmp_path: Path) -> None:
    """Its author changed it meanwhile: to answer one step with the result of another would be worse than to stop."""
    run, copy = await crashed_in(tmp_path / "interlock.db", Shop(hangs_in="charge"))

    @tool(effect="idempotent")
    async def ship(ctx: AsyncToolContext) -> str:
        return await ctx.effect("charge", lambda: "charged", effect="idempotent")

    async with Interlock(copy, tools=[ship], clock=LaterClock()) as interlock:
        result = await (await interlock.take_up(run)).wait()

    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "invalid")
    assert result.error.message.startswith("step 1 was `reserve` before and is `charge` now: a tool's steps must come")
    await assert_sound(copy)


@in_event_loop
async def test_an_answer_that_was_given_while_nobody_drove_the_run_is_used(tmp_path: Path) -> None:
    """The person has long gone home: they are not asked again."""
    place = tmp_path / "interlock.db"
    asked: list[str] = []

    @tool(effect="idempotent")
    async def ship(ctx: AsyncToolContext) -> str:
        asked.append(ctx.effect_id)
        return await ctx.ask("Ship it?", choices=["yes", "no"])

    async with Interlock(place, tools=[ship]) as interlock:
        run = await interlock.start(ONE)
        await until(run, lambda event: isinstance(event.body, EffectIntended))
        copy = left_behind(place)
    async with Interlock(copy, clock=LaterClock()) as interlock:
        handle = await interlock.open(run.id)
        (question,) = await handle.questions()
        await handle.answer(question.path, by="ada", choice="yes", detach=True)
        left_open = await handle.questions()

    async with Interlock(copy, tools=[ship], clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run.id)
        result = await handle.wait()
        intended = await bodies(handle, EffectIntended)

    assert (question.path, question.question.text, left_open) == ("a.1", "Ship it?", [])
    assert (result.outputs, len(intended)) == ({"a": "yes"}, 1)
    assert asked == [asked[0]] * 2
    await assert_sound(copy)


async def until(run: RunHandle, happened: Callable[[Event], bool]) -> None:
    """Return once an event is on record."""
    async for event in run.events(follow=True):
        if happened(event):
            return


@in_event_loop
async def test_steps_are_charged_to_every_budget_of_calls_above_them(tmp_path: Path) -> None:
    """An agent that calls a tool a hundred times has made a hundred calls; one more is refused before it is made."""
    place, shop = tmp_path / "interlock.db", Shop()

    async with Interlock(place, tools=shop.tools) as interlock:
        enough = await interlock.run_async(graph({"a": {"tool": "ship", "budget": {"calls": 4}}}))
        too_few = await interlock.run_async(graph({"a": {"tool": "ship", "budget": {"calls": 3}}}))
        of_graph = await interlock.run_async(graph({"a": {"tool": "ship"}}, budget={"calls": 2}))

    assert enough.status == "succeeded"
    assert too_few.error is not None
    assert of_graph.error is not None
    assert (too_few.error.kind, too_few.error.message) == ("exhausted", "the budget of 3 calls is spent")
    assert (of_graph.error.kind, of_graph.error.message) == ("exhausted", "the budget of 2 calls is spent")
    assert shop.names == ["reserve", "charge", "send", "reserve", "charge", "reserve"]
    await assert_sound(place)


@in_event_loop
async def test_a_known_failure_begins_its_steps_anew(tmp_path: Path) -> None:
    """Another attempt is another request: its steps have other ids, and nothing of the last attempt answers them."""
    place = tmp_path / "interlock.db"
    ids: list[str] = []

    @tool(effect="idempotent")
    def ship(ctx: ToolContext) -> str:
        ctx.effect("charge", ids.append)
        if ctx.attempt == 1:
            raise RuntimeError("the printer is out of paper")
        return "shipped"

    async with Interlock(place, tools=[ship]) as interlock:
        document = graph({"a": {"tool": "ship", "retry": {"attempts": 2, "backoff": "1ms"}}})
        result = await interlock.run_async(document)

    assert (result.outputs, result.nodes["a"].attempts) == ({"a": "shipped"}, 2)
    assert len(set(ids)) == 2
    await assert_sound(place)


def everything_in(folder: Path) -> bytes:
    """What stands in any file of a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


@in_event_loop
async def test_a_heartbeat_is_there_for_the_next_attempt_and_neither_it_nor_progress_is_on_record(
    tmp_path: Path,
) -> None:
    """A long import goes on at the page it had come to."""
    place = tmp_path / "interlock.db"
    found: list[object] = []

    @tool(effect="idempotent")
    def ship(ctx: ToolContext) -> None:
        found.append(ctx.last_heartbeat)
        ctx.progress(0.5, "half of it")
        ctx.heartbeat({"page": 7})
        if ctx.attempt == 1:
            raise RuntimeError("the line is broken")

    async with Interlock(place, tools=[ship]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "ship", "retry": {"attempts": 2, "backoff": "1ms"}}}))
        await run.wait()
        types = [event.type async for event in run.events()]

    assert found == [None, {"page": 7}]
    assert types == [
        "run.started",
        "node.started",
        "node.result",
        "node.retrying",
        "timer.fired",
        "node.started",
        "node.result",
        "run.ended",
    ]
    assert b"half of it" not in everything_in(tmp_path)
    await assert_sound(place)
