"""A run of a million events: how long it takes to go on with it, and what it takes to keep.

    python benchmarks/long_life.py [--events 1000000]

A loop of values alone, since a million tool calls would measure the disk. Resuming is what a worker of another process
does before it can decide anything: the plan from its bundle, the state from its snapshot and the events behind it.
It is a new file, or the database that `BENCH_POSTGRES` names.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import measuring as m

from interlock.bootstrap import TENANT, make_store
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.requests import SetMode, StartRun
from interlock.core.state import RunState, encode_state
from interlock.engine.courses.verifying import replay_run
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.snapshots import SNAPSHOT_EVENTS, SNAPSHOT_KIND
from interlock.governance import default_policy
from interlock.store.event_store import EventStore
from interlock.store.lease import LeaseOwner, first_lease
from interlock.store.places import parse_place
from interlock.tools.clock import LoopClock

EVENTS_PER_ROUND = 3
TRIES = 20
RUN = "long"


def graph(rounds: int) -> dict[str, Any]:
    """Rounds that wait for nobody, and then a question."""
    body = {"n": {"value": "${round.index}"}}
    loop = {"loop": body, "until": f"${{round.index == {rounds - 1}}}", "max": rounds}
    return {"graph": "long", "nodes": {"go": loop, "ask": {"human": "Done?", "choices": ["yes"], "after": "go"}}}


async def live(store: EventStore, events: int) -> RunInHand:
    """The run, as far as it comes without anybody."""
    compiled = compile_graph(graph(events // EVENTS_PER_ROUND), Catalogue())
    assert compiled.plan is not None
    assert compiled.bundle is not None
    engine = engine_on(store)
    await engine.keep_bundle(compiled.plan, compiled.bundle.bytes)
    lease = first_lease(TENANT, RUN, LeaseOwner("bench", "here", 1, 1), at=engine.now())
    run = RunInHand(compiled.plan, RunState(RUN, TENANT), lease, await engine.packer())
    advance = await engine.advance(run, [Arrival(StartRun(inputs={}))])
    while advance.goes_on:
        advance = await engine.advance(run, [])
    return run


def engine_on(store: EventStore) -> Engine:
    """An engine that knows nothing of the run yet."""
    return Engine(store, tenant=TENANT, now=LoopClock().now, judge=default_policy().judge)


async def resume_ms(store: EventStore) -> float:
    """The median time until a run is in hand."""
    took: list[float] = []
    for _ in range(TRIES):
        began = m.now()
        await engine_on(store).view(RUN)
        took.append(m.now() - began)
    return round(statistics.median(took) * 1e3, 1)


async def measured(store: EventStore, events: int) -> dict[str, str]:
    """Everything about it, in words."""
    found: dict[str, str] = {}
    began = m.now()
    run = await live(store, events)
    found["made in, s"] = f"{m.now() - began:.0f}"
    found["events"] = f"{run.state.seq:,}"
    found["resume right behind a snapshot, ms"] = f"{await resume_ms(store)}"
    engine = engine_on(store)
    modes = [
        Arrival(SetMode(mode=("degraded", "normal")[number % 2], by="ada")) for number in range(SNAPSHOT_EVENTS - 1)
    ]
    await engine.record(run, modes)
    found[f"resume with {SNAPSHOT_EVENTS - 1:,} events behind it, ms"] = f"{await resume_ms(store)}"
    snapshot = await store.records.find(TENANT, SNAPSHOT_KIND, RUN)
    assert snapshot is not None
    found["snapshot, bytes"] = f"{len(snapshot.data):,}"
    size = await store.retention.size_of(TENANT, RUN)
    found["headers, bytes an event"] = f"{size.headers / size.events:.0f}"
    found["payloads, bytes an event"] = f"{size.payloads / size.events:.0f}"
    found["the run, MB"] = f"{size.own / 1e6:.0f}"
    await store.records.drop(TENANT, SNAPSHOT_KIND, RUN)
    began = m.now()
    _, folded = await engine_on(store).view(RUN)
    found["resume without a snapshot, s"] = f"{m.now() - began:.1f}"
    assert encode_state(folded) == encode_state(run.state)
    began = m.now()
    assert (await replay_run(engine_on(store), RUN)).verdict == "same"
    found["replay (verify), s"] = f"{m.now() - began:.0f}"
    return found


async def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=m.measured_disk(), help="where a new file is made")
    parser.add_argument("--row", action="store_true", help="tell the runner of benchmarks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        place = parse_place(os.environ.get(m.ADDRESS_VARIABLE) or str(Path(folder) / "long.db"))
        async with make_store(place, clock=LoopClock()) as store:
            found = await measured(store, given.events)
    if given.row:
        m.emit(found)
        return
    print("\n".join(["| a long life | |", "|---|---|", *(f"| {name} | {value} |" for name, value in found.items())]))


if __name__ == "__main__":
    asyncio.run(main())
