"""Going on after a process is gone: from its log alone, as a copy of the file it left shows."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from interlock import Interlock, tool
from interlock.core.plan import Micros
from interlock.engine.errors import ToolsMissingError
from interlock.store import LeaseHeldError
from interlock.tools import LoopClock, Reconciled, done, not_done
from tests.embedded.workshop import ASK, Workshop, graph, making
from tests.store.event_loop import in_event_loop

AN_HOUR: Micros = 3_600_000_000


class LaterClock(LoopClock):
    """The clock of a process that comes an hour later, when every lease has run out."""

    def now(self) -> Micros:
        """What time it is an hour from now."""
        return super().now() + AN_HOUR


def left_behind(place: Path) -> Path:
    """The file as it would be found if its process had been killed at this moment."""
    copy = place.with_name("left_behind.db")
    with sqlite3.connect(place) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    target.close()
    return copy


@in_event_loop
async def test_a_run_is_continued_from_the_log_that_a_killed_process_left(tmp_path: Path) -> None:
    """What was done stays done, and what had not begun is done now: by the log alone."""
    before, after, place = Workshop(), Workshop(), tmp_path / "interlock.db"
    document = graph(
        {"a": making("a"), "b": {"tool": "hold", "input": {"thing": "b"}, "after": "a"}, "c": making("c", after="b")}
    )
    async with Interlock(place, tools=before.tools) as interlock:
        run = await interlock.start(document)
        await _until_started(run.id, interlock, "b")
        copy = left_behind(place)

    after.release.set()
    async with Interlock(copy, tools=after.tools, clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run.id)
        result = await handle.wait()

    assert result.status == "succeeded"
    assert (before.done, after.done) == (["make a"], ["hold b", "make c"])


@in_event_loop
async def test_an_effect_that_must_happen_once_is_asked_about_after_a_crash(tmp_path: Path) -> None:
    """It may have happened: only its own side knows, and it is asked before anything is repeated."""
    place = tmp_path / "interlock.db"
    asked: list[str] = []
    charged = asyncio.Event()

    def find_payment(effect_id: str) -> Reconciled:
        asked.append(effect_id)
        return done("receipt 7")

    @tool(effect="once", reconcile=find_payment)
    async def pay() -> str:
        charged.set()
        await asyncio.Event().wait()
        return "receipt 7"

    async with Interlock(place, tools=[pay]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "pay"}}))
        await charged.wait()
        copy = left_behind(place)

    charged.clear()
    async with Interlock(copy, tools=[pay], clock=LaterClock()) as interlock:
        result = await (await interlock.take_up(run.id)).wait()
        effects = await (await interlock.open(run.id)).effects()

    assert (result.status, result.outputs, charged.is_set()) == ("succeeded", {"a": "receipt 7"}, False)
    assert [effect.effect for effect in effects] == asked


@in_event_loop
async def test_an_effect_that_nobody_knows_about_is_settled_by_a_person(tmp_path: Path) -> None:
    """Without a hook there is nobody else to ask; the run waits rather than guess."""
    place = tmp_path / "interlock.db"
    begun = asyncio.Event()

    @tool(effect="once")
    async def send_letter() -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    async with Interlock(place, tools=[send_letter]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "send_letter"}}))
        await begun.wait()
        copy = left_behind(place)

    async with Interlock(copy, tools=[send_letter], clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run.id)
        waiting = await handle.wait_while_moving()
        (wait,) = waiting.waits
        await handle.settle(wait.effect, "done", out="posted", by="ada", why="it is in the mailbox")
        result = await handle.wait()

    assert (waiting.status, wait.reason) == ("waiting", "reconcile")
    assert (result.status, result.outputs) == ("succeeded", {"a": "posted"})


@in_event_loop
async def test_an_effect_that_did_not_happen_is_repeated_under_its_id(tmp_path: Path) -> None:
    """The other side then knows the repeat as the same request."""
    place = tmp_path / "interlock.db"
    begun = asyncio.Event()
    release = asyncio.Event()

    def find_payment(effect_id: str) -> Reconciled:
        return not_done()

    @tool(effect="once", reconcile=find_payment)
    async def pay() -> str:
        begun.set()
        await release.wait()
        return "receipt"

    async with Interlock(place, tools=[pay]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "pay"}}))
        await begun.wait()
        copy = left_behind(place)

    release.set()
    async with Interlock(copy, tools=[pay], clock=LaterClock()) as interlock:
        handle = await interlock.take_up(run.id)
        result = await handle.wait()
        effects = await handle.effects()

    assert (result.status, result.outputs) == ("succeeded", {"a": "receipt"})
    assert [effect.status for effect in effects] == ["done"]


@in_event_loop
async def test_a_run_let_go_in_an_orderly_way_is_taken_up_where_it_was(tmp_path: Path) -> None:
    """The call is told to stop; that is no failure of the tool, and it is made again under its id."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    async with Interlock(place, tools=workshop.tools) as interlock:
        run = await interlock.start(graph({"a": {"tool": "hold", "input": {"thing": "a"}}}))
        await _until_started(run.id, interlock, "a")

    workshop.release.set()
    async with Interlock(place, tools=workshop.tools) as interlock:
        handle = await interlock.take_up(run.id)
        result = await handle.wait()
        effects = await handle.effects()

    assert (result.status, workshop.done) == ("succeeded", ["hold a"])
    assert [(effect.path, effect.status) for effect in effects] == [("a", "done")]


@in_event_loop
async def test_a_run_that_a_live_process_drives_is_not_taken_from_it(tmp_path: Path) -> None:
    """Two drivers would do everything twice; the second is told who the first is."""
    place = tmp_path / "interlock.db"
    async with Interlock(place) as driving, Interlock(place) as other:
        run = await driving.start(ASK | {"nodes": {"approve": ASK["nodes"]["approve"]}})

        with pytest.raises(LeaseHeldError, match=r"is driven by process \d+"):
            await other.take_up(run.id)


@in_event_loop
async def test_a_time_that_came_while_nobody_drove_the_run_has_come(tmp_path: Path) -> None:
    """A day's wait that a weekend has passed over is over."""
    place = tmp_path / "interlock.db"
    async with Interlock(place) as interlock:
        run = await interlock.start(graph({"nap": {"wait": "30m"}, "b": {"value": 1, "after": "nap"}}))

    async with Interlock(place, clock=LaterClock()) as interlock:
        result = await (await interlock.take_up(run.id)).wait()

    assert (result.status, result.outputs) == ("succeeded", {"b": 1})


async def _until_started(run: str, interlock: Interlock, path: str) -> None:
    """Returns once a node's intent is on record."""
    handle = await interlock.open(run)
    async for event in handle.events(follow=True):
        if event.type == "node.started" and event.path == path:
            return


@in_event_loop
async def test_a_run_is_not_driven_without_its_tools(tmp_path: Path) -> None:
    """It would fail for good where it now only waits; what is asked of it can still be put on record."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    waiting = await Interlock(place, tools=workshop.tools).run_async(ASK)

    async with Interlock(place) as without:
        handle = await without.open(waiting.id)
        with pytest.raises(ToolsMissingError, match=rf"run {waiting.id} needs tools that are not here \(make\)"):
            await handle.answer("approve", choice="release", by="ada")
        with pytest.raises(ToolsMissingError):
            await without.take_up(waiting.id)
        assert (await handle.result()).status == "waiting"
        await handle.answer("approve", choice="release", by="ada", detach=True)

    async with Interlock(place, tools=workshop.tools) as interlock:
        result = await (await interlock.take_up(waiting.id)).wait()

    assert (result.status, workshop.done) == ("succeeded", ["make release"])


@in_event_loop
async def test_what_a_silent_process_holds_is_left_to_it_for_as_long_as_was_said(tmp_path: Path) -> None:
    """How soon others go on with its runs is for those to choose who know how long their processes may be held up."""
    place, workshop = tmp_path / "interlock.db", Workshop()

    async with Interlock(place, tools=workshop.tools, lease_seconds=600) as interlock:
        before = LoopClock().now()
        run = await interlock.start(graph({"a": {"tool": "hold", "input": {"thing": "a"}}}))
        after = LoopClock().now()
        async with Interlock(place, tools=workshop.tools) as other:
            with pytest.raises(LeaseHeldError) as held:
                await other.take_up(run.id)

    assert before + AN_HOUR // 6 <= held.value.expires_at <= after + AN_HOUR // 6
