"""A process that drives runs and tells line by line what is recorded; what is typed to it releases its tools.

    python -m tests.chaos.driver FILE RUNS

It starts as many runs as it is told, and says `run ID` of each, then `event ID SEQ TYPE PATH` of what is recorded, and
in the end `ended ID STATUS` or `failed ID ERROR`. `holding` says that a tool waits; a line on standard input lets all
of them go on.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock import Interlock, RunHandle, tool
from interlock.store import StoreError

GRAPH: Mapping[str, Any] = {
    "graph": "held",
    "nodes": {
        "first": {"tool": "note", "input": {"text": "first"}},
        "held": {"tool": "hold", "after": "first"},
        "last": {"tool": "note", "input": {"text": "last"}, "after": "held"},
    },
}


def say(*words: object) -> None:
    """One line for whoever listens."""
    print(*words, flush=True)  # noqa: T201 - what the test waits for


def tools(notes: Path, *, holding: asyncio.Event | None = None) -> list[Any]:
    """A tool that writes a line, and one that waits to be let go (at once, where nothing is held)."""

    @tool(effect="idempotent")
    async def note(text: str) -> None:
        with notes.open("a") as file:
            file.write(f"{text}\n")

    @tool(effect="idempotent")
    async def hold() -> None:
        if holding is not None:
            say("holding")
            await holding.wait()

    return [note, hold]


async def drive(place: Path, runs: int) -> None:
    """Start runs, and tell of them until they end."""
    holding, loop = asyncio.Event(), asyncio.get_running_loop()

    def listen() -> None:
        sys.stdin.readline()
        loop.call_soon_threadsafe(holding.set)

    threading.Thread(target=listen, daemon=True).start()
    async with Interlock(place, tools=tools(place.with_name("notes"), holding=holding)) as interlock:
        started = [await interlock.start(GRAPH) for _ in range(runs)]
        for run in started:
            say("run", run.id)
        await asyncio.gather(*map(_tell, started))


async def _tell(run: RunHandle) -> None:
    following = asyncio.create_task(_follow(run))
    try:
        say("ended", run.id, (await run.wait()).status)
    except StoreError as trouble:
        say("failed", run.id, type(trouble).__name__)
    following.cancel()


async def _follow(run: RunHandle) -> None:
    async for event in run.events(follow=True):
        say("event", run.id, event.seq, event.type, event.path)


if __name__ == "__main__":
    asyncio.run(drive(Path(sys.argv[1]), int(sys.argv[2])))
