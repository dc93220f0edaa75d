"""Other courses of runs with agents: retried, forked, decided anew. An agent is taken over whole, or works again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunHandle, ToolFailed, tool
from interlock.agents import Agent, agent
from interlock.engine.courses.redeciding import AnswersEnd
from tests.embedded.workshop import graph
from tests.store.event_loop import in_event_loop

SCRIPT = """
agent: writer
turns:
  - calls: [{tool: note, arguments: {text: one}}, {tool: pay, arguments: {amount: 5}}]
  - answer: {text: done}
"""


class Desk:
    """Tools that remember, one of which fails until it is told not to."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_open = False

        @tool(effect="idempotent")
        async def note(text: str) -> str:
            """Note it."""
            self.done.append(f"note {text}")
            return text

        @tool(effect="once")
        async def pay(amount: int) -> int:
            """Pay."""
            self.done.append(f"pay {amount}")
            return amount

        @tool(effect="read")
        async def send(text: str) -> str:
            """Send it, when open."""
            if not self.is_open:
                raise ToolFailed("closed", kind="refused", retryable=False)
            return text

        self.tools: list[Any] = [note, pay, send]


def writer(prompt: str = "You write.") -> Agent:
    """An agent that notes, pays and answers."""
    return agent("writer", prompt=prompt, tools=["note", "pay"], output={"text": "string"})


def interlock(
    desk: Desk,
    folder: Path,
    *,
    prompt: str = "You write.",
    agents: Sequence[Agent] = (),
    script: str = SCRIPT,
    store: Path | None = None,
    graphs: dict[str, Any] | None = None,
) -> Interlock:
    """A client with that agent and a scripted model."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "script.yaml").write_text(script)
    models = {
        "providers": {"script": {"kind": "scripted", "path": "models"}},
        "pools": {"default": {"models": ["script/any"]}},
    }
    where = None if store is None else str(store)
    known = agents or [writer(prompt)]
    return Interlock(where, tools=desk.tools, agents=known, models=models, graphs=graphs, folder=folder)


NODES: dict[str, Any] = {
    "write": {"agent": "writer", "input": {}},
    "send": {"tool": "send", "input": {"text": "${write.text}"}},
}
DONE = ["note one", "pay 5"]


async def failed_run(client: Interlock) -> RunHandle:
    """A run whose agent is done and whose last node has failed."""
    handle = await client.start(graph(NODES))
    assert (await handle.wait()).status == "failed"
    return handle


@in_event_loop
async def test_a_retry_takes_over_what_an_agent_came_to(tmp_path: Path) -> None:
    """Its models were paid for, and what it has done is done."""
    desk = Desk()
    async with interlock(desk, tmp_path) as client:
        parent = await failed_run(client)
        desk.is_open = True

        result = await (await parent.retry()).wait()

        assert (result.status, result.nodes["send"].output, desk.done) == ("succeeded", "done", DONE)


@in_event_loop
async def test_a_fork_behind_an_agent_takes_it_over_and_one_from_it_lets_it_work_again(tmp_path: Path) -> None:
    """And says beforehand what that costs: its models, and each thing that it did and could do again."""
    desk = Desk()
    async with interlock(desk, tmp_path) as client:
        parent = await failed_run(client)

        behind = (await parent.prepare_fork("send")).fork
        of_it = await parent.prepare_fork("write")
        await (await parent.fork(of_it)).wait()

        assert ([path for path, _ in behind.adopted], behind.again, behind.repeats) == (["write"], ("send",), ())
        assert (of_it.fork.adopted, of_it.fork.again) == ((), ("write", "send"))
        assert [(each.path, each.tool, each.effect_class) for each in of_it.fork.repeats] == [
            ("write", "writer", "paid"),
            ("write.2", "note", "idempotent"),
            ("write.3", "pay", "once"),
        ]
        assert desk.done == DONE * 2


@in_event_loop
async def test_a_fork_onto_a_graph_with_another_prompt_lets_that_agent_work_again(tmp_path: Path) -> None:
    """Its node is written as it was, and means something else."""
    store = tmp_path / "runs.db"
    async with interlock(Desk(), tmp_path, store=store) as client:
        run = (await failed_run(client)).id

    async with interlock(Desk(), tmp_path, prompt="You write well.", store=store) as client:
        parent = await client.open(run)
        prepared = await parent.prepare_fork("send", graph=client.check(graph(NODES)))

        assert (prepared.fork.changed, prepared.fork.again) == (("write",), ("write", "send"))


@in_event_loop
async def test_a_run_decided_anew_on_its_own_graph_goes_as_it_went(tmp_path: Path) -> None:
    """Nothing is asked of models or tools: its steps and its result are on record."""
    desk = Desk()
    async with interlock(desk, tmp_path) as client:
        run = await failed_run(client)

        again = await run.redecide(client.check(graph(NODES)))

        assert again.is_same
        assert desk.done == DONE


@in_event_loop
async def test_the_record_answers_for_no_other_agent_of_that_name(tmp_path: Path) -> None:
    """What another prompt would have come to can only be found out live."""
    store = tmp_path / "runs.db"
    async with interlock(Desk(), tmp_path, store=store) as client:
        run = (await failed_run(client)).id

    async with interlock(Desk(), tmp_path, prompt="You write well.", store=store) as client:
        again = await (await client.open(run)).redecide(client.check(graph(NODES)))

        assert again.ends == (AnswersEnd("write", "calls writer, which is another agent than was recorded"),)
        assert [(each.path, each.name) for each in again.would_not_do] == [
            ("write.1", "script/any"),
            ("write.2", "note"),
            ("write.3", "pay"),
            ("write.4", "script/any"),
            ("send", "send"),
        ]


CALLING = """
agent: caller
turns:
  - calls: [{tool: "graph__shop_d0bdf2", arguments: {amount: 7}}]
  - answer: {text: done}
"""
SHOP: dict[str, Any] = {
    "graph": "shop",
    "language": 1,
    "inputs": {"amount": "integer"},
    "nodes": {"buy": {"tool": "pay", "input": {"amount": "${inputs.amount}"}}},
}
CALLS: dict[str, Any] = {
    "call": {"agent": "caller", "input": {}},
    "send": {**NODES["send"], "input": {"text": "${call.text}"}},
}


@in_event_loop
async def test_what_an_agent_did_by_a_graph_that_it_called_is_part_of_what_it_did(tmp_path: Path) -> None:
    """It is taken over with it, told before it is done again, and decided anew like the rest."""
    desk = Desk()
    caller = agent("caller", prompt="You call.", tools=["graph:shop"], output={"text": "string"})
    async with interlock(desk, tmp_path, agents=[caller], script=CALLING, graphs={"shop": SHOP}) as client:
        run = await client.start(graph(CALLS))
        await run.wait()

        behind, of_it = (await run.prepare_fork("send")).fork, (await run.prepare_fork("call")).fork
        again = await run.redecide(client.check(graph(CALLS)))

        assert ([path for path, _ in behind.adopted], behind.repeats) == (["call"], ())
        assert [(each.path, each.tool, each.effect_class) for each in of_it.repeats] == [
            ("call", "caller", "paid"),
            ("call.2/buy", "pay", "once"),
        ]
        assert again.is_same


@pytest.mark.parametrize("limit", [{"calls": 2}, {"steps": 1}])
@in_event_loop
async def test_a_tighter_limit_shows_where_an_agent_would_have_been_stopped(
    tmp_path: Path, limit: dict[str, int]
) -> None:
    """Its recorded result is that of an agent which went on."""
    async with interlock(Desk(), tmp_path) as client:
        run = await failed_run(client)
        tighter = NODES | {"write": {**NODES["write"], "budget": limit}}

        again = await run.redecide(client.check(graph(tighter)))

        [(name, count)] = limit.items()
        told = f"calls writer, which would have been stopped: the budget of {count} {name} is spent"
        assert again.ends == (AnswersEnd("write", told),)
