"""Large values, wide graphs and deep ones: what they cost, and where they are refused."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, tool
from interlock.core.canonical import VALUE_BYTES_MAX
from interlock.core.values import ValueProblem
from interlock.settings import SlotSettings
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000
WIDTH = 11_000
"""More calls at once than have slots, or ever had a place in the line for one."""


@tool(effect="read")
async def make(size: int) -> dict[str, str]:
    """Something large that does not compress."""
    return {"text": random.Random(1).randbytes(size // 2).hex()}  # noqa: S311 - the same each time


@tool(effect="read")
async def measure(data: dict[str, str]) -> int:
    """How large it is."""
    return len(data["text"])


@tool(effect="read")
async def pass_on(data: dict[str, str]) -> dict[str, str]:
    """Give what was given."""
    return data


def stored_bytes(place: Path) -> tuple[int, int, int]:
    """How many blobs are kept, their bytes, and those of all events."""
    with sqlite3.connect(place) as file:
        blobs, size = file.execute("select count(*), sum(length(data)) from blob").fetchone()
        (events,) = file.execute("select sum(length(header) + length(payload)) from event").fetchone()
    file.close()
    return blobs, size, events


@in_event_loop
async def test_a_megabyte_is_kept_once_however_often_it_is_passed_on(tmp_path: Path) -> None:
    """A document goes through twenty nodes and out again: it is one blob, and each event holds a reference."""
    place = tmp_path / "interlock.db"
    nodes: dict[str, Any] = {"n0": {"tool": "make", "input": {"size": MEGABYTE}}}
    nodes |= {f"n{k}": {"tool": "pass_on", "input": {"data": f"${{n{k - 1}}}"}} for k in range(1, 20)}
    nodes |= {"kept": {"value": {"a": "${n19}", "b": ["${n19.text}"]}}}
    nodes |= {"size": {"tool": "measure", "input": {"data": "${kept.a}"}}}
    outputs = {"size": "${size}", "text": "${kept.a.text}"}

    async with Interlock(place, tools=[make, pass_on, measure]) as interlock:
        run = await interlock.start(graph(nodes, outputs=outputs))
        result = await run.wait()

    blobs, size, events = stored_bytes(place)
    assert (result.status, result.outputs["size"], len(result.outputs["text"])) == ("succeeded", MEGABYTE, MEGABYTE)
    assert blobs == 1
    assert size < 1.1 * MEGABYTE
    assert events < 30_000
    await assert_sound(place)


@in_event_loop
async def test_two_runs_share_what_they_hold_alike(tmp_path: Path) -> None:
    """A blob is named by what it holds, within its tenant."""
    place = tmp_path / "interlock.db"

    async with Interlock(place, tools=[make]) as interlock:
        for _ in range(2):
            await interlock.run_async(graph({"a": {"tool": "make", "input": {"size": MEGABYTE}}}))

    assert stored_bytes(place)[0] == 1
    await assert_sound(place)


@in_event_loop
async def test_what_is_too_large_is_refused_at_every_door(tmp_path: Path) -> None:
    """The message names the bound and what to do; the run is as it was before."""
    place, huge = tmp_path / "interlock.db", "x" * (VALUE_BYTES_MAX + 1)
    asks, hears = {"human": "Well?", "form": {"type": "string"}}, {"wait": {"event": "said"}}
    waits = graph({"ask": asks, "hear": hears}, outputs={"answer": "${ask.form}", "event": "${hear}"})

    async with Interlock(place) as interlock:
        with pytest.raises(ValueProblem, match=r"^inputs is 67,\d+,\d+ bytes long, more than 67,108,864: keep it"):
            await interlock.start(graph({"a": {"value": 1}}), {"text": huge})
        run = await interlock.start(waits)
        await run.wait_while_moving()
        with pytest.raises(ValueProblem, match=r"^the form is 67,\d+,\d+ bytes long"):
            await run.answer("ask", by="ada", form=huge)
        with pytest.raises(ValueProblem, match=r"^the data is 67,\d+,\d+ bytes long"):
            await run.send("said", huge)
        await run.answer("ask", by="ada", form="fine")
        await run.send("said", "fine")

        assert (await run.wait()).outputs == {"answer": "fine", "event": "fine"}
    await assert_sound(place)


def test_an_each_of_ten_thousand_items_takes_little_memory(tmp_path: Path) -> None:
    """What has ended leaves its value and nothing else; a list of all of them is no larger than it has to be."""
    place = tmp_path / "interlock.db"
    wide = [sys.executable, "-m", "tests.chaos.wide", str(place), "10000"]

    told = json.loads(subprocess.run(wide, cwd=ROOT, capture_output=True, check=True, timeout=100).stdout)

    assert (told["status"], told["outputs"]) == ("succeeded", {"size": 10_000})
    assert told["driving"] < 100 * MEGABYTE
    assert told["telling"] < 250 * MEGABYTE


def nested(levels: int) -> dict[str, Any]:
    """A tool inside so many loops, items and blocks."""
    node: dict[str, Any] = {"tool": "make", "input": {"size": 4}}
    for level in range(levels):
        inside = {f"n{level}": node}
        node = [
            {"graph": {"nodes": inside}},
            {"each": "${[1]}", "as": f"item{level}", "nodes": inside},
            {"loop": inside, "as": f"round{level}", "until": "${true}", "max": 2},
        ][level % 3]
    return graph({"top": node})


@in_event_loop
async def test_a_graph_of_fifty_levels_runs_like_any_other(tmp_path: Path) -> None:
    """Nobody writes them, but programs do."""
    place = tmp_path / "interlock.db"

    async with Interlock(place, tools=[make]) as interlock:
        result = await interlock.run_async(nested(50))

    assert (result.status, len(result.nodes)) == ("succeeded", 51)
    await assert_sound(place)


@in_event_loop
async def test_calls_beyond_all_slots_wait_and_none_fails_for_that(tmp_path: Path) -> None:
    """A graph may be far wider than a worker; what was intended on record is only a matter of time."""
    place = tmp_path / "interlock.db"
    wide = {f"n{k}": {"tool": "make", "input": {"size": 4}} for k in range(WIDTH)}

    async with Interlock(place, tools=[make], slots=SlotSettings(tasks=100)) as interlock:
        run = await interlock.start(graph(wide))
        status, effects = await run.ended(), await run.effects()

    assert (status, len(effects)) == ("succeeded", WIDTH)


@in_event_loop
async def test_thousands_of_waiting_calls_are_cancelled_at_once(tmp_path: Path) -> None:
    """None of them was made, so nobody has to be asked what became of them."""
    place, begun = tmp_path / "interlock.db", asyncio.Event()

    @tool(effect="once")
    async def hold() -> None:
        begun.set()
        await asyncio.Event().wait()

    wide = {f"n{k}": {"tool": "hold"} for k in range(2_000)}
    async with Interlock(place, tools=[hold], slots=SlotSettings(tasks=1)) as interlock:
        run = await interlock.start(graph(wide))
        await begun.wait()
        await run.cancel(by="ada")
        rested = await run.wait_while_moving()
        (wait,) = rested.waits
        await run.settle(wait.effect, "not_done", by="ada")
        status = await run.ended()

    assert (rested.status, status) == ("waiting", "cancelled")
