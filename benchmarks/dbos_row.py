"""DBOS on SQLite, its embedded mode, or on PostgreSQL. Runs at once go through its threads and through asyncio: the
quicker counts. Its loop keeps its messages in the workflow's own memory, as its users do.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import Any

import measuring as m
import psycopg
from dbos import DBOS, SetWorkflowID

GIVEN = m.options()
PLACE = GIVEN.folder / "dbos.sqlite"
RUNS_AT_ONCE = m.RUNS_AT_ONCE if GIVEN.postgres else 100
BEGAN: list[float] = []
DBOS(
    config={
        "name": "row",
        "system_database_url": GIVEN.postgres or f"sqlite:///{PLACE}",
        "log_level": "ERROR",
        "application_version": "1",
    }
)


@DBOS.step()
def step(number: int) -> dict[str, Any]:
    BEGAN.append(m.now())
    return m.payload(number)


@DBOS.step()
async def step_async(number: int) -> dict[str, Any]:
    return m.payload(number)


@DBOS.step()
def talk(recent: list[str]) -> str:
    BEGAN.append(m.now())
    assert len(recent) <= m.LAST_READ
    return "m" * 200


@DBOS.workflow()
def chain(length: int) -> int:
    for number in range(length):
        step(number)
    return length


@DBOS.workflow()
async def chain_async(length: int) -> int:
    for number in range(length):
        await step_async(number)
    return length


@DBOS.workflow()
async def fan(width: int) -> int:
    return len(await asyncio.gather(*[step_async(number) for number in range(width)]))


@DBOS.workflow()
def conversation(rounds: int) -> int:
    messages: list[str] = []
    for _ in range(rounds):
        messages.append(talk(messages[-m.LAST_READ :]))
    return len(messages)


async def together(runs: int) -> dict[str, Any]:
    began, cpu = m.now(), m.Cpu()
    started = await asyncio.gather(*[DBOS.start_workflow_async(chain_async, m.STEPS) for _ in range(runs)])
    await asyncio.gather(*[handle.get_result(polling_interval_sec=0.05) for handle in started])
    return m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))


def in_threads(runs: int) -> dict[str, Any]:
    """Many runs at once, in its own pool of threads."""
    began, cpu = m.now(), m.Cpu()
    for handle in [DBOS.start_workflow(chain, m.STEPS) for _ in range(runs)]:
        handle.get_result(polling_interval_sec=0.05)
    return m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))


async def fans() -> float:
    took: list[float] = []
    for _ in range(3):
        began = m.now()
        await fan(m.FAN)
        took.append(m.now() - began)
    return m.middle_ms(took)


def forks(times: int) -> float:
    """A finished workflow forked at a step, through the internal queue to its end."""
    took: list[float] = []
    for number in range(times):
        with SetWorkflowID(f"forked-{number}"):
            chain(m.STEPS)
        BEGAN.clear()
        began = m.now()
        DBOS.fork_workflow(f"forked-{number}", m.FORKED_FROM).get_result(polling_interval_sec=0.01)
        took.append(m.now() - began)
        assert len(BEGAN) == m.STEPS - m.FORKED_FROM + 1
    return m.middle_ms(took)


def row(*, quick: bool, alone: bool) -> dict[str, Any]:
    """All workloads."""
    found: dict[str, Any] = {}
    chain(m.STEPS)
    found["fork_ms"] = forks(1 if quick else 3)
    if alone:
        return found
    took, cpu = [], m.Cpu()
    while sum(took) < (0.2 if quick else m.CHAIN_SECONDS):
        began = m.now()
        chain(m.STEPS)
        took.append(m.now() - began)
    found["chain"] = m.chains(took, cpu.micros_each(len(took) * m.STEPS))
    runs = 20 if quick else RUNS_AT_ONCE
    both = [asyncio.run(together(runs)), in_threads(runs)]
    found["at_once"] = max(both, key=lambda figures: figures["steps_per_s"])
    found["fan_ms"] = asyncio.run(fans())
    took = []
    for number in range(m.STARTS):
        BEGAN.clear()
        began = m.now()
        with SetWorkflowID(f"start-{number}"):
            DBOS.start_workflow(chain, 1).get_result(polling_interval_sec=0.01)
        took.append(BEGAN[0] - began)
    found["start_ms"] = m.middle_ms(took)
    rounds = 100 if quick else 1_000
    BEGAN.clear()
    before = _size()
    conversation(rounds)
    found["loop"] = m.growth(BEGAN, m.now()) | {"bytes_per_round": round((_size() - before) / rounds)}
    return found


def _size() -> int:
    if GIVEN.postgres:
        with psycopg.connect(GIVEN.postgres) as connection:
            found = connection.execute("select sum(octet_length(output)) from dbos.operation_outputs").fetchone()
    else:
        with sqlite3.connect(PLACE) as file:
            found = file.execute("select sum(length(output)) from operation_outputs").fetchone()
    return found[0] or 0 if found else 0


if __name__ == "__main__":
    DBOS.launch()
    logging.getLogger("dbos").setLevel(logging.ERROR)
    m.emit(row(quick=GIVEN.quick, alone=GIVEN.forks))
    DBOS.destroy()
