"""Interlock as a user runs it: the Python face, one SQLite file or one database, every commit on the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import measuring as m
from graphs import chain, conversation, fan
from steps import BEGAN, step, talk

from interlock import Interlock
from interlock.embedded.graphs import CheckedGraph

Run: TypeAlias = Callable[[CheckedGraph], Awaitable[None]]


async def row(folder: Path, postgres: str, *, quick: bool) -> dict[str, Any]:
    """All workloads, one after the other."""
    place = postgres or str(folder / "interlock.db")
    found: dict[str, Any] = await forks(folder, postgres, quick=quick)
    async with Interlock(place, tools=[step, talk]) as interlock:
        ten, wide = interlock.check(chain(m.STEPS)), interlock.check(fan(m.FAN))

        async def run(graph: CheckedGraph) -> None:
            handle = await interlock.start(graph)
            assert await handle.ended() == "succeeded"

        await run(ten)
        appends = await _appends(place)
        found["chain"], chains = await _chains(run, ten, 0.2 if quick else m.CHAIN_SECONDS)
        found["chain"]["commits_per_step"] = round((await _appends(place) - appends) / (chains * m.STEPS), 2)
        found["at_once"] = await _at_once(run, ten, 20 if quick else m.RUNS_AT_ONCE)
        found["fan_ms"] = await _fans(run, wide)
        found["start_ms"] = await _starts(run, ten)
        found["loop"] = await _loop(interlock, 100 if quick else m.ROUNDS)
    return found


async def _chains(run: Run, graph: CheckedGraph, seconds: float) -> tuple[dict[str, Any], int]:
    took, cpu = [], m.Cpu()
    while sum(took) < seconds:
        began = m.now()
        await run(graph)
        took.append(m.now() - began)
    return m.chains(took, cpu.micros_each(len(took) * m.STEPS)), len(took)


async def _at_once(run: Run, graph: CheckedGraph, runs: int) -> dict[str, Any]:
    cpu, began = m.Cpu(), m.now()
    await asyncio.gather(*[run(graph) for _ in range(runs)])
    return m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))


async def _fans(run: Run, graph: CheckedGraph) -> float:
    took: list[float] = []
    for _ in range(5):
        began = m.now()
        await run(graph)
        took.append(m.now() - began)
    return m.middle_ms(took)


async def _starts(run: Run, graph: CheckedGraph) -> float:
    took: list[float] = []
    for _ in range(m.STARTS):
        BEGAN.clear()
        began = m.now()
        await run(graph)
        took.append(BEGAN[0] - began)
    return m.middle_ms(took)


async def forks(folder: Path, postgres: str, *, quick: bool) -> dict[str, Any]:
    """Another course of finished runs from one step on, to its end; and those runs decided anew from their record."""
    forked: list[float] = []
    replayed: list[float] = []
    async with Interlock(postgres or str(folder / "forks.db"), tools=[step]) as interlock:
        ten = interlock.check(chain(m.STEPS))
        for _ in range(3 if quick else m.FORKS):
            parent = await interlock.start(ten)
            await parent.ended()
            BEGAN.clear()
            began = m.now()
            fork = await parent.fork(await parent.prepare_fork(f"n{m.FORKED_FROM - 1}"))
            assert await fork.ended() == "succeeded"
            forked.append(m.now() - began)
            assert len(BEGAN) == m.STEPS - m.FORKED_FROM + 1
            began = m.now()
            assert (await parent.replay()).verdict == "same"
            replayed.append(m.now() - began)
    return {"fork_ms": m.middle_ms(forked), "replay_ms": m.middle_ms(replayed)}


async def _loop(interlock: Interlock, rounds: int) -> dict[str, Any]:
    BEGAN.clear()
    handle = await interlock.start(conversation(rounds))
    await handle.ended()
    ended = m.now()
    assert (await handle.wait()).outputs == {"rounds": rounds}
    size = await interlock.retention.size_of(handle.id)
    return m.growth(BEGAN, ended) | {"bytes_per_round": round(size.own / rounds)}


async def _appends(place: str) -> int:
    """How many appends there are in all; when runs go one after the other, each is a commit."""
    question = "select count(*) from"
    if not place.startswith("postgresql://"):
        with sqlite3.connect(place) as file:
            return file.execute(f"{question} event where opens_at is not null").fetchone()[0]
    connection = await asyncpg.connect(place)
    try:
        return await connection.fetchval(f"{question} interlock.feed")
    finally:
        await connection.close()


if __name__ == "__main__":
    given = m.options()
    m.emit(asyncio.run((forks if given.forks else row)(given.folder, given.postgres, quick=given.quick)))
