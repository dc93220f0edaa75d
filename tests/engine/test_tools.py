"""Tools at their worst, through the whole engine: whatever they do, the run goes on and its log tells it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from interlock import AsyncToolContext, Interlock, RunHandle, ToolContext, tool
from interlock.core.events import Event, NodeResult, NodeStarted, ResultLate
from interlock.settings import SlotSettings
from interlock.tools import Reconciled, done, not_done
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.engine.test_steps import until
from tests.store.event_loop import in_event_loop
from tests.tools import isolated_tools
from tests.tools.test_processes import is_gone

ROOT = Path(__file__).parents[2]


@in_event_loop
async def test_a_thread_is_given_up_at_its_deadline_and_what_comes_of_it_later_changes_nothing(tmp_path: Path) -> None:
    """Nobody can end a thread: it keeps its slot while it lives, and its late result is told, not believed."""
    place, release = tmp_path / "interlock.db", threading.Event()
    quick_called: list[bool] = []

    @tool(effect="read", timeout="50ms")
    def hangs() -> str:
        release.wait()
        return "at last"

    @tool(effect="read")
    def quick() -> str:
        quick_called.append(release.is_set())
        return "quick"

    nodes = {"a": {"tool": "hangs", "on_error": "continue"}, "b": {"tool": "quick", "after": "a"}}
    async with Interlock(place, tools=[hangs, quick], slots=SlotSettings(threads=1)) as interlock:
        run = await interlock.start(graph(nodes))
        await until(run, lambda event: event.path == "b" and isinstance(event.body, NodeStarted))
        release.set()
        result = await run.wait()
        late = [event.body async for event in run.events() if isinstance(event.body, ResultLate)]

    assert (result.status, result.nodes["a"].status) == ("succeeded", "failed")
    assert result.nodes["a"].error is not None
    assert result.nodes["a"].error.kind == "timeout"
    assert result.outputs == {"b": "quick"}
    assert [(body.status, body.out) for body in late] == [("done", "at last")]
    assert quick_called == [True]
    await assert_sound(place)


@in_event_loop
async def test_an_async_tool_is_cancelled_with_its_run_and_may_clean_up(tmp_path: Path) -> None:
    """A connection that is left open for each cancelled run is soon one too many."""
    place, begun = tmp_path / "interlock.db", asyncio.Event()
    seen: list[str] = []

    @tool(effect="read")
    async def streams() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            seen.append("closed")

    async with Interlock(place, tools=[streams]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "streams"}}))
        await begun.wait()
        await run.cancel(by="ada")
        result = await run.wait()

    assert (result.status, seen) == ("cancelled", ["closed"])
    await assert_sound(place)


@in_event_loop
async def test_an_isolated_tool_is_killed_with_its_run_and_all_that_it_has_started(tmp_path: Path) -> None:
    """A process left behind by each cancelled run would fill the machine."""
    place, pids = tmp_path / "interlock.db", tmp_path / "pids"

    async with Interlock(place, tools=[isolated_tools]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "hang_with_a_child", "input": {"file": str(pids)}}}))
        await until_it_hangs(run)
        await run.cancel(by="ada")
        left = await run.wait_while_moving()
        (wait,) = left.waits
        await run.settle(wait.effect, "not_done", by="ada")
        result = await run.wait()

    assert [is_gone(int(pid)) for pid in read(pids).split()] == [True, True]
    assert (wait.reason, result.status) == ("reconcile", "cancelled")
    await assert_sound(place)


async def until_it_hangs(run: RunHandle) -> None:
    """Return once the tool has told how far it is, which it does when its child has been started."""
    async for told in run.stream():
        if not isinstance(told, Event):
            return


def read(file: Path) -> str:
    """What stands in a file."""
    return file.read_text(encoding="utf-8")


RETURNS: dict[str, tuple[Callable[[], Any], str]] = {
    "no data": (object, "result is a object: values are null, true, false"),
    "bytes": (lambda: b"x", "result is bytes: encode them as text"),
    "no number": (lambda: float("nan"), "result is nan, which JSON cannot hold"),
    "a number beyond 64 bits": (lambda: 2**64, "result is an integer beyond 64 bits"),
    "half a character": (lambda: "\ud800", "result is text with a lone surrogate"),
    "70 MB": (lambda: "x" * 70_000_000, "result is 70,000,005 bytes long, more than 67,108,864"),
}


@pytest.mark.parametrize(("make", "told"), RETURNS.values(), ids=RETURNS)
def test_what_cannot_be_kept_is_a_failure_that_says_what_it_is(
    tmp_path: Path, make: Callable[[], Any], told: str
) -> None:
    """And the next reader of the log can read it."""
    place = tmp_path / "interlock.db"

    @tool(effect="read")
    def returns() -> Any:  # noqa: ANN401 - anything
        return make()

    result = Interlock(place, tools=[returns]).run(graph({"a": {"tool": "returns"}}))

    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "invalid")
    assert result.error.message.startswith(told)
    asyncio.run(assert_sound(place))


def test_text_with_a_nul_is_text(tmp_path: Path) -> None:
    """Old systems send it; it is kept and told as it came."""
    place = tmp_path / "interlock.db"

    @tool(effect="read")
    def returns() -> dict[str, str]:
        return {"a\x00": "b\x00c"}

    result = Interlock(place, tools=[returns]).run(graph({"a": {"tool": "returns"}}))

    assert result.outputs == {"a": {"a\x00": "b\x00c"}}
    asyncio.run(assert_sound(place))


@in_event_loop
async def test_a_tool_that_would_end_the_program_ends_only_its_own_run(tmp_path: Path) -> None:
    """One process drives many runs: the others never notice."""
    place, release = tmp_path / "interlock.db", asyncio.Event()

    @tool(effect="read")
    async def exits(how: str) -> None:
        raise {"exit": SystemExit, "interrupt": KeyboardInterrupt, "close": GeneratorExit}[how]

    @tool(effect="read")
    async def waits() -> str:
        await release.wait()
        return "fine"

    async with Interlock(place, tools=[exits, waits]) as interlock:
        other = await interlock.start(graph({"a": {"tool": "waits"}}))
        ends = [
            (await interlock.run_async(graph({"a": {"tool": "exits", "input": {"how": how}}}))).status
            for how in ("exit", "interrupt", "close")
        ]
        release.set()
        result = await other.wait()

    assert (ends, result.outputs) == (["failed"] * 3, {"a": "fine"})
    await assert_sound(place)


@in_event_loop
async def test_an_answer_about_an_effect_that_was_repeated_meanwhile_is_not_believed(tmp_path: Path) -> None:
    """A slow hook looked before the repeat: its "not done" would have the letter sent once more."""
    place = tmp_path / "interlock.db"
    sent: list[str] = []
    asked: list[str] = []
    first_asked, first_answered = asyncio.Event(), asyncio.Event()

    async def looks(effect_id: str) -> Reconciled:
        asked.append(effect_id)
        if len(asked) == 2:
            await first_answered.wait()
            return done("posted")
        first_asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        first_answered.set()
        return not_done()

    @tool(effect="once", reconcile=looks)
    async def send_letter(ctx: AsyncToolContext) -> str:
        sent.append(ctx.effect_id)
        return await asyncio.Event().wait() and ""

    node = {"tool": "send_letter", "timeout": "20ms", "retry": {"attempts": 3, "backoff": "1ms"}}
    async with Interlock(place, tools=[send_letter]) as interlock:
        run = await interlock.start(graph({"a": node}))
        await first_asked.wait()
        await run.settle(sent[0], "not_done", by="ada")
        result = await run.wait()

    assert (result.status, result.outputs) == ("succeeded", {"a": "posted"})
    assert sent == asked == [sent[0]] * 2
    await assert_sound(place)


HANGS = """
import threading
from interlock import Interlock, tool

@tool(effect="read", timeout="50ms")
def hangs() -> None:
    threading.Event().wait()

result = Interlock(tools=[hangs]).run({"graph": "g", "nodes": {"a": {"tool": "hangs"}}})
print(result.status, result.error.kind)
"""


def test_a_thread_that_never_ends_does_not_hold_the_program_open() -> None:
    """A script whose run is over is over."""
    ended = subprocess.run(
        [sys.executable, "-c", HANGS], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert (ended.stdout, ended.stderr) == ("failed timeout\n", "")


@in_event_loop
async def test_an_effect_in_which_three_workers_died_is_given_up_as_lost(tmp_path: Path) -> None:
    """A tool that kills whatever calls it must not do so for ever; what was seen of the last death is told."""
    place = tmp_path / "interlock.db"

    async with Interlock(place, tools=[isolated_tools]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "dies"}}))
        result = await run.wait()
        results = [event.body async for event in run.events() if isinstance(event.body, NodeResult)]

    assert result.error is not None
    assert (result.status, result.error.kind, len(results)) == ("failed", "lost", 3)
    assert result.error.message.startswith("its worker died 3 times in it; the last time: the process of `dies` exited")
    await assert_sound(place)


@in_event_loop
async def test_a_deadline_ends_a_question_that_a_tool_asks(tmp_path: Path) -> None:
    """Nobody answered in time: the question is withdrawn, and the thread that waited for it is free."""
    place = tmp_path / "interlock.db"

    @tool(effect="read", timeout="50ms")
    def asks(ctx: ToolContext) -> str:
        return ctx.ask("Well?", choices=["yes"])

    async with Interlock(place, tools=[asks]) as interlock:
        run = await interlock.start(graph({"a": {"tool": "asks"}}))
        result = await run.wait()
        questions = await run.questions()

    assert result.error is not None
    assert (result.error.kind, questions) == ("timeout", [])
    await assert_sound(place)


@in_event_loop
async def test_a_tool_that_changes_what_it_was_given_or_gave_changes_nothing_else(tmp_path: Path) -> None:
    """Values are shared between nodes and with the log: what a tool does with its copy is its own affair."""
    place = tmp_path / "interlock.db"
    kept: list[dict[str, Any]] = []

    @tool(effect="read")
    async def make() -> dict[str, list[int]]:
        kept.append({"items": [1]})
        return kept[0]

    @tool(effect="read")
    async def spoil(data: Any, ctx: AsyncToolContext) -> list[int]:  # noqa: ANN401 - as a careless author writes it
        kept[0]["items"].append(2)
        data["items"].append(3)
        step = await ctx.effect("list", lambda: [4])
        step.append(5)
        return data["items"] + step

    nodes = {
        "a": {"tool": "make"},
        "b": {"tool": "spoil", "input": {"data": "${a}"}},
        "c": {"value": "${a.items}", "after": "b"},
    }
    async with Interlock(place, tools=[make, spoil]) as interlock:
        result = await interlock.run_async(graph(nodes, outputs={"b": "${b}", "c": "${c}"}))

    assert result.outputs == {"b": [1, 3, 4, 5], "c": [1]}
    await assert_sound(place)
