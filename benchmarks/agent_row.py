"""An agent's loop through the engine, with everything on record: twelve tool calls, each in a turn of its own.

Its model is scripted and takes no time, and its tools do nothing, so what is left is what the engine does for a step: a
step is one answer of a model or one call of a tool.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, Final

import measuring as m

from interlock import Interlock, tool
from interlock.agents import agent, collect_agents
from interlock.agents.observations import ModelSaid, ToolAnswer, ToolsAnswered
from interlock.agents.stepping.step import begin, step
from interlock.core.messages import AskedCall, ModelReply
from interlock.core.values import digest_of
from interlock.embedded.graphs import CheckedGraph
from interlock.tools.toolbox import collect_tools

TOOL_CALLS: Final = 12
STEPS: Final = 2 * TOOL_CALLS + 1
RUNS: Final = 20
RUNS_AT_ONCE: Final = 50
SCRIPT: Final = (
    "turns:\n"
    + "".join(
        f"  - calls: [{{tool: look, arguments: {{at: {n}}}}}]\n  - calls: [{{tool: change, arguments: {{by: {n}}}}}]\n"
        for n in range(TOOL_CALLS // 2)
    )
    + "  - answer: {number: 42}\n"
)
GRAPH: Final[dict[str, Any]] = {
    "graph": "fix",
    "nodes": {"fix": {"agent": "fixer", "input": {"target": 42}, "budget": {"usd": "1"}}},
}


@tool(effect="read")
async def look(at: int) -> dict[str, Any]:
    """See the number."""
    return m.payload(at)


@tool(effect="idempotent")
async def change(by: int) -> dict[str, Any]:
    """Change the number."""
    return m.payload(by)


FIXER: Final = agent(
    "fixer",
    prompt="You change a number until it is {{ input.target }}. " * 10,
    tools=["look", "change"],
    input={"target": "integer"},
    output={"number": "integer"},
    limits={"steps": 40},
)


async def row(folder: Path, *, quick: bool) -> dict[str, Any]:
    """One after the other, then many at once."""
    (folder / "models").mkdir()
    (folder / "models" / "fixer.yaml").write_text(SCRIPT)
    place, runs, many = folder / "agents.db", 3 if quick else RUNS, 5 if quick else RUNS_AT_ONCE
    models = {"providers": {"script": {"kind": "scripted", "path": "models", "concurrency": 64}}}
    async with Interlock(place, tools=[look, change], agents=[FIXER], models=models, folder=folder) as interlock:
        graph = interlock.check(GRAPH)
        await _run(interlock, graph)
        one = await _measured(interlock, graph, place, runs, at_once=1)
        at_once = await _measured(interlock, graph, place, many, at_once=many)
    pure = [_pure_steps() for _ in range(3 if quick else 40)]
    return {
        "one": one,
        "many": at_once,
        "runs": many,
        "disk_ms": m.disk_probe(folder),
        "first_action_ms": min(began for began, _ in pure),
        "turn_ms": min(turn for _, turn in pure),
    }


def _pure_steps() -> tuple[float, float]:
    """What the agent's own rules take, without engine and disk: until its first action, and for a turn; in ms.

    A turn reads an answer, checks its call, takes the result, and compiles the next request with its manifest.
    """
    contract, toolbox = collect_agents([FIXER]).contracts()["fixer"], collect_tools([look, change]).contracts()
    began = m.now()
    state, _ = begin(contract, toolbox, {"target": 42})
    opened = m.now()
    for number in range(TOOL_CALLS):
        call = AskedCall(f"c{number}", ("look", "change")[number % 2], {("at", "by")[number % 2]: number})
        state, _ = step(contract, toolbox, state, ModelSaid(ModelReply("", (call,), "calls")))
        out = m.payload(number)
        answer = ToolAnswer(call_id=call.id, tool=call.tool, out=out, digest=digest_of(out))
        state, _ = step(contract, toolbox, state, ToolsAnswered((answer,)))
    return (opened - began) * 1e3, (m.now() - opened) / TOOL_CALLS * 1e3


async def _measured(interlock: Interlock, graph: CheckedGraph, place: Path, runs: int, *, at_once: int) -> Any:
    before, cpu, began = _commits(place), m.Cpu(), m.now()
    sizes: list[int] = []
    for _ in range(runs // at_once):
        sizes += await asyncio.gather(*(_run(interlock, graph) for _ in range(at_once)))
    wall, steps = m.now() - began, runs * STEPS
    return {
        "steps_per_s": steps / wall,
        "ms_per_step": wall / steps * 1e3,
        "cpu_ms_per_step": cpu.micros_each(steps)["cpu_us_per_step"] / 1e3,
        "commits_per_step": (_commits(place) - before) / steps,
        "bytes_per_step": sum(sizes) / steps,
    }


async def _run(interlock: Interlock, graph: CheckedGraph) -> int:
    """A run to its end; how many bytes it takes."""
    handle = await interlock.start(graph)
    result = await handle.wait()
    assert result.outputs == {"fix": {"number": 42}}, result
    return (await interlock.retention.size_of(handle.id)).own


def _commits(place: Path) -> int:
    """How many appends there are: each is a commit, but where several wait for the disk together."""
    with sqlite3.connect(place) as file:
        return file.execute("select count(*) from event where opens_at is not null").fetchone()[0]


if __name__ == "__main__":
    given = m.options()
    m.emit(asyncio.run(row(given.folder, quick=given.quick)))
