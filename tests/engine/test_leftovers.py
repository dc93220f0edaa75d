"""What a run leaves in memory once it is over: nothing that only the garbage collector could find.

A collector that has to look for what is over looks at everything that is not, too: of a hundred runs at once it took a
sixth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from interlock import Interlock, tool
from tests.store.event_loop import in_event_loop


@tool(effect="read")
async def look(n: int) -> int:
    """An async tool."""
    return n


@tool(effect="idempotent")
def count(n: int) -> int:
    """A tool in a thread."""
    return n + 1


TWICE = {
    "graph": "twice",
    "nodes": {"one": {"tool": "look", "input": {"n": 1}}, "two": {"tool": "count", "input": {"n": "${one}"}}},
}


@contextmanager
def left_to_the_collector() -> Generator[list[object]]:
    """What becomes unreachable meanwhile, and is freed by nobody else."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@in_event_loop
async def test_a_run_leaves_nothing_to_the_garbage_collector(tmp_path: Path) -> None:
    """Neither its calls nor what drove it hold each other when they are over."""
    async with Interlock(tmp_path / "runs.db", tools=[look, count]) as interlock:
        twice = interlock.check(TWICE)
        await interlock.run_async(twice)
        with left_to_the_collector() as found:
            await interlock.run_async(twice)

    assert [thing for thing in found if type(thing).__module__.startswith("interlock")] == []
