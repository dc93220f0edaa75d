"""Moving runs on from outside: answers, verdicts, remedies, events, pauses and cancels, wherever the run is driven."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from interlock import Interlock, RequestRefusedError, RunHandle, RunNotFoundError
from interlock.embedded import NotOpenError
from tests.embedded.workshop import ASK, Workshop, graph, making, undoable
from tests.store.event_loop import in_event_loop

# --- in the process that drives the run ------------------------------------------------------------------------------


@in_event_loop
async def test_an_answer_moves_the_run_on(store: str) -> None:
    """The whole way: a question, a person, and what was waiting for the word."""
    workshop = Workshop()
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(ASK)
        await handle.wait_while_moving()
        assert handle.status == "waiting"
        assert [row.question.text for row in await interlock.questions()] == ["Release?"]

        await handle.answer("approve", choice="release", by="ada")

        assert (await handle.wait()).status == "succeeded"
        assert handle.outputs == {"release": "release"}
        assert await handle.questions() == []
    assert workshop.done == ["make release"]


@in_event_loop
async def test_a_wrong_answer_is_refused_at_once_and_changes_nothing(store: str) -> None:
    """The one who answers learns what could be said."""
    async with Interlock(store, tools=Workshop().tools) as interlock:
        handle = await interlock.start(ASK)
        seq = (await handle.wait_while_moving(), await handle.row())[1].seq

        with pytest.raises(RequestRefusedError, match="'maybe' is not one of release, reject"):
            await handle.answer("approve", choice="maybe", by="ada")
        with pytest.raises(RequestRefusedError, match=r"did you mean approve\?"):
            await handle.answer("aprove", choice="release", by="ada")

        assert (await handle.row()).seq == seq


@in_event_loop
async def test_a_run_can_be_paused_and_resumed(store: str) -> None:
    """What is in flight finishes, and nothing new starts until somebody says so."""
    workshop = Workshop()
    document = graph({"a": {"tool": "hold", "input": {"thing": "a"}}, "b": making("b", after="a")})
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(document)
        await handle.pause(by="ada", why="lunch")
        workshop.release.set()

        paused = await handle.wait_while_moving()
        await handle.resume(by="ada")
        ended = await handle.wait()

        assert (paused.status, paused.nodes["a"].status, paused.nodes["b"].status) == ("paused", "succeeded", "pending")
        assert ended.status == "succeeded"
    assert workshop.done == ["hold a", "make b"]


@in_event_loop
async def test_a_cancelled_run_asks_what_is_in_flight_to_stop(store: str) -> None:
    """It ends when its calls have, and says what it is: cancelled."""
    workshop = Workshop()
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(graph({"a": {"tool": "hold", "input": {"thing": "a"}}}))

        await handle.cancel(by="ada", why="not needed")

        result = await handle.wait()
        assert (result.status, result.nodes["a"].status) == ("cancelled", "cancelled")
        with pytest.raises(RequestRefusedError, match="has ended"):
            await handle.cancel()


@in_event_loop
async def test_a_run_cancelled_with_rollback_takes_back_what_it_did(store: str) -> None:
    """The last thing first."""
    workshop = Workshop()
    document = graph(
        {"a": undoable("a"), "b": undoable("b", after="a"), "ask": {**ASK["nodes"]["approve"], "after": "b"}}
    )
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(document)
        await handle.wait_while_moving()

        await handle.cancel(rollback=True)

        assert (await handle.wait()).status == "rolled_back"
    assert workshop.done == ["make a", "make b", "unmake b", "unmake a"]


@in_event_loop
async def test_one_node_can_be_cancelled(store: str) -> None:
    """A branch that is not worth waiting for need not take the run with it."""
    workshop = Workshop()
    document = graph(
        {
            "slow": {"tool": "hold", "input": {"thing": "slow"}},
            "other": making("other", after={"slow": {"on": "cancelled"}}),
        }
    )
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(document)

        await handle.cancel("slow", by="ada")

        result = await handle.wait()
        assert (result.status, result.nodes["slow"].status, result.nodes["other"].status) == (
            "succeeded",
            "cancelled",
            "succeeded",
        )


@in_event_loop
async def test_an_event_reaches_the_wait_for_it_and_counts_once(store: str) -> None:
    """A sender that is not sure sends again: the id says that it is the same event."""
    document = graph(
        {"merged": {"wait": {"event": "pr.merged"}}, "again": {"wait": {"event": "pr.merged"}, "after": "merged"}}
    )
    async with Interlock(store) as interlock:
        handle = await interlock.start(document)
        await handle.send("pr.merged", {"pr": 7}, id="delivery 1")

        with pytest.raises(RequestRefusedError, match="delivery 1 was received before"):
            await handle.send("pr.merged", {"pr": 7}, id="delivery 1")
        await handle.send("pr.merged", {"pr": 8})

        result = await handle.wait()
        assert result.status == "succeeded"
        assert (result.nodes["merged"].output, result.nodes["again"].output) == ({"pr": 7}, {"pr": 8})


@in_event_loop
async def test_a_held_gate_takes_a_verdict(store: str) -> None:
    """The person's word decides, and stands in the log with its reason."""
    document = graph(
        {
            "score": {"value": 3},
            "check": {"gate": ["${score > 5}"], "otherwise": "hold"},
            "on": {"value": 1, "after": "check"},
        }
    )
    async with Interlock(store) as interlock:
        handle = await interlock.start(document)
        held = await handle.wait_while_moving()

        await handle.verdict("check", "promote", by="ada", why="known flake")

        assert [(wait.path, wait.reason) for wait in held.waits] == [("check", "hold")]
        result = await handle.wait()
        assert (result.status, result.nodes["check"].output) == ("succeeded", {"verdict": "promote"})
        assert [event.actor async for event in handle.events() if event.type == "verdict.given"] == ["ada"]


@in_event_loop
async def test_a_held_failure_takes_a_remedy(store: str) -> None:
    """The input was wrong: a person edits it and the run goes on."""
    workshop = Workshop("cheap thing")
    document = graph({"a": making("cheap thing")}, on_failure="hold")
    async with Interlock(store, tools=workshop.tools) as interlock:
        handle = await interlock.start(document)
        await handle.wait_while_moving()

        await handle.remedy("a", "edit", input={"thing": "good thing"}, by="ada")

        assert (await handle.wait()).status == "succeeded"
    assert workshop.done == ["make good thing"]


@in_event_loop
async def test_an_each_can_be_completed_with_the_items_it_has(store: str) -> None:
    """Nine of ten answers are enough, says a person, and the tenth is null."""
    ask = {"human": "Good?", "choices": ["yes", "no"]}
    document = graph({"all": {"each": "${[1, 2]}", "do": ask}})
    async with Interlock(store) as interlock:
        handle = await interlock.start(document)
        await handle.answer("all:0", choice="yes", by="ada")

        await handle.complete("all", by="ada")

        result = await handle.wait()
        assert result.status == "succeeded"
        assert [item and item["choice"] for item in result.nodes["all"].output] == ["yes", None]


@in_event_loop
async def test_the_mode_of_a_run_is_read_by_its_graph(store: str) -> None:
    """A person may tell a run to do only what is needed."""
    document = graph(
        {"ask": ASK["nodes"]["approve"], "full": {"value": 1, "after": "ask", "when": '${run.mode == "normal"}'}}
    )
    async with Interlock(store) as interlock:
        handle = await interlock.start(document)
        await handle.set_mode("minimal", by="ada")

        await handle.answer("ask", choice="release", by="ada")

        assert (await handle.wait()).nodes["full"].status == "skipped"


# --- from another process --------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_request_reaches_a_run_that_another_process_drives(tmp_path: Path) -> None:
    """Two clients on one file stand for two processes: the second may ask anything, and the first records it."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    async with Interlock(place, tools=workshop.tools) as driving, Interlock(place) as asking:
        driven = await driving.start(ASK)
        await driven.wait_while_moving()
        handle = await asking.open(driven.id)

        submitted = await handle.answer("approve", choice="release", by="ada")

        assert submitted.driver is None
        assert submitted.left_for is not None
        assert (await handle.wait()).outputs == {"release": "release"}
        assert (await driven.wait()).status == "succeeded"
        assert [event.actor async for event in handle.events() if event.type == "answer.given"] == ["ada"]
        assert [event.actor async for event in handle.events() if event.type == "answer.given"] == ["ada"]


@in_event_loop
async def test_a_refusal_is_told_at_once_though_another_process_drives_the_run(tmp_path: Path) -> None:
    """A signal that nobody will act on would leave the person waiting."""
    place = tmp_path / "interlock.db"
    async with Interlock(place, tools=Workshop().tools) as driving, Interlock(place) as asking:
        driven = await driving.start(ASK)
        await driven.wait_while_moving()
        handle = await asking.open(driven.id)

        with pytest.raises(RequestRefusedError, match="'maybe' is not one of release, reject"):
            await handle.answer("approve", choice="maybe", by="ada")
        with pytest.raises(RequestRefusedError, match="is not paused"):
            await handle.resume()


# --- when nobody drives it -------------------------------------------------------------------------------------------


@in_event_loop
async def test_an_answer_to_a_run_nobody_drives_drives_it_on_from_here(tmp_path: Path) -> None:
    """The process that asked is long gone; whoever brings the answer does the rest."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    waiting = await Interlock(place, tools=workshop.tools).run_async(ASK)
    async with Interlock(place, tools=workshop.tools) as interlock:
        handle = await interlock.open(waiting.id)
        assert handle.status == "waiting"

        await handle.answer("approve", choice="release", by="ada")

        assert (await handle.wait()).status == "succeeded"
    assert workshop.done == ["make release"]


@in_event_loop
async def test_a_detached_answer_is_on_record_and_acted_on_when_somebody_drives_the_run(tmp_path: Path) -> None:
    """Who has no tools may still answer; nothing is begun that nobody would perform."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    waiting = await Interlock(place, tools=workshop.tools).run_async(ASK)
    async with Interlock(place) as interlock:
        handle = await interlock.open(waiting.id)
        await handle.answer("approve", choice="release", by="ada", detach=True)
        with pytest.raises(RequestRefusedError, match="approve is answered already: it goes on when the run does"):
            await handle.answer("approve", choice="reject", by="ada", detach=True)
        assert (await handle.effects(), workshop.done) == ([], [])

    async with Interlock(place, tools=workshop.tools) as interlock:
        result = await (await interlock.take_up(waiting.id)).wait()

    assert (result.status, workshop.done) == ("succeeded", ["make release"])


@in_event_loop
async def test_a_refused_request_does_not_set_a_run_in_motion(tmp_path: Path) -> None:
    """A typing error must not start the work of an abandoned run."""
    workshop, place = Workshop(), tmp_path / "interlock.db"
    waiting = await Interlock(place, tools=workshop.tools).run_async(ASK)
    async with Interlock(place, tools=workshop.tools) as interlock:
        handle = await interlock.open(waiting.id)

        with pytest.raises(RequestRefusedError):
            await handle.answer("approve", choice="maybe", by="ada")

        async with Interlock(place, tools=workshop.tools) as other:
            assert (await other.take_up(waiting.id)).status == "waiting"


# --- mistakes --------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_run_that_does_not_exist_is_told_with_the_nearest_one(store: str) -> None:
    """Ids are typed."""
    async with Interlock(store) as interlock:
        handle = await interlock.start(graph({"a": {"value": 1}}))

        with pytest.raises(RunNotFoundError, match=f"did you mean {handle.id}?"):
            await interlock.open(handle.id[:-1])


@in_event_loop
async def test_a_client_that_is_not_open_says_how_to_open_it() -> None:
    """A run that is started must be driven by something that lives."""
    with pytest.raises(NotOpenError, match="async with"):
        await Interlock().start(ASK)


MISFITS: list[tuple[Callable[[RunHandle], Awaitable[object]], str]] = [
    (lambda run: run.answer("approve", by=cast("str", 5), choice="release"), r"got `int` - at `\$.by`"),
    (lambda run: run.answer("approve", by="ada", choice="release", why="\udcff"), "half a character"),
    (lambda run: run.send(cast("str", 5)), r"got `int` - at `\$.name`"),
    (lambda run: run.pause(why=cast("str", 5)), r"got `int` - at `\$.why`"),
    (lambda run: run.cancel(rollback=cast("bool", "yes")), r"got `str` - at `\$.rollback`"),
    (lambda run: run.set_mode(cast("Any", "turbo")), "'turbo' - at `\\$.mode`"),
]
"""Requests that annotations forbid and Python lets through, and what is wrong with them."""


@pytest.mark.parametrize(("asks", "told"), MISFITS)
def test_a_request_that_could_not_be_read_again_is_refused(
    asks: Callable[[RunHandle], Awaitable[object]], told: str
) -> None:
    """A number where text belongs is a slip; it must not make the log of the run unreadable for ever."""

    @in_event_loop
    async def story() -> None:
        async with Interlock(tools=Workshop().tools) as interlock:
            run = await interlock.start(ASK)
            await run.wait_while_moving()

            with pytest.raises(RequestRefusedError, match=told):
                await asks(run)
            await run.answer("approve", by="ada", choice="release")

            assert (await run.wait()).succeeded

    story()


@in_event_loop
async def test_a_start_that_could_not_be_read_again_is_refused_and_leaves_no_run(store: str) -> None:
    """Labels are text; a number among them is told, not stored."""
    async with Interlock(store, tools=Workshop().tools) as interlock:
        with pytest.raises(RequestRefusedError, match=r"Expected `str`, got `int` - at `\$.labels"):
            await interlock.start(ASK, labels=cast("Any", {"pr": 7}))

        assert await interlock.runs() == []
