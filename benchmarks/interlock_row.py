"""Interlock as a user runs it: the Python face, one SQLite file, every commit on the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import measuring as m

from interlock import Interlock, tool
from interlock.client.graphs import CheckedGraph

Run: TypeAlias = Callable[[CheckedGraph], Awaitable[None]]

BEGAN: list[float] = []


@tool(effect="idempotent")
async def step(i: int) -> dict[str, Any]:
    """A step that does nothing but give its payload."""
    BEGAN.append(m.now())
    return m.payload(i)


@tool(effect="idempotent")
async def talk(i: int, recent: list[str] | None) -> str:
    """One message, made with the last ones at hand."""
    BEGAN.append(m.now())
    assert i < m.LAST_READ or len(recent or []) == m.LAST_READ
    return "m" * 200


def chain(length: int) -> dict[str, Any]:
    """Steps one after the other."""
    nodes: dict[str, Any] = {}
    for number in range(length):
        nodes[f"n{number}"] = {"tool": "step", "input": {"i": number}, "after": [f"n{number - 1}"] if number else []}
    return {"graph": "chain", "language": 1, "nodes": nodes}


def fan(width: int) -> dict[str, Any]:
    """One step, many beside each other, and one that joins them."""
    leaves = [f"leaf{number}" for number in range(width)]
    nodes: dict[str, Any] = {"split": {"tool": "step", "input": {"i": 0}}}
    nodes |= {name: {"tool": "step", "input": {"i": 1}, "after": "split"} for name in leaves}
    nodes["join"] = {"tool": "step", "input": {"i": 2}, "after": leaves}
    return {"graph": "fan", "language": 1, "nodes": nodes}


def conversation(rounds: int) -> dict[str, Any]:
    """A loop that reads the last messages of a list kept by reference, and appends one."""
    body = {
        "say": {
            "tool": "talk",
            "input": {"i": "${round.index}", "recent": f"${{tail(round.last.log, {m.LAST_READ})}}"},
        },
        "log": {"value": "${append(round.last.log, say)}"},
    }
    return {
        "graph": "conversation",
        "language": 1,
        "nodes": {"go": {"loop": body, "until": f"${{round.index == {rounds - 1}}}", "max": rounds}},
        "outputs": {"rounds": "${size(go.log)}"},
    }


async def row(folder: Path, *, quick: bool) -> dict[str, Any]:
    """All workloads, one after the other."""
    found: dict[str, Any] = await forks(folder, quick=quick)
    place = folder / "interlock.db"
    async with Interlock(place, tools=[step, talk]) as interlock:
        ten, wide = interlock.check(chain(m.STEPS)), interlock.check(fan(m.FAN))

        async def run(graph: CheckedGraph) -> None:
            handle = await interlock.start(graph)
            assert await handle.ended() == "succeeded"

        await run(ten)
        found["chain"] = await _chains(run, ten, 0.2 if quick else m.CHAIN_SECONDS)
        found["chain"]["commits_per_step"] = _commits(place) / ((_runs(place)) * m.STEPS)
        found["at_once"] = await _at_once(run, ten, 20 if quick else m.RUNS_AT_ONCE)
        found["fan_ms"] = await _fans(run, wide)
        found["start_ms"] = await _starts(run, ten)
        found["loop"] = await _loop(interlock, place, 100 if quick else m.ROUNDS)
    found["durability"] = _durability(place)
    return found


async def _chains(run: Run, graph: CheckedGraph, seconds: float) -> dict[str, Any]:
    took, cpu = [], m.Cpu()
    while sum(took) < seconds:
        began = m.now()
        await run(graph)
        took.append(m.now() - began)
    return m.chains(took, cpu.micros_each(len(took) * m.STEPS))


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


async def forks(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Another course of finished runs from one step on, to its end; and those runs decided anew from their record."""
    forked: list[float] = []
    replayed: list[float] = []
    async with Interlock(folder / "forks.db", tools=[step]) as interlock:
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


async def _loop(interlock: Interlock, place: Path, rounds: int) -> dict[str, Any]:
    before = _size(place)
    BEGAN.clear()
    handle = await interlock.start(conversation(rounds))
    await handle.ended()
    ended = m.now()
    assert (await handle.wait()).outputs == {"rounds": rounds}
    return m.growth(BEGAN, ended) | {"bytes_per_round": round((_size(place) - before) / rounds)}


def _commits(place: Path) -> int:
    with sqlite3.connect(place) as file:
        return file.execute("select count(*) from event where opens_at is not null").fetchone()[0]


def _runs(place: Path) -> int:
    with sqlite3.connect(place) as file:
        return file.execute("select count(*) from run").fetchone()[0]


def _size(place: Path) -> int:
    with sqlite3.connect(place) as file:
        return (
            file.execute("select sum(length(header) + length(salt) + length(payload)) from event").fetchone()[0]
            + (file.execute("select coalesce(sum(length(data)), 0) from blob").fetchone()[0])
        )


def _durability(place: Path) -> dict[str, Any]:
    with sqlite3.connect(place) as file:
        return {"journal_mode": file.execute("pragma journal_mode").fetchone()[0], "synchronous": "full"}


if __name__ == "__main__":
    given = m.options()
    m.emit(asyncio.run((forks if given.forks else row)(given.folder, quick=given.quick)))
