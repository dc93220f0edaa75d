"""A process that runs out of room: it may write so many bytes, and tells of each event that was acknowledged.

python -m tests.chaos.full_disk FILE BYTES
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock import Interlock, RunHandle, tool
from interlock.store import StoreError

NODES = 20
SIZE = 50_000


@tool(effect="idempotent")
async def make(n: int) -> str:
    """Something large that does not compress."""
    return random.Random(n).randbytes(SIZE).hex()  # noqa: S311 - the same each time


def graph() -> Mapping[str, Any]:
    """A chain of nodes, each with something large to keep."""
    after = {n: [f"n{n - 1}"] if n else [] for n in range(NODES)}
    nodes = {f"n{n}": {"tool": "make", "input": {"n": n}, "after": after[n]} for n in range(NODES)}
    return {"graph": "large", "nodes": nodes, "outputs": {"size": f"${{n{NODES - 1}.size()}}"}}


async def live(place: Path) -> None:
    """Drive a run until there is no room for more, and say what was acknowledged and what was told."""
    async with Interlock(place, tools=[make]) as interlock:
        run = await interlock.start(graph())
        acknowledged: list[int] = []
        following = asyncio.create_task(_follow(run, acknowledged))
        try:
            await run.wait()
            told, reason = "", ""
        except StoreError as trouble:
            told, reason = str(trouble), getattr(trouble, "reason", "")
        following.cancel()
    json.dump({"run": run.id, "acknowledged": acknowledged, "told": told, "reason": reason}, sys.stdout)


async def _follow(run: RunHandle, acknowledged: list[int]) -> None:
    async for event in run.events(follow=True):
        acknowledged.append(event.seq)  # noqa: PERF401 - what was seen before the end must be there as well


if __name__ == "__main__":
    bytes_max = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))
    asyncio.run(live(Path(sys.argv[1])))
