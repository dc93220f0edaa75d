"""A worker that serves: what is triggered is started by it, and driven."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from interlock import Interlock, RunRow, Served
from interlock.core.plan import Micros
from interlock.faults.clock import JumpingClock
from interlock.tools.clock import LoopClock
from tests.store.event_loop import in_event_loop

MINUTE: Micros = 60_000_000
MINUTELY: Final = {
    "graph": "minutely",
    "inputs": {"at": "string"},
    "triggers": {"tick": {"cron": "* * * * *", "inputs": {"at": "${now}"}}},
    "nodes": {"said": {"value": "${inputs.at}"}},
}


async def first_of(interlock: Interlock, graph: str) -> RunRow:
    """The first run of a graph, once it has ended."""
    while not (rows := await interlock.runs(graph=graph)) or rows[-1].ended_at is None:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    return rows[-1]


@in_event_loop
async def test_a_worker_starts_what_is_due_and_drives_it(tmp_path: Path) -> None:
    """From the release on nobody has to do anything."""
    place, clock, stop = tmp_path / "interlock.db", JumpingClock(LoopClock()), asyncio.Event()
    async with Interlock(place, clock=clock) as interlock:
        await interlock.release(MINUTELY, by="ada")
        clock.jump(MINUTE)
        serving = asyncio.create_task(Interlock(place, clock=clock).serve(stop))

        row = await asyncio.wait_for(first_of(interlock, "minutely"), 20)
        stop.set()
        await serving
        (trigger,) = await interlock.triggers.listed()

    assert (row.status, row.labels) == ("succeeded", {"trigger": "tick"})
    assert trigger.state.last is not None
    assert trigger.state.last.run == row.run


@in_event_loop
async def test_what_another_tenant_has_released_is_started_for_them_as_well(tmp_path: Path) -> None:
    """Whoever publishes over HTTP does so at a server that may drive nothing; some worker has to hear of them."""
    place, clock, stop = tmp_path / "interlock.db", JumpingClock(LoopClock()), asyncio.Event()
    found: list[RunRow] = []

    async def publish(served: Served[Interlock]) -> None:
        acme = await served.of("acme")
        await acme.release(MINUTELY, by="ada")
        clock.jump(MINUTE)
        serving = asyncio.create_task(Interlock(place, clock=clock).serve(stop))
        found.append(await asyncio.wait_for(first_of(acme, "minutely"), 20))
        stop.set()
        await serving

    await Interlock(place, clock=clock).serve(asyncio.Event(), face=publish, works=False)

    assert [(row.tenant, row.status, row.labels) for row in found] == [("acme", "succeeded", {"trigger": "tick"})]


@in_event_loop
async def test_what_one_run_emits_starts_another_without_anybodys_doing(tmp_path: Path) -> None:
    """One graph's end is the beginning of another one, which knows nothing of the first."""
    place, stop = tmp_path / "interlock.db", asyncio.Event()
    first = {"graph": "first", "nodes": {"tell": {"emit": "order.paid", "data": {"n": 7}}}}
    second = {
        "graph": "second",
        "inputs": {"n": "integer"},
        "triggers": {"paid": {"event": "order.paid", "inputs": {"n": "${event.data.n}"}}},
        "nodes": {"said": {"value": "${inputs.n}"}},
    }
    async with Interlock(place) as interlock:
        await interlock.release(second, by="ada")
        await interlock.run_async(first)
        serving = asyncio.create_task(Interlock(place).serve(stop))

        row = await asyncio.wait_for(first_of(interlock, "second"), 20)
        stop.set()
        await serving

        assert (row.status, (await (await interlock.open(row.run)).result()).outputs) == ("succeeded", {"said": 7})
