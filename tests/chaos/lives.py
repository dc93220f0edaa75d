"""Many lives of one worker: it is killed at random moments, and the next one goes on from the log alone.

    python -m tests.chaos.lives FOLDER --runs 200 --lives 100 --seed 1

Each life is a real process that drives the same runs on the same SQLite file and is ended by the fault `Killed`; the
last one is left alone. Half the tools are `idempotent`; the others are `once` and write a line for each call to one
file, which is what their `reconcile` reads. Prints what the store and the file hold in the end, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from interlock import Interlock, done, not_done, tool
from interlock.embedded.graphs import CheckedGraph
from interlock.faults import Fault, Killed
from interlock.tools.context import ToolContext
from interlock.tools.reconciling import DidNotTakePlace, TookPlace

NODES = 20
RUNS_AT_ONCE = 3
CALLS_A_LIFE = (26, 34)
"""How many calls a life may begin before it is killed: twice those in flight, so that none of them dies three times."""
LATEST_MICROS = 2_000
"""The kill then comes within this time, wherever the process happens to be: so short that work is left for the rest."""


def graph() -> dict[str, Any]:
    """Twenty nodes, every other one `once`: four chains of five that fan out from each other and meet in the end."""
    nodes: dict[str, Any] = {}
    for number in range(NODES):
        after = [f"n{number - 4}"] if number >= 4 else []
        name = "pay" if number % 2 else "write"
        nodes[f"n{number}"] = {"tool": name, "input": {"n": number}, "after": after}
    nodes[f"n{NODES - 1}"]["after"] = [f"n{NODES - 5}", f"n{NODES - 2}", f"n{NODES - 3}", f"n{NODES - 4}"]
    return {"graph": "twenty", "language": 1, "nodes": nodes, "outputs": {"last": f"${{n{NODES - 1}}}"}}


class World:
    """What the tools touch: one file for what happens once, and one for the rest."""

    def __init__(self, folder: Path) -> None:
        self._once = folder / "once.txt"
        self._again = folder / "again.txt"

    def tools(self) -> list[Any]:
        """The two tools, on these files."""

        def find(effect_id: str, n: int) -> TookPlace | DidNotTakePlace:
            lines = self._once.read_text().splitlines() if self._once.exists() else []
            return done(n) if any(line.startswith(effect_id) for line in lines) else not_done()

        @tool(effect="once", reconcile=find)
        def pay(ctx: ToolContext, n: int) -> int:
            """Write the line that must stand exactly once."""
            return self._write(self._once, ctx, n)

        @tool(effect="idempotent")
        def write(ctx: ToolContext, n: int) -> int:
            """Write a line that may stand twice, under one id."""
            return self._write(self._again, ctx, n)

        return [pay, write]

    def _write(self, file: Path, ctx: ToolContext, n: int) -> int:
        line = f"{ctx.effect_id} {ctx.attempt}\n".encode()
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.close(descriptor)
        return n


async def live(folder: Path, runs: int, faults: list[Fault]) -> None:
    """Drive every run to its end: those that were begun, and those that were not."""
    async with Interlock(folder / "runs.db", tools=World(folder).tools(), faults=faults) as interlock:
        twenty, gate = interlock.check(graph()), asyncio.Semaphore(RUNS_AT_ONCE)
        await asyncio.gather(*[_one(interlock, twenty, gate, f"run-{number}") for number in range(runs)])


async def _one(interlock: Interlock, twenty: CheckedGraph, gate: asyncio.Semaphore, key: str) -> None:
    async with gate:
        await (await interlock.start(twenty, key=key)).ended()


def death(chance: random.Random) -> Fault:
    """Some calls are let through, and then the process ends wherever it is."""
    return Killed(chance.randint(*CALLS_A_LIFE), later=f"{chance.randint(1, LATEST_MICROS) / 1000}ms")


def one_life(folder: Path, runs: int, faults: list[Fault]) -> bool:
    """One process. Says whether it was killed."""
    child = os.fork()
    if child == 0:
        asyncio.run(live(folder, runs, faults))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in {0, -signal.SIGKILL}, "a life ended in an error"
    return ended != 0


async def told_by_the_store(folder: Path) -> dict[str, Any]:
    """What is on record of the runs and of their effects."""
    async with Interlock(folder / "runs.db", tools=World(folder).tools()) as interlock:
        rows = await interlock.runs(limit=100_000)
        ledgers = [await (await interlock.open(row.run)).effects() for row in rows]
    lines = [line for ledger in ledgers for line in ledger]
    return {
        "runs": dict(Counter(row.status for row in rows)),
        "effects": dict(Counter(line.status for line in lines)),
        "ids": len({line.effect for line in lines}),
        "once_ids": sorted(line.effect for line in lines if line.name == "pay"),
    }


def main() -> None:
    """Live and die, then say what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--lives", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - chance that can be repeated, not secrets
    kills = 0
    while kills < given.lives and one_life(given.folder, given.runs, [death(chance)]):
        kills += 1
    one_life(given.folder, given.runs, [])
    found = asyncio.run(told_by_the_store(given.folder))
    once = Counter(line.split()[0] for line in (given.folder / "once.txt").read_text().splitlines())
    found["kills"] = kills
    found["once_written"] = sorted(once)
    found["once_written_twice"] = sorted(name for name, times in once.items() if times != 1)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
