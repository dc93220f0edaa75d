"""Effects that are performed elsewhere than their run is driven: by whom, once, and what happens when somebody goes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock import AsyncToolContext, tool
from interlock.core import requests as r
from interlock.core.events import NodeResult
from interlock.core.plan import EffectClass
from interlock.tools.reconciling import Reconciled, done, not_done
from tests.engine.fleet import LEASE_SECONDS, Fleet, on_virtual_time

GPU = frozenset({"gpu"})


class Bench:
    """Tools of two pools that note who calls them, and stay at their work for as long as a test wants."""

    def __init__(self, *, effect: EffectClass = "idempotent", seconds: float = 1.0) -> None:
        self.calls: list[str] = []
        self.at_once = 0
        self.at_once_max = 0
        self.seconds = seconds

        async def work(ctx: AsyncToolContext) -> str:
            self.calls.append(ctx.path)
            self.at_once += 1
            self.at_once_max = max(self.at_once, self.at_once_max)
            try:
                await asyncio.sleep(self.seconds)
            finally:
                self.at_once -= 1
            return ctx.path

        @tool(effect=effect)
        async def crop(ctx: AsyncToolContext) -> str:
            return await work(ctx)

        @tool(effect=effect, pool="gpu")
        async def train(ctx: AsyncToolContext) -> str:
            return await work(ctx)

        self.tools: list[Any] = [crop, train]


def results(log: list[Any], path: str) -> list[str]:
    """What the results of a node say became of its attempts."""
    return [event.body.status for event in log if event.path == path and isinstance(event.body, NodeResult)]


@on_virtual_time
async def test_an_effect_is_performed_where_its_run_is_driven_while_there_are_hands() -> None:
    """The way over the queue costs two commits: it is gone only where it leads to somebody who is free."""
    bench = Bench()
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving", hands=2)
        await fleet.start({name: {"tool": "crop"} for name in ("a", "b", "c")})
        await fleet.until(lambda row: row.seq >= 4)

        (offered,) = await fleet.offers()

        assert (driving.hands.busy, offered.path, offered.owner) == (2, "c", "")
        await fleet.ended()
        assert sorted(bench.calls) == ["a", "b", "c"]
        assert (driving.hands.busy, await fleet.offers()) == (0, [])


@on_virtual_time
async def test_what_its_driver_has_no_hand_for_is_performed_by_another() -> None:
    """Otherwise a second worker would be of no use to one large run."""
    bench = Bench(seconds=5)
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("one", hands=1)
        fleet.serve("other", hands=1, runs_max=0)
        await fleet.start({name: {"tool": "crop"} for name in ("a", "b")})

        row = await fleet.ended()

        assert (row.status, bench.at_once_max) == ("succeeded", 2)


@on_virtual_time
async def test_a_call_of_a_pool_that_nobody_serves_waits_and_is_seen() -> None:
    """It must be told from a call that takes long; and a worker that comes late is not too late."""
    bench = Bench()
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("default")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(20)

        (waiting,) = await fleet.store.queue.depth()
        fleet.serve("gpu", pools=GPU)
        row = await fleet.ended()

        assert (waiting.tool, waiting.waiting, waiting.performing) == ("train", 1, 0)
        assert (row.status, bench.calls) == ("succeeded", ["a"])


@on_virtual_time
async def test_a_driver_that_dies_leaves_a_call_that_another_performs_untouched() -> None:
    """Who drives the run is nothing to a call: it is made once, though its run changes hands twice."""
    bench = Bench(effect="once", seconds=20)
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving")
        fleet.serve("gpu", pools=GPU, runs_max=0)
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)

        driving.kill()
        fleet.serve("heir")
        row = await fleet.ended()

        assert (row.status, bench.calls) == ("succeeded", ["a"])
        assert results(await fleet.log(), "a") == ["done"]


@on_virtual_time
async def test_a_call_that_was_answered_while_nobody_drove_its_run_is_not_made_again() -> None:
    """The answer waits for the next driver, who must not take the call for one that was lost."""
    bench = Bench(effect="once", seconds=5)
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving")
        fleet.serve("gpu", pools=GPU, runs_max=0)
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)
        driving.kill()
        await asyncio.sleep(10)

        fleet.serve("heir")
        row = await fleet.ended()

        assert (row.status, bench.calls) == ("succeeded", ["a"])


@on_virtual_time
async def test_a_call_whose_performer_dies_is_repeated_under_its_id_by_another() -> None:
    """An idempotent one may be made again; nobody has to be asked."""
    bench = Bench(seconds=5)
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("driving")
        dying = fleet.serve("dying", pools=GPU, runs_max=0, host="there")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)

        dying.kill()
        fleet.serve("heir", pools=GPU, runs_max=0)
        row = await fleet.ended()

        assert (row.status, bench.calls) == ("succeeded", ["a", "a"])
        assert results(await fleet.log(), "a") == ["unknown", "done"]


@on_virtual_time
async def test_a_call_in_which_three_performers_died_is_given_up_as_lost() -> None:
    """What kills its worker each time would go on to kill them all."""
    bench = Bench(seconds=60)
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("driving")
        await fleet.start({"a": {"tool": "train"}})
        for name in ("first", "second", "third"):
            dying = fleet.serve(name, pools=GPU, runs_max=0)
            await asyncio.sleep(2)
            dying.kill()

        row = await fleet.ended()

        assert (row.status, bench.calls) == ("failed", ["a"] * 3)
        assert "died 3 times" in row.error


@pytest.mark.parametrize(("was", "calls"), [(done("found"), 1), (not_done(), 2)], ids=["done", "not done"])
def test_a_call_that_may_happen_once_is_asked_about_when_its_performer_died(was: Reconciled, calls: int) -> None:
    """Its tool can tell what became of it, on whichever worker it is asked."""
    called: list[str] = []

    async def look(effect_id: str) -> Reconciled:
        return was

    @tool(effect="once", pool="gpu", reconcile=look)
    async def pay(ctx: AsyncToolContext) -> str:
        called.append(ctx.effect_id)
        await asyncio.sleep(5)
        return "paid"

    @on_virtual_time
    async def story() -> None:
        async with Fleet(pay) as fleet:
            fleet.serve("driving", tools=[])
            dying = fleet.serve("dying", pools=GPU, runs_max=0)
            await fleet.start({"a": {"tool": "pay"}})
            await asyncio.sleep(2)

            dying.kill()
            fleet.serve("heir", pools=GPU, runs_max=0)
            row = await fleet.ended()

            assert (row.status, len(called), len(set(called))) == ("succeeded", calls, 1)
            assert await fleet.offers() == []

    story()


@on_virtual_time
async def test_a_cancel_reaches_a_call_that_is_performed_elsewhere() -> None:
    """And its worker has a hand free again."""
    bench = Bench(seconds=600)
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("driving")
        performing = fleet.serve("gpu", pools=GPU, runs_max=0)
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)

        await fleet.asked(r.CancelRun())
        row = await fleet.ended(within=20)

        assert (row.status, performing.hands.busy, bench.at_once) == ("cancelled", 0, 0)


@on_virtual_time
async def test_a_cancel_takes_back_what_nobody_has_taken_on() -> None:
    """It was never begun, so nobody has to be asked about it."""
    bench = Bench(effect="once")
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("driving")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)

        await fleet.asked(r.CancelRun())
        row = await fleet.ended(within=20)

        assert (row.status, bench.calls, await fleet.offers()) == ("cancelled", [], [])
        assert results(await fleet.log(), "a") == ["not_done"]


@on_virtual_time
async def test_what_was_to_be_stopped_when_its_driver_died_is_stopped_by_the_next() -> None:
    """The wish is on record; that it was not passed on is known to nobody."""
    bench = Bench(seconds=600)
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)
        fleet.store.queue.withdraw = _never  # it is never heard
        await fleet.asked(r.CancelRun())
        await asyncio.sleep(2)
        driving.kill()
        del fleet.store.queue.withdraw

        fleet.serve("heir")
        row = await fleet.ended(within=20)

        assert (row.status, bench.calls) == ("cancelled", [])


async def _never(*_: object, **__: object) -> bool:
    await asyncio.Event().wait()
    return False


@pytest.mark.parametrize("dying", [[], ["driving"]], ids=["one driver", "a driver that took it up"])
def test_a_call_that_nobody_takes_on_fails_at_its_deadline(dying: list[str]) -> None:
    """A timeout bounds an attempt, whoever was to make it (rule 31)."""
    bench = Bench()

    @on_virtual_time
    async def story() -> None:
        async with Fleet(*bench.tools) as fleet:
            fleet.serve("driving")
            await fleet.start({"a": {"tool": "train", "timeout": "20s"}})
            await asyncio.sleep(5)
            fleet.kill(dying)
            fleet.serve("heir")

            row = await fleet.ended(within=40)

            (failed,) = [event for event in await fleet.log() if isinstance(event.body, NodeResult)]
            assert (row.status, results([failed], "a")) == ("failed", ["failed"])
            assert "nobody had taken it on before its deadline" in row.error
            assert 20_000_000 <= failed.at - row.started_at < 22_000_000
            assert await fleet.offers() == []

    story()


@on_virtual_time
async def test_a_pool_of_one_performs_one_call_at_a_time() -> None:
    """However many workers and hands there are."""
    bench = Bench()
    async with Fleet(*bench.tools) as fleet:
        for name in ("one", "other"):
            fleet.serve(name, pools=GPU, pool_limits={"gpu": 1})
        await fleet.start({name: {"tool": "train"} for name in "abcd"})

        row = await fleet.ended()

        assert (row.status, len(bench.calls), bench.at_once_max) == ("succeeded", 4, 1)


@on_virtual_time
async def test_who_runs_alone_performs_the_calls_of_a_limited_pool_itself() -> None:
    """`interlock run` needs no worker beside it, whatever is limited."""
    bench = Bench()
    async with Fleet(*bench.tools) as fleet, fleet.alone(pool_limits={"gpu": 1}) as worker:
        await fleet.start({name: {"tool": "train"} for name in "abc"})

        await worker.driven(await worker.take_up("run"))

        row = await fleet.ended()
        assert (row.status, sorted(bench.calls), bench.at_once_max) == ("succeeded", ["a", "b", "c"], 1)


@on_virtual_time
async def test_who_takes_a_run_up_alone_performs_what_others_were_to_perform() -> None:
    """Nobody may be left to take it on."""
    bench = Bench(effect="once")
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)
        await driving.leave()

        async with fleet.alone() as worker:
            await worker.driven(await worker.take_up("run"))

        row = await fleet.ended()
        assert (row.status, bench.calls, await fleet.offers()) == ("succeeded", ["a"], [])


@on_virtual_time
async def test_who_takes_a_run_up_alone_hears_that_the_performer_of_its_call_has_died() -> None:
    """There may be no other worker that would answer for the dead one."""
    bench = Bench(seconds=60)
    async with Fleet(*bench.tools) as fleet:
        driving = fleet.serve("driving")
        dying = fleet.serve("gpu", pools=GPU, runs_max=0, host="there")
        await fleet.start({"a": {"tool": "train"}})
        await asyncio.sleep(2)
        driving.kill()
        dying.kill()

        async with fleet.alone() as worker:
            await worker.driven(await worker.take_up("run"))

        row = await fleet.ended()
        assert (row.status, bench.calls) == ("succeeded", ["a", "a"])


@on_virtual_time
async def test_a_higher_priority_is_performed_first() -> None:
    """Of two runs of a tenant whose calls wait for the same worker."""
    bench = Bench()
    async with Fleet(*bench.tools) as fleet:
        fleet.serve("driving")
        await fleet.start({"plain": {"tool": "train"}}, "plain")
        await fleet.start({"urgent": {"tool": "train"}}, "urgent", priority=5)
        await asyncio.sleep(LEASE_SECONDS)

        fleet.serve("gpu", pools=GPU, hands=1, runs_max=0)
        await fleet.ended("plain")

        assert bench.calls == ["urgent", "plain"]
