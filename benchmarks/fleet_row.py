"""Interlock shared by several processes: this one starts runs, and `interlock worker` processes drive them.

What is measured is the store's own record for many runs at once (from the first run's start to the last one's end),
and for a single start the machine's clock, which two processes read alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import measuring as m
from graphs import chain, glance
from steps import moment, step

from interlock import Interlock
from interlock.store.rows import RunRow

HERE: Final = Path(__file__).resolve().parent
WORKERS: Final = 2
HANDS: Final = m.RUNS_AT_ONCE
"""How many calls a worker performs at once: each run has one at a time, so none is put on offer."""
PAUSE_SECONDS: Final = 0.02
"""Between two starts, so that a worker that has ended a run is idle again."""


@asynccontextmanager
async def workers(place: str, count: int) -> AsyncGenerator[list[int]]:
    """So many processes that work on the store, by their numbers, ready when this is entered."""
    processes = [await _worker(place) for _ in range(count)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert json.loads(await process.stdout.readline())["tools"]
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        await asyncio.gather(*[process.wait() for process in processes])


async def _worker(place: str) -> asyncio.subprocess.Process:
    command = [Path(sys.executable).with_name("interlock"), "worker", "--tools", HERE / "steps.py"]
    flags = ["--concurrency", str(HANDS), "--json"]
    environment = {**os.environ, "INTERLOCK_STORE": place, "PYTHONPATH": str(HERE)}
    return await asyncio.create_subprocess_exec(*command, *flags, stdout=asyncio.subprocess.PIPE, env=environment)


async def at_once(place: str, runs: int) -> dict[str, Any]:
    """Many chains, started by this process and driven by two others."""
    async with Interlock(place, tools=[step]) as interlock, workers(place, WORKERS) as processes:
        ten, before = interlock.check(chain(m.STEPS)), sum(map(m.process_seconds, processes))
        await asyncio.gather(*[interlock.start(ten, detach=True) for _ in range(runs)])
        ended: list[RunRow] = []
        while len(ended) < runs:
            await asyncio.sleep(0.1)
            ended = await interlock.runs(graph="chain", status="succeeded", limit=runs)
        took = sum(map(m.process_seconds, processes)) - before
    began, over = min(row.started_at for row in ended), max(row.ended_at or 0 for row in ended)
    return m.at_once((over - began) / 1e6, runs, {"cpu_us_per_step": round(took / runs / m.STEPS * 1e6, 1)})


async def starts(place: str, times: int) -> dict[str, Any]:
    """From the start of a run here to its first step in another process, which had nothing to do."""
    from_call: list[float] = []
    from_return: list[float] = []
    async with Interlock(place, tools=[moment]) as interlock, workers(place, 1):
        graph = interlock.check(glance())
        for _ in range(times + 1):
            await asyncio.sleep(PAUSE_SECONDS)
            called = m.now()
            handle = await interlock.start(graph, detach=True)
            returned = m.now()
            result = await handle.wait()
            from_call.append(result.outputs["at"] - called)
            from_return.append(result.outputs["at"] - returned)
    # The first of them finds the graph unknown there.
    return {
        "p50_ms": m.middle_ms(from_return[1:]),
        "p99_ms": m.worst_of_hundred_ms(from_return[1:]),
        "from_call_p50_ms": m.middle_ms(from_call[1:]),
        "from_call_p99_ms": m.worst_of_hundred_ms(from_call[1:]),
    }


async def row(folder: Path, postgres: str, *, quick: bool) -> dict[str, Any]:
    """Both, each on a place of its own where that is a file."""
    started = await starts(postgres or str(folder / "starts.db"), 10 if quick else m.STARTS_ELSEWHERE)
    together = await at_once(postgres or str(folder / "together.db"), 20 if quick else m.RUNS_AT_ONCE)
    return {"elsewhere": started, "two_workers": together}


if __name__ == "__main__":
    given = m.options()
    m.emit({} if given.forks else asyncio.run(row(given.folder, given.postgres, quick=given.quick)))
