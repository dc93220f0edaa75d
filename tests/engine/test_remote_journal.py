"""Steps, questions and heartbeats of a tool that is performed elsewhere than its run is driven."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock import AsyncToolContext, tool
from interlock.core import requests as r
from interlock.core.events import EffectDone, EffectIntended, NodeResult
from interlock.core.plan import EffectClass
from tests.engine.fleet import Fleet, on_virtual_time

GPU = frozenset({"gpu"})
ONE = {"a": {"tool": "ship"}}


class Shop:
    """A tool of three steps, of which each takes a while."""

    def __init__(self, *, seconds: float = 1.0, effect: EffectClass = "idempotent") -> None:
        self.made: list[str] = []

        async def make(name: str) -> str:
            self.made.append(name)
            await asyncio.sleep(seconds)
            return f"{name} done"

        @tool(effect="idempotent", pool="gpu")
        async def ship(ctx: AsyncToolContext) -> list[str]:
            return [
                await ctx.effect(name, lambda _, name=name: make(name), effect=effect)
                for name in ("reserve", "charge", "send")
            ]

        self.tools: list[Any] = [ship]


@on_virtual_time
async def test_a_step_is_on_record_where_its_run_is_driven_before_it_is_made() -> None:
    """Whatever becomes of the worker, the log says what it was at."""
    shop = Shop()
    async with Fleet(*shop.tools) as fleet:
        fleet.serve("driving")
        fleet.serve("gpu", pools=GPU, runs_max=0)
        await fleet.start(ONE)

        row = await fleet.ended()

        steps = [event.body for event in await fleet.log() if isinstance(event.body, EffectIntended | EffectDone)]
        assert (row.status, shop.made) == ("succeeded", ["reserve", "charge", "send"])
        assert [(type(step).__name__, step.ordinal) for step in steps] == [
            (kind, ordinal) for ordinal in (1, 2, 3) for kind in ("EffectIntended", "EffectDone")
        ]


@on_virtual_time
async def test_steps_on_record_are_not_made_again_where_the_call_is_repeated() -> None:
    """Its worker died in the second step: the first is answered from the log."""
    shop = Shop(seconds=5)
    async with Fleet(*shop.tools) as fleet:
        fleet.serve("driving")
        dying = fleet.serve("dying", pools=GPU, runs_max=0)
        await fleet.start(ONE)
        await asyncio.sleep(8)

        dying.kill()
        fleet.serve("heir", pools=GPU, runs_max=0)
        row = await fleet.ended()

        assert (row.status, await fleet.outputs()) == ("succeeded", {"a": ["reserve done", "charge done", "send done"]})
        assert shop.made == ["reserve", "charge", "charge", "send"]


@on_virtual_time
async def test_a_step_that_may_happen_once_is_asked_about_where_the_call_is_repeated() -> None:
    """It was begun elsewhere, and nobody there can say what came of it."""
    shop = Shop(seconds=5, effect="once")
    async with Fleet(*shop.tools) as fleet:
        fleet.serve("driving")
        dying = fleet.serve("dying", pools=GPU, runs_max=0)
        await fleet.start(ONE)
        await asyncio.sleep(8)

        dying.kill()
        fleet.serve("heir", pools=GPU, runs_max=0)
        row = await fleet.until(lambda row: row.status == "waiting")

        assert (row.waiting, shop.made) == (1, ["reserve", "charge"])


@on_virtual_time
async def test_a_once_step_that_is_settled_as_not_done_is_begun_on_record_once_more() -> None:
    """That it did not happen the first time says nothing of the second: a worker may die in that one too."""
    shop = Shop(seconds=5, effect="once")
    async with Fleet(*shop.tools) as fleet:
        fleet.serve("driving")
        dying = fleet.serve("dying", pools=GPU, runs_max=0)
        await fleet.start(ONE)
        await asyncio.sleep(2)
        dying.kill()
        fleet.serve("heir", pools=GPU, runs_max=0)
        await fleet.until(lambda row: row.status == "waiting")
        (effect,) = [event.body.effect for event in await fleet.log() if isinstance(event.body, EffectIntended)]

        await fleet.asked(r.SettleEffect(effect=effect, status="not_done", by="ada"))
        await asyncio.sleep(3)

        begun = [event.body.effect for event in await fleet.log() if isinstance(event.body, EffectIntended)]
        assert (shop.made, begun) == (["reserve", "reserve"], [effect, effect])


@on_virtual_time
async def test_a_step_that_a_budget_refuses_ends_the_attempt_elsewhere() -> None:
    """Nobody writes a refusal down, and the tool must not wait for ever for its step to be recorded."""
    shop = Shop()
    async with Fleet(*shop.tools) as fleet:
        fleet.serve("driving")
        fleet.serve("gpu", pools=GPU, runs_max=0)
        await fleet.start({"a": {"tool": "ship", "budget": {"calls": 2}}})

        row = await fleet.ended(within=30)

        (result,) = [event.body for event in await fleet.log() if isinstance(event.body, NodeResult)]
        assert (row.status, shop.made) == ("failed", ["reserve"])
        assert (result.error.kind if result.error else "") == "exhausted"


@pytest.mark.parametrize(
    "dying", [[], ["asking"], ["driving"]], ids=["nobody dies", "who asks dies", "who drives dies"]
)
def test_a_question_that_is_asked_elsewhere_is_answered(dying: list[str]) -> None:
    """A person answers a run, and need not know which worker asks."""

    @tool(effect="idempotent", pool="gpu")
    async def publish(ctx: AsyncToolContext) -> str:
        return await ctx.ask("Publish?", choices=("yes", "no"))

    @on_virtual_time
    async def story() -> None:
        async with Fleet(publish) as fleet:
            fleet.serve("driving")
            fleet.serve("asking", pools=GPU, runs_max=0)
            await fleet.start({"a": {"tool": "publish"}})
            await fleet.until(lambda row: row.waiting == 1)
            fleet.kill(dying)

            await fleet.asked(r.Answer(path="a.1", by="ada", choice="yes"))
            await asyncio.sleep(5)
            fleet.serve("heir", pools=frozenset({"gpu", "default"}))
            await fleet.ended()

            assert await fleet.outputs() == {"a": "yes"}

    story()


@pytest.mark.parametrize(
    ("node", "dying"),
    [({}, ["first"]), ({"timeout": "10s", "retry": {"attempts": 2, "backoff": "1s"}}, [])],
    ids=["its worker dies", "its time is up"],
)
def test_what_a_tool_said_last_of_itself_is_there_for_its_next_try_elsewhere(
    node: dict[str, Any], dying: list[str]
) -> None:
    """A long copy goes on where it was, on whichever worker."""
    begun_at: list[object] = []

    @tool(effect="idempotent", pool="gpu")
    async def copy(ctx: AsyncToolContext) -> str:
        begun_at.append(ctx.last_heartbeat)
        if ctx.last_heartbeat is not None:
            return "copied"
        ctx.heartbeat({"page": 7})
        await asyncio.sleep(60)
        return "copied at once"

    @on_virtual_time
    async def story() -> None:
        async with Fleet(copy) as fleet:
            fleet.serve("driving")
            fleet.serve("first", pools=GPU, runs_max=0)
            await fleet.start({"a": {"tool": "copy", **node}})
            await asyncio.sleep(5)
            fleet.kill(dying)

            fleet.serve("second", pools=GPU, runs_max=0)
            await fleet.ended()

            assert begun_at == [None, {"page": 7}]
            assert await fleet.store.records.listed("local", "heartbeat") == []

    story()


LARGE = "x" * 100_000


@pytest.mark.parametrize("pools", [frozenset({"default"}), GPU], ids=["where it is driven", "elsewhere"])
def test_a_repeat_is_given_large_results_and_answers_as_they_were(pools: frozenset[str]) -> None:
    """What stands in the log is where they are kept, which is of no use to a tool."""
    given: list[tuple[int, int]] = []

    @tool(effect="idempotent", pool=next(iter(pools)))
    async def publish(ctx: AsyncToolContext) -> str:
        read = await ctx.effect("read", lambda _: LARGE, effect="read")
        form = await ctx.ask("What?", form={"type": "object"})
        given.append((len(read), len(form["text"])))
        await asyncio.sleep(5)
        return "published"

    @on_virtual_time
    async def story() -> None:
        async with Fleet(publish) as fleet:
            fleet.serve("first", pools=pools)
            await fleet.start({"a": {"tool": "publish"}})
            await fleet.until(lambda row: row.waiting == 1)
            await fleet.asked(r.Answer(path="a.2", by="ada", form={"text": LARGE}))
            await asyncio.sleep(2)
            fleet.kill(["first"])

            fleet.serve("second", pools=pools)
            row = await fleet.ended()

            assert (row.status, given) == ("succeeded", [(100_000, 100_000)] * 2)

    story()
