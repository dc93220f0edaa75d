"""A process that runs an `each` over ten thousand items and says how much memory that took.

python -m tests.chaos.wide FILE ITEMS
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from interlock import Interlock, tool

GRAPH = {
    "graph": "wide",
    "inputs": {"count": "integer"},
    "nodes": {
        "all_numbers": {"tool": "numbers", "input": {"count": "${inputs.count}"}},
        "described": {
            "each": "${all_numbers}",
            "parallel": 50,
            "do": {"tool": "describe", "input": {"number": "${item}"}},
        },
        "size": {"value": "${described.size()}"},
    },
    "outputs": {"size": "${size}"},
}


@tool(effect="read")
def numbers(count: int) -> list[int]:
    """So many numbers."""
    return list(range(count))


@tool(effect="read")
async def describe(number: int) -> dict[str, str]:
    """Some text about a number."""
    return {"text": f"{number:08} " * 50}


def peak_bytes() -> int:
    """The most memory that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def run(place: Path, items: int) -> None:
    """Run it, and say what it took beyond what the process held before."""
    before = peak_bytes()
    async with Interlock(place, tools=[numbers, describe]) as interlock:
        handle = await interlock.start(GRAPH, {"count": items})
        status = await handle.ended()
        driving = peak_bytes() - before
        outputs = (await handle.result()).outputs
    told = {"status": status, "outputs": outputs, "driving": driving, "telling": peak_bytes() - before}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
