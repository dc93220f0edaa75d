"""Moving a run to another bundle: what is on record stays as it is, and what follows is decided by the new one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RequestRefusedError, RunHandle, tool
from interlock.bootstrap import TENANT
from interlock.engine import engine as engine_module
from interlock.store.sqlite.store import SqliteEventStore
from interlock.tools.clock import LoopClock
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop


@pytest.fixture(autouse=True, params=[2, 2_000], ids=["in pages", "at once"])
def events_read_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of a log is read at a time, the same is found in it."""
    monkeypatch.setattr(engine_module, "EVENTS_READ_AT_ONCE", request.param)


class Bench:
    """A tool that is at its work until the test lets it end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.called = 0

        @tool(effect="once")
        async def pay(amount: int) -> int:
            self.called += 1
            self.begun.set()
            await self.may_end.wait()
            return amount

        @tool(effect="read")
        async def look(amount: int) -> str:
            return f"saw {amount}"

        self.pay, self.look = pay, look


async def until_recorded(run: RunHandle, seq: int) -> None:
    """Until the run's log has so many events."""
    async for _ in run.stream():
        if (await run.row()).seq >= seq:
            break


async def until_read(place: Path) -> None:
    """Until nothing that was left for a run is unread."""
    async with SqliteEventStore(place, clock=LoopClock().now) as store:
        while await store.unread_signals(TENANT):  # noqa: ASYNC110 - what is waited for happens in a file
            await asyncio.sleep(0.01)


PAY: dict[str, Any] = {"tool": "pay", "input": {"amount": 7}}
ONE = graph({"pay": PAY, "said": {"value": "one", "after": "pay"}})
TWO = graph({"pay": PAY, "seen": {"tool": "look", "input": {"amount": "${pay}"}}})
OTHER_PAST = graph({"pay": {"tool": "pay", "input": {"amount": 8}}})
EARLIER = graph({"first": {"value": 1}, "pay": PAY})


@in_event_loop
async def test_a_run_is_moved_while_a_call_is_in_flight_and_the_call_is_not_disturbed(tmp_path: Path) -> None:
    """A payment that was begun goes on: it is the same by both graphs, and must not be begun or stopped for that."""
    place, bench = tmp_path / "interlock.db", Bench()
    async with Interlock(place, tools=[bench.pay, bench.look], graphs={"workshop": TWO}) as interlock:
        run = await interlock.start(ONE)
        await bench.begun.wait()

        await interlock.migrate(run.id, "workshop", by="ada", why="see it")
        bench.may_end.set()
        result = await run.wait()
        replayed = await run.replay()

    assert (result.status, result.outputs, bench.called) == ("succeeded", {"seen": "saw 7"}, 1)
    assert replayed.verdict == "same"
    await assert_sound(place)


@in_event_loop
async def test_a_run_that_another_process_drives_is_moved_by_its_driver(tmp_path: Path) -> None:
    """Whoever asks need not be where the run is; the driver looks at the log once more, and goes on by the new plan."""
    place, bench = tmp_path / "interlock.db", Bench()
    async with (
        Interlock(place, tools=[bench.pay, bench.look]) as driving,
        Interlock(place, tools=[bench.pay, bench.look], graphs={"workshop": TWO}) as asking,
    ):
        run = await driving.start(ONE)
        await bench.begun.wait()

        submitted = await asking.migrate(run.id, "workshop", by="ada")
        await until_recorded(run, 3)
        bench.may_end.set()
        result = await run.wait()

    assert submitted.left_for is not None
    assert result.outputs == {"seen": "saw 7"}
    await assert_sound(place)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            OTHER_PAST,
            'event 2 pay says "calls pay with {amount: 7}", and on the other graph: calls pay with {amount: 8}',
        ),
        (EARLIER, 'event 2 pay says "calls pay with {amount: 7}", and on the other graph: at first: succeeded'),
        (ONE | {"inputs": {"n": "integer"}}, "these inputs are refused: "),
        (ONE | {"inputs": {"n": {"type": "integer", "default": 1}}}, "a default would have been filled in"),
        (ONE | {"graph": "another"}, "it is another graph: another"),
    ],
    ids=["another input", "a node before it", "another input is needed", "a default", "another graph"],
)
def test_a_run_that_could_not_have_come_from_the_other_graph_stays(
    tmp_path: Path, other: dict[str, Any], told: str
) -> None:
    """What it did, it did: a log that its own graph would not have written could never be verified again."""
    place, bench = tmp_path / "interlock.db", Bench()

    @in_event_loop
    async def story() -> None:
        bench.may_end.set()
        tools = [bench.pay, bench.look]
        async with Interlock(place, tools=tools, graphs={"other": other}) as interlock:
            run = await interlock.start(
                graph({"pay": PAY, "ask": {"human": "Go?", "choices": ["yes"], "after": "pay"}})
            )
            await run.wait_while_moving()

            with pytest.raises(RequestRefusedError, match="stays on its bundle") as refused:
                await interlock.migrate(run.id, "other")

            assert told in str(refused.value)
            assert (await run.row()).seq == 4

    story()


@in_event_loop
async def test_a_run_is_moved_there_and_back_and_replays(tmp_path: Path) -> None:
    """Each bundle answers for the log up to where the run left it, and the last one for all of it."""
    place, bench = tmp_path / "interlock.db", Bench()
    bench.may_end.set()
    ask = {"human": "Go?", "choices": ["yes"], "after": "pay"}
    one = graph({"pay": PAY, "ask": ask, "said": {"value": "one", "after": "ask"}})
    two = graph({"pay": PAY, "ask": ask, "seen": {"tool": "look", "input": {"amount": "${pay}"}, "after": "ask"}})
    async with Interlock(place, tools=[bench.pay, bench.look], graphs={"one": one, "two": two}) as interlock:
        run = await interlock.start("one")
        await run.wait_while_moving()

        await interlock.migrate(run.id, "two")
        await interlock.migrate(run.id, "one")
        await interlock.migrate(run.id, "two")
        await run.answer("ask", choice="yes", by="ada")
        result = await run.wait()
        replayed = await run.replay()
        before = (await run.view(at=4)).nodes.keys()

    assert result.outputs == {"seen": "saw 7"}
    assert (replayed.verdict, replayed.events) == ("same", 12)
    assert before == {"pay", "ask", "said"}
    await assert_sound(place)


@in_event_loop
async def test_a_driver_without_the_tools_of_the_other_graph_refuses(tmp_path: Path) -> None:
    """It would go on with what it cannot do, and fail where it now only waits."""
    place, bench = tmp_path / "interlock.db", Bench()
    async with (
        Interlock(place, tools=[bench.pay]) as driving,
        Interlock(place, tools=[bench.pay, bench.look], graphs={"workshop": TWO}) as asking,
    ):
        run = await driving.start(ONE)
        await bench.begun.wait()

        await asking.migrate(run.id, "workshop")
        await until_read(place)
        bench.may_end.set()
        result = await run.wait()

    assert result.outputs == {"said": "one"}
