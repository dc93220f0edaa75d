"""LangGraph with its savers, durability `sync`: a step counts once its checkpoint is written.

Chains, starts and the loop use the synchronous saver, which is the quicker one there; many runs at once and the fan use
the one for asyncio. On PostgreSQL, where both can write at the same time, many runs at once go through both, each over
a pool of 20 connections, and the quicker one counts. Its loop keeps its messages in the state, as its users do.
"""

from __future__ import annotations

import asyncio
import operator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Annotated, Any, TypedDict

import measuring as m
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

GIVEN = m.options()
CONNECTIONS = 20
# As its own `from_conn_string` makes a connection.
CONNECTING = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
POOL = {"min_size": CONNECTIONS, "max_size": CONNECTIONS, "kwargs": CONNECTING, "timeout": 120}
BEGAN: list[float] = []


def saver_in(name: str) -> AbstractContextManager[Any]:
    if GIVEN.postgres:
        return PostgresSaver.from_conn_string(GIVEN.postgres)
    return SqliteSaver.from_conn_string(str(GIVEN.folder / name))


@contextmanager
def pooled_saver() -> Any:
    with ConnectionPool(GIVEN.postgres, **POOL) as pool:
        yield PostgresSaver(pool)


def async_saver_in(name: str) -> AbstractAsyncContextManager[Any]:
    if GIVEN.postgres:
        return pooled_async_saver()
    return AsyncSqliteSaver.from_conn_string(str(GIVEN.folder / name))


@asynccontextmanager
async def pooled_async_saver() -> Any:
    async with AsyncConnectionPool(GIVEN.postgres, **POOL) as pool:
        yield AsyncPostgresSaver(pool)


class Chain(TypedDict):
    i: int
    text: str


class Fan(TypedDict):
    out: Annotated[list[Any], operator.add]


class Conversation(TypedDict):
    i: int
    goal: int
    messages: Annotated[list[Any], operator.add]


def step(state: Chain) -> dict[str, Any]:
    BEGAN.append(m.now())
    return m.payload(state["i"] + 1)


async def step_async(state: Chain) -> dict[str, Any]:
    return m.payload(state["i"] + 1)


def talk(state: Conversation) -> dict[str, Any]:
    BEGAN.append(m.now())
    assert len(state["messages"][-m.LAST_READ :]) <= m.LAST_READ
    return {"i": state["i"] + 1, "messages": ["m" * 200]}


def chain(node: Any) -> StateGraph[Any]:
    graph, before = StateGraph(Chain), START
    for number in range(m.STEPS):
        graph.add_node(f"n{number}", node)
        graph.add_edge(before, f"n{number}")
        before = f"n{number}"
    graph.add_edge(before, END)
    return graph


def fan() -> StateGraph[Any]:
    async def nothing(state: Fan) -> dict[str, Any]:
        return {"out": []}

    async def leaf(given: dict[str, Any]) -> dict[str, Any]:
        return {"out": [given["k"]]}

    graph = StateGraph(Fan)
    graph.add_node("split", nothing)
    graph.add_node("leaf", leaf)
    graph.add_node("join", nothing)
    graph.add_edge(START, "split")
    graph.add_conditional_edges("split", lambda _: [Send("leaf", {"k": k}) for k in range(m.FAN)], ["leaf"])
    graph.add_edge("leaf", "join")
    graph.add_edge("join", END)
    return graph


def conversation() -> StateGraph[Any]:
    graph = StateGraph(Conversation)
    graph.add_node("talk", talk)
    graph.add_edge(START, "talk")
    graph.add_conditional_edges("talk", lambda state: "talk" if state["i"] < state["goal"] else END, ["talk", END])
    return graph


def thread(name: str, **more: Any) -> dict[str, Any]:
    return {"configurable": {"thread_id": name}, **more}


def forks(ten: Any, times: int) -> float:
    """From the checkpoint before a step of a finished run, found in its history, to the end."""
    took: list[float] = []
    for number in range(times):
        parent = thread(f"forked-{number}")
        ten.invoke({"i": 0, "text": ""}, parent, durability="sync")
        began = m.now()
        before = next(each for each in ten.get_state_history(parent) if each.next == (f"n{m.FORKED_FROM - 1}",))
        BEGAN.clear()
        assert ten.invoke(None, before.config, durability="sync")["i"] == m.STEPS
        took.append(m.now() - began)
        assert len(BEGAN) == m.STEPS - m.FORKED_FROM + 1
    return m.middle_ms(took)


def one_by_one(*, quick: bool, alone: bool) -> dict[str, Any]:
    """Chains, forks, starts and the loop."""
    found: dict[str, Any] = {}
    with saver_in("sync.db") as saver:
        saver.setup()
        ten = chain(step).compile(checkpointer=saver)
        ten.invoke({"i": 0, "text": ""}, thread("warm"), durability="sync")
        found["fork_ms"] = forks(ten, 3 if quick else m.FORKS)
        if alone:
            return found
        took, cpu = [], m.Cpu()
        while sum(took) < (0.2 if quick else m.CHAIN_SECONDS):
            began = m.now()
            ten.invoke({"i": 0, "text": ""}, thread(f"chain-{len(took)}"), durability="sync")
            took.append(m.now() - began)
        found["chain"] = m.chains(took, cpu.micros_each(len(took) * m.STEPS))
        took = []
        for number in range(m.STARTS):
            BEGAN.clear()
            began = m.now()
            ten.invoke({"i": 0, "text": ""}, thread(f"start-{number}"), durability="sync")
            took.append(BEGAN[0] - began)
        found["start_ms"] = m.middle_ms(took)
        rounds = 100 if quick else m.ROUNDS
        BEGAN.clear()
        loop = conversation().compile(checkpointer=saver)
        before = _size(saver)
        start = {"i": 0, "goal": rounds, "messages": []}
        loop.invoke(start, thread("loop", recursion_limit=rounds + 10), durability="sync")
        found["loop"] = m.growth(BEGAN, m.now())
        found["loop"]["bytes_per_round"] = round((_size(saver) - before) / rounds)
    return found


def in_threads(runs: int) -> dict[str, Any]:
    """Many runs at once, as many as there are connections."""
    with pooled_saver() as saver, ThreadPoolExecutor(CONNECTIONS) as threads:
        ten = chain(step).compile(checkpointer=saver)

        def one(name: str) -> None:
            ten.invoke({"i": 0, "text": ""}, thread(name), durability="sync")

        one("warm-thread")
        cpu, began = m.Cpu(), m.now()
        list(threads.map(one, [f"in-thread-{k}" for k in range(runs)]))
        return m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))


async def together(*, quick: bool) -> dict[str, Any]:
    """Many runs at once, and the fan."""
    found: dict[str, Any] = {}
    async with async_saver_in("async.db") as saver:
        await saver.setup()
        ten = chain(step_async).compile(checkpointer=saver)
        await ten.ainvoke({"i": 0, "text": ""}, thread("warm"), durability="sync")
        runs, cpu, began = 20 if quick else m.RUNS_AT_ONCE, m.Cpu(), m.now()
        calls = [ten.ainvoke({"i": 0, "text": ""}, thread(f"at-once-{k}"), durability="sync") for k in range(runs)]
        await asyncio.gather(*calls)
        found["at_once"] = m.at_once(m.now() - began, runs, cpu.micros_each(runs * m.STEPS))
        wide = fan().compile(checkpointer=saver)
        took: list[float] = []
        for number in range(5):
            began = m.now()
            await wide.ainvoke({"out": []}, thread(f"fan-{number}"), durability="sync")
            took.append(m.now() - began)
        found["fan_ms"] = m.middle_ms(took)
    return found


def _size(saver: Any) -> int:
    if GIVEN.postgres:
        parts = [
            "select sum(octet_length(checkpoint::text) + octet_length(metadata::text)) as size from checkpoints",
            "select sum(octet_length(blob)) as size from checkpoint_blobs",
            "select sum(octet_length(blob)) as size from checkpoint_writes",
        ]
        return sum(saver.conn.execute(part).fetchone()["size"] or 0 for part in parts)
    parts = [
        "select sum(length(checkpoint) + length(metadata)) from checkpoints",
        "select sum(length(value)) from writes",
    ]
    return sum(saver.conn.execute(part).fetchone()[0] or 0 for part in parts)


def row(*, quick: bool) -> dict[str, Any]:
    """All workloads."""
    found = one_by_one(quick=quick, alone=False) | asyncio.run(together(quick=quick))
    if GIVEN.postgres:
        threads = in_threads(20 if quick else m.RUNS_AT_ONCE)
        found["at_once"] = max(found["at_once"], threads, key=lambda figures: figures["steps_per_s"])
    return found


if __name__ == "__main__":
    m.emit(one_by_one(quick=GIVEN.quick, alone=True) if GIVEN.forks else row(quick=GIVEN.quick))
