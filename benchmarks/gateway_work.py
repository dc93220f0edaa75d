"""The work of every row of the gateway's benchmark: one request of an agent, again and again, and how it is timed.

A row is a process of its own that asks the same fake server. It is told on its standard input what to do next, and
answers with a line of JSON: so rows take turns, and none of them runs while another is measured. This module is run by
interpreters that know nothing of Interlock, so it stands on the standard library alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, TypeAlias

MODEL: Final = "fake"
PRICE_PER_MILLION: Final = {"input": "1", "output": "2"}
ANSWER: Final = {"number": 42, "why": "The tests passed once the number was forty-two, and not before."}
ANSWER_TEXT: Final = json.dumps(ANSWER, separators=(",", ":"))
TOKENS_MAX: Final = 1_024

OUTPUT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"number": {"type": "integer"}, "why": {"type": "string"}},
    "required": ["number", "why"],
    "additionalProperties": False,
}
INSTRUCTIONS: Final = "You change a number until its tests pass. " * 12
TASK: Final = "The number is 41 and one test of seven fails: `expected 42`. Look at it, change it, run the tests again."


def tool(name: str, description: str) -> dict[str, Any]:
    """A tool that is offered with the request."""
    schema = {"type": "object", "properties": {"by": {"type": "integer"}}, "additionalProperties": False}
    return {"name": name, "description": description, "schema": schema}


TOOLS: Final = (
    tool("look", "See the number as it is now."),
    tool("change", "Add to the number."),
    tool("run_tests", "Run the tests, and see which fail and why."),
)


SCHEMA_TOLD: Final = (
    "Answer with one JSON value that this JSON Schema describes, and with nothing else: no prose before or after it, "
    f"and no code fence.\n{json.dumps(OUTPUT, separators=(',', ':'), sort_keys=True)}"
)


def sent_to_openai() -> dict[str, Any]:
    """The request in the words of OpenAI's library, as whoever calls that library would write it."""
    functions = [{"name": t["name"], "description": t["description"], "parameters": t["schema"]} for t in TOOLS]
    return {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": f"{INSTRUCTIONS}\n\n{SCHEMA_TOLD}"},
            {"role": "user", "content": TASK},
        ],
        "tools": [{"type": "function", "function": function} for function in functions],
        "max_tokens": TOKENS_MAX,
    }


class Task(NamedTuple):
    """What a row is told to do: so many requests, so many at once, streamed or not."""

    calls: int
    at_once: int
    is_streamed: bool


Ask: TypeAlias = Callable[[bool], Awaitable[None]]
"""One request; whether its answer is streamed."""


async def serve(ask: Ask, *, import_seconds: float, began: float) -> None:
    """Do what the standard input says until it ends. The first answer is asked for before anything is measured."""
    imported = resident_megabytes()
    await ask(False)  # noqa: FBT003 - what the runner says later
    ready = {"ready_s": time.perf_counter() - began, "ready_mb": resident_megabytes()}
    print(json.dumps({"import_s": import_seconds, "import_mb": imported, **ready}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await measured(ask, Task(*json.loads(line)))), flush=True)


async def measured(ask: Ask, task: Task) -> dict[str, Any]:
    """How long each took, all together, and the processor time of this process for one."""
    took: list[float] = []
    left = iter(range(task.calls))

    async def one_after_the_other() -> None:
        for _ in left:
            began = time.perf_counter()
            await ask(task.is_streamed)
            took.append(time.perf_counter() - began)

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(task.at_once)))
    wall = time.perf_counter() - began
    return {"took": took, "wall": wall, "cpu": (time.process_time() - cpu) / task.calls}


def resident_megabytes() -> float:
    """The memory that this process holds."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - the shortest way that every interpreter has
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
