"""Continuing ended runs: what a retry takes over and what it does again, and what a rollback takes back (rule 42)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import Interlock, RequestRefusedError, RunHandle, RunResult, tool
from tests.embedded.workshop import ASK, Graph, Workshop, graph, making, undoable
from tests.store.event_loop import in_event_loop


async def ended(interlock: Interlock, document: Graph) -> RunHandle:
    """A run of the graph that has ended."""
    handle = await interlock.start(document)
    await handle.wait()
    return handle


async def retried(workshop: Workshop, document: Graph, *, mend: str) -> list[str]:
    """What is done once more when a run that failed is retried, after the thing that was broken has been mended."""
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, document)
        assert first.status == "failed"
        workshop.broken.discard(mend)
        workshop.done.clear()

        again = await first.retry(by="ada")

        assert (await again.wait()).status == "succeeded"
    return workshop.done


# --- retry -----------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_retry_does_only_what_failed_and_what_follows_from_it() -> None:
    """What was paid for once is not paid for again."""
    workshop = Workshop("b")
    document = graph({"a": making("a"), "b": making("b", after="a"), "c": making("c", after="b")})

    assert await retried(workshop, document, mend="b") == ["make b", "make c"]


@in_event_loop
async def test_a_retry_is_a_run_of_its_own_that_names_its_parent() -> None:
    """The run that failed stays as it is, for ever."""
    workshop = Workshop("b")
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(
            interlock, graph({"a": making("a"), "b": making("b", after="a")}, outputs={"x": "${a}${b}"})
        )
        workshop.broken.clear()

        again = await first.retry(by="ada")
        result = await again.wait()

        row = await again.row()
        assert (row.kind, row.parent, row.bundle) == ("retry", first.id, (await first.row()).bundle)
        assert (await first.row()).status == "failed"
        assert result.outputs == {"x": "ab"}
        assert (result.nodes["a"].adopted, result.nodes["b"].adopted) == (3, 0)
        assert [effect.path for effect in await again.effects()] == ["b"]


@in_event_loop
async def test_what_does_not_depend_on_the_failure_is_taken_over_from_every_branch() -> None:
    """Reuse is by dependency, not by position in the log: what ended after the failure counts as well."""
    workshop = Workshop("b")
    document = graph(
        {
            "a": making("a"),
            "b": making("b", retry={"attempts": 2, "backoff": "10ms"}),
            "side": making("side", after="a"),
            "both": making("both", after=["b", "side"]),
        }
    )

    assert await retried(workshop, document, mend="b") == ["make b", "make both"]


@in_event_loop
async def test_what_followed_from_a_failure_that_was_passed_over_is_done_again() -> None:
    """It was made without the value that the retry may now have."""
    workshop = Workshop("a", "z")
    document = graph(
        {
            "a": making("a", on_error="continue"),
            "b": making("b", after="a"),
            "z": making("z", after="b"),
        }
    )
    workshop.broken = {"a", "z"}

    assert await retried(workshop, document, mend="z") == ["make b", "make z"]


@in_event_loop
async def test_finished_items_are_taken_over_and_the_failed_one_is_done_again() -> None:
    """Nine hundred good items are not worth less because one was bad."""
    workshop = Workshop("y")
    document = graph(
        {
            "all": {"each": '${["x", "y", "z"]}', "parallel": 1, "do": making("${item}", on_error="continue")},
            "end": making("end", after="all", when="${size(nodes.all.errors) == 0}"),
            "gate": {"gate": ["${size(nodes.all.errors) == 0}"]},
        }
    )

    assert await retried(workshop, document, mend="y") == ["make y", "make end"]


@in_event_loop
async def test_an_item_that_stopped_the_others_is_done_again_with_those_it_stopped() -> None:
    """What never ran has no result to take over."""
    workshop = Workshop("y")
    document = graph({"all": {"each": '${["x", "y", "z"]}', "parallel": 1, "do": making("${item}")}})

    assert await retried(workshop, document, mend="y") == ["make y", "make z"]


@in_event_loop
async def test_later_rounds_depend_on_earlier_ones() -> None:
    """A round begins with what the one before it left."""
    workshop = Workshop("r1b")
    body = {"a": making("r${round.index}a"), "b": making("r${round.index}b", after="a")}
    document = graph({"again": {"loop": body, "until": "${round.index == 2}", "max": 3}})

    assert await retried(workshop, document, mend="r1b") == ["make r1b", "make r2a", "make r2b"]


@in_event_loop
async def test_a_loop_that_ran_out_of_rounds_is_done_again_as_a_whole() -> None:
    """Nothing inside it failed: it failed itself, and taking its rounds over would only fail again."""
    workshop = Workshop()
    async with Interlock(tools=workshop.tools) as interlock:
        document = graph({"again": {"loop": {"a": making("a")}, "until": "${false}", "max": 2}})
        first = await ended(interlock, document)
        workshop.done.clear()

        await (await first.retry()).wait()

    assert workshop.done == ["make a", "make a"]


@in_event_loop
async def test_inside_what_depends_on_the_failure_everything_is_done_again() -> None:
    """Its inputs are other ones now."""
    workshop = Workshop("z")
    workshop.broken = {"a", "z"}
    inner = {"nodes": {"x": making("x"), "z": making("z", after="x")}}
    document = graph({"a": making("a", on_error="continue"), "block": {"graph": inner, "after": "a"}})

    assert await retried(workshop, document, mend="z") == ["make x", "make z"]


@in_event_loop
async def test_inside_a_block_that_failed_the_good_part_is_taken_over() -> None:
    """A block is no more than its nodes."""
    workshop = Workshop("z")
    document = graph({"block": {"graph": {"nodes": {"x": making("x"), "z": making("z", after="x")}}}})

    assert await retried(workshop, document, mend="z") == ["make z"]


@in_event_loop
async def test_people_are_not_asked_twice() -> None:
    """An answer is a result like any other, and dearer than most."""
    workshop = Workshop("release")
    async with Interlock(tools=workshop.tools) as interlock:
        first = await interlock.start(ASK)
        await first.answer("approve", choice="release", by="ada")
        await first.wait()
        workshop.broken.clear()

        again = await first.retry()

        result = await again.wait()
        assert (result.status, result.nodes["approve"].output["by"]) == ("succeeded", ["ada"])


@in_event_loop
async def test_a_gate_that_a_person_promoted_is_not_held_again() -> None:
    """The verdict came from outside; one that the checks gave comes out the same by itself."""
    workshop = Workshop("a")
    document = graph({"check": {"gate": ["${1 > 2}"], "otherwise": "hold"}, "a": making("a", after="check")})
    async with Interlock(tools=workshop.tools) as interlock:
        first = await interlock.start(document)
        await first.wait_while_moving()
        await first.verdict("check", "promote", by="ada")
        await first.wait()
        workshop.broken.clear()

        assert (await (await first.retry()).wait()).status == "succeeded"


@in_event_loop
async def test_an_event_that_was_sent_is_not_sent_again_and_still_heard_of() -> None:
    """A wait that runs anew would else wait for ever."""
    workshop = Workshop()
    workshop.broken = {"a", "z"}
    document = graph(
        {
            "tell": {"emit": "ready", "data": {"n": 7}},
            "a": making("a", on_error="continue"),
            "hear": {"wait": {"event": "ready"}, "after": "a"},
            "z": making("z", after="hear"),
        }
    )
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, document)
        workshop.broken.clear()

        again = await first.retry()

        result = await again.wait()
        assert (result.status, result.nodes["hear"].output) == ("succeeded", {"n": 7})
        assert [effect.kind for effect in await again.effects()] == ["tool", "tool"]


@in_event_loop
async def test_a_retry_that_fails_can_be_retried_and_loses_nothing() -> None:
    """Also what it had taken over and never came to."""
    workshop = Workshop()
    workshop.broken = {"b", "c"}
    document = graph(
        {"a": making("a"), "b": making("b"), "c": making("c", after="b"), "late": making("late", after="a")}
    )
    async with Interlock(tools=workshop.tools) as interlock:
        first = await interlock.start(graph({**document["nodes"], "b": making("b", after="late")}))
        await first.wait()
        workshop.broken = {"c"}
        second = await first.retry()
        await second.wait()
        workshop.broken, done = set(), list(workshop.done)

        third = await second.retry()

        result = await third.wait()
        assert (result.status, done, workshop.done) == (
            "succeeded",
            ["make a", "make late", "make b"],
            ["make a", "make late", "make b", "make c"],
        )


@in_event_loop
async def test_what_was_done_though_its_node_was_cancelled_is_not_done_again() -> None:
    """A failure elsewhere stopped it too late: the letter is in the mailbox."""
    workshop = Workshop("b")

    @tool
    async def stubborn() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        workshop.done.append("stubborn")
        return "done"

    async with Interlock(tools=[*workshop.tools, stubborn]) as interlock:
        document = graph({"a": {"tool": "stubborn"}, "b": making("b")})
        first = await ended(interlock, document)
        workshop.broken.clear()

        result = await (await first.retry()).wait()

        assert (await first.view()).nodes["a"].status == "cancelled"
        assert (result.status, result.outputs) == ("succeeded", {"a": "done", "b": "b"})
    assert workshop.done == ["stubborn", "make b"]


@in_event_loop
async def test_what_was_taken_back_counts_as_not_done() -> None:
    """Its result is no longer true."""
    workshop = Workshop("b")
    document = graph({"a": undoable("a"), "b": making("b", after="a")}, on_failure="rollback")
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, document)
        assert (first.status, workshop.done) == ("rolled_back", ["make a", "unmake a"])
        workshop.broken.clear()
        workshop.done.clear()

        assert (await (await first.retry()).wait()).status == "succeeded"
    assert workshop.done == ["make a", "make b"]


@in_event_loop
async def test_large_results_are_taken_over_without_being_copied(tmp_path: Path) -> None:
    """They are kept once, beside both logs; large inputs as well."""
    workshop = Workshop("b")
    text = "x" * 50_000
    document = graph(
        {"a": making("${inputs.text}"), "b": making("b", after="a")},
        inputs={"text": "string"},
        outputs={"text": "${a}"},
    )
    async with Interlock(tmp_path / "interlock.db", tools=workshop.tools) as interlock:
        first = await interlock.start(document, {"text": text})
        await first.wait()
        workshop.broken.clear()

        assert (await (await first.retry()).wait()).outputs == {"text": text}


@st.composite
def broken_graphs(draw: st.DrawFn) -> tuple[dict[str, list[str]], set[str]]:
    """Up to six things, each made of some of those before it, and some that are broken."""
    names = [f"n{index}" for index in range(draw(st.integers(1, 6)))]
    needs = {
        name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }
    return needs, draw(st.sets(st.sampled_from(names), min_size=1))


@given(broken_graphs())
@settings(max_examples=40)
def test_a_mended_run_that_is_retried_ends_as_one_that_never_failed(
    broken: tuple[dict[str, list[str]], set[str]],
) -> None:
    """On any graph: the same outputs, and nothing is made twice that was made well."""
    needs, bad = broken
    document = graph({name: making(name, after=others) for name, others in needs.items()})
    workshop = Workshop(*bad)

    async def run_and_retry() -> tuple[RunResult, list[str]]:
        async with Interlock(tools=workshop.tools) as interlock:
            first = await ended(interlock, document)
            workshop.broken.clear()
            return await (await first.retry()).wait(), workshop.done

    result, done = asyncio.run(run_and_retry())

    assert result.outputs == Interlock(tools=Workshop().tools).run(document).outputs
    assert sorted(done) == sorted(f"make {name}" for name in needs)


# --- rollback --------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_rollback_takes_back_what_a_run_did_the_last_first() -> None:
    """Also of a run that succeeded, a day later."""
    workshop = Workshop()
    document = graph(
        {"a": undoable("a"), "all": {"each": '${["x", "y"]}', "parallel": 1, "do": undoable("${item}"), "after": "a"}}
    )
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, document)
        workshop.done.clear()

        back = await first.rollback(by="ada")

        assert (await back.wait()).status == "rolled_back"
        row = await back.row()
        assert (row.kind, row.parent, (await first.row()).status) == ("rollback", first.id, "succeeded")
    assert workshop.done == ["unmake y", "unmake x", "unmake a"]


@in_event_loop
async def test_the_rollback_of_a_retry_takes_back_what_it_took_over_as_well() -> None:
    """What stands is undone, whichever run has done it."""
    workshop = Workshop("b")
    document = graph({"a": undoable("a"), "b": undoable("b", after="a")})
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, document)
        workshop.broken.clear()
        again = await first.retry()
        await again.wait()
        workshop.done.clear()

        assert (await (await again.rollback()).wait()).status == "rolled_back"
    assert workshop.done == ["unmake b", "unmake a"]


# --- refusals --------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_run_that_is_still_going_is_neither_retried_nor_rolled_back() -> None:
    """Two runs would work on the same things."""
    async with Interlock(tools=Workshop().tools) as interlock:
        handle = await interlock.start(ASK)

        with pytest.raises(RequestRefusedError, match=r"has not ended .*: cancel it first"):
            await handle.retry()
        with pytest.raises(RequestRefusedError, match=r"has not ended .*: cancel it first"):
            await handle.rollback()


@in_event_loop
async def test_a_run_that_succeeded_has_nothing_to_retry() -> None:
    """Running it again from the start is another thing, and said otherwise."""
    async with Interlock() as interlock:
        handle = await ended(interlock, graph({"a": {"value": 1}}))

        with pytest.raises(RequestRefusedError, match="there is nothing to retry"):
            await handle.retry()


@in_event_loop
async def test_a_run_is_continued_once() -> None:
    """A second continuation would take the same things back again; the first one is named."""
    workshop = Workshop("b")
    async with Interlock(tools=workshop.tools) as interlock:
        first = await ended(interlock, graph({"a": undoable("a"), "b": making("b", after="a")}))
        again = await first.retry()
        await again.wait()

        with pytest.raises(RequestRefusedError, match=f"was continued already, by run {again.id}"):
            await first.rollback()


@in_event_loop
async def test_what_was_rolled_back_is_not_rolled_back_again() -> None:
    """Taking back twice would take back something else."""
    async with Interlock(tools=Workshop().tools) as interlock:
        first = await ended(interlock, graph({"a": undoable("a")}))
        back = await first.rollback()
        await back.wait()

        with pytest.raises(RequestRefusedError, match="is a rollback itself"):
            await back.rollback()
        with pytest.raises(RequestRefusedError, match="there is nothing to retry"):
            await back.retry()
