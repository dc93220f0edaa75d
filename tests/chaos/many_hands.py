"""An `each` whose calls are performed by several workers at once, how long it takes, and what a death among them costs.

    python -m tests.chaos.many_hands FOLDER --store postgres --items 1000 --seconds 1 --workers 4 --concurrency 50

The time is that from the first event of the run's log to its last one. With `--kill performer` (or `driver`) a worker
that only performs (or the one that drives the run, too) is ended by SIGKILL in the middle of its calls. Prints what
came of it as JSON, and exits with 1 if anything was lost or done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from dev.postgres import running_postgres
from interlock import Interlock, RunHandle
from interlock.store import LeaseHeldError
from tests.chaos import slow_tools
from tests.chaos.fleet.processes import WorkerProcess, start_worker
from tests.chaos.fleet.world import AGAIN, BEGUN, DONE, World

Victim: TypeAlias = Literal["performer", "driver"]

READY_SECONDS: Final = 60
LEASE_SECONDS: Final = 3
KILLED_AFTER: Final = 0.3
"""At which part of the calls a worker is killed."""


@dataclass(frozen=True)
class Wish:
    """How much there is to do, and by whom."""

    items: int
    seconds: float
    workers: int
    concurrency: int
    kill: Victim | None


def graph(wish: Wish) -> dict[str, Any]:
    """As many calls as there are items, none of which waits for another."""
    call = {"tool": "take_time", "input": {"item": "${item}", "seconds": wish.seconds}}
    return {
        "graph": "many_hands",
        "inputs": {"items": {"type": "array", "items": {"type": "integer"}}},
        "nodes": {"calls": {"each": "${inputs.items}", "parallel": min(1_000, wish.items), "do": call}},
        "outputs": {"items": "${calls}"},
    }


async def measure(folder: Path, store: str, wish: Wish) -> dict[str, Any]:
    """Start the workers, give them the run, and look what came of it."""
    os.chdir(folder)
    world = World(folder / "world")
    (folder / "world").mkdir()
    async with Interlock(store, tools=[slow_tools], lease_seconds=LEASE_SECONDS) as interlock:
        with _working(folder, store, wish) as workers:
            run = await interlock.start(graph(wish), {"items": list(range(wish.items))}, detach=True)
            if wish.kill is not None:
                await _until_begun(world, round(wish.items * KILLED_AFTER))
                (await _victim(interlock, run.id, workers, wish.kill)).kill()
            await run.ended()
            told = await told_of(run, world, wish)
            left = [worker for worker in workers if not worker.is_gone]
            told["exit_codes"] = [await asyncio.to_thread(worker.leave) for worker in left]
    return told


@contextmanager
def _working(folder: Path, store: str, wish: Wish) -> Generator[Sequence[WorkerProcess]]:
    """Workers that have begun to look for something to do."""
    workers = [
        start_worker(
            folder,
            f"worker_{number}",
            store=store,
            tools="tests.chaos.slow_tools",
            concurrency=wish.concurrency,
            lease_seconds=LEASE_SECONDS,
        )
        for number in range(wish.workers)
    ]
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not all(worker.is_working for worker in workers):
            assert time.monotonic() < deadline, [worker.log.read_text() for worker in workers]
            time.sleep(0.05)
        yield workers
    finally:
        for worker in workers:
            if not worker.is_gone:
                worker.kill()


async def _until_begun(world: World, count: int) -> None:
    while len(await asyncio.to_thread(world.pages)) < count:  # noqa: ASYNC110 - other processes write them
        await asyncio.sleep(0.05)


async def _victim(interlock: Interlock, run: str, workers: Sequence[WorkerProcess], kind: Victim) -> WorkerProcess:
    """The worker that drives the run, or one that does not; all of them perform calls."""
    try:
        await interlock.take_up(run)
    except LeaseHeldError as held:
        driver = held.holder.pid
        return next(worker for worker in workers if (worker.pid == driver) == (kind == "driver"))
    raise AssertionError("no worker drives the run")


async def told_of(run: RunHandle, world: World, wish: Wish) -> dict[str, Any]:
    """What came of a run, by its log and by the world."""
    instants = [event.at async for event in run.events()]
    result = await run.result()
    effects = await run.effects()
    pages = world.pages().values()
    return {
        "items": wish.items,
        "hands": wish.workers * wish.concurrency,
        "status": result.status,
        "seconds": round((instants[-1] - instants[0]) / 1e6, 2),
        "in_order": result.outputs == {"items": list(range(wish.items))},
        "recorded_done": sum(effect.status == "done" for effect in effects),
        "happened": sum(line.startswith(DONE) for page in pages for line in page),
        "tried_again_after_the_kill": sum(_count(page, BEGUN) > 1 for page in pages),
        "happened_twice": sum(_count(page, DONE) + _count(page, AGAIN) > 1 for page in pages),
    }


def _count(page: Sequence[str], what: str) -> int:
    return sum(line.startswith(f"{what} ") for line in page)


def wrong_with(told: dict[str, Any]) -> list[str]:
    """What was lost or done twice."""
    items = told["items"]
    wanted = {"status": "succeeded", "in_order": True, "recorded_done": items, "happened": items, "happened_twice": 0}
    return [f"{name} is {told[name]!r}, not {value!r}" for name, value in wanted.items() if told[name] != value]


def main() -> int:
    """Measure it, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.many_hands")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--items", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--kill", choices=["performer", "driver"])
    given = parser.parse_args()
    wish = Wish(given.items, given.seconds, given.workers, given.concurrency, given.kill)
    given.folder.mkdir(parents=True)
    told = _measured(given.folder.absolute(), wish, on_postgres=given.store == "postgres")
    told["wrong"] = wrong_with(told)
    json.dump(told, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 1 if told["wrong"] else 0


def _measured(folder: Path, wish: Wish, *, on_postgres: bool) -> dict[str, Any]:
    if not on_postgres:
        return asyncio.run(measure(folder, str(folder / "runs.db"), wish))
    with running_postgres() as server:
        return asyncio.run(measure(folder, server.address, wish))


if __name__ == "__main__":
    sys.exit(main())
