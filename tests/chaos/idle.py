"""What workers that have nothing to do ask of PostgreSQL, counted by the server itself.

    python -m tests.chaos.idle FOLDER --runs 10000 --workers 3 --seconds 60

So many runs are started that all wait for a person; then the workers, each of which comes to the server under a name of
its own, are left alone for a while. Prints how many statements each of them sent a second, and which they were.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dev.postgres import PostgresServer, running_postgres
from interlock import Interlock
from tests.chaos.fleet.audit import Audit
from tests.chaos.fleet.processes import WorkerProcess, start_worker

SCHEMA: Final = "idle"
GRAPH: Final = {"graph": "asks", "nodes": {"ask": {"human": "Go on?", "choices": ["yes", "no"]}}}
LOGGED: Final = {"log_statement": "all", "log_line_prefix": "%u|"}
"""Settings of a server that writes down every statement, and by whom it was sent."""
QUIET_SECONDS: Final = 10.0
"""How long workers are left alone before it is counted: what they began with has ended."""
STARTED_AT_ONCE: Final = 100

_STATEMENT: Final = re.compile(
    r"^(?P<who>\w+)\|LOG:  (?:statement|execute [^:]*): (?P<what>.*(?:\n\t.*){0,2})", re.MULTILINE
)


def statements(log: str) -> Counter[tuple[str, str]]:
    """How often who has sent what, by the log of a server; of a statement, how it begins."""
    return Counter((found["who"], " ".join(found["what"].split())) for found in _STATEMENT.finditer(log))


async def measure(server: PostgresServer, folder: Path, *, runs: int, workers: int, seconds: float) -> dict[str, Any]:
    """Let all runs come to rest, and count."""
    async with Interlock(f"{server.address}?schema={SCHEMA}") as interlock:
        audit = await Audit.over(server.address, SCHEMA)
        hired: list[WorkerProcess] = []
        try:
            await _wait_for_people(interlock, audit, folder, runs)
            for number in range(workers):
                store = await audit.address_for(f"idle_{number}")
                hired.append(start_worker(folder, f"idle_{number}", store=store))
            await asyncio.sleep(QUIET_SECONDS)
            before = statements(server.log)
            await asyncio.sleep(seconds)
            sent = statements(server.log) - before
        finally:
            for worker in hired:
                worker.leave()
            await audit.close()
    return {
        "waiting_runs": runs,
        "seconds": seconds,
        "a_second": {worker.name: round(_sent_by(sent, worker.name) / seconds, 3) for worker in hired},
        "statements": {worker.name: _listed(sent, worker.name) for worker in hired},
    }


async def _wait_for_people(interlock: Interlock, audit: Audit, folder: Path, runs: int) -> None:
    """Start runs, and have a worker drive them to where they wait."""
    worker = start_worker(folder, "first", store=await audit.address_for("first"))
    try:
        for left in range(runs, 0, -STARTED_AT_ONCE):
            starts = [interlock.start(GRAPH, detach=True) for _ in range(min(left, STARTED_AT_ONCE))]
            await asyncio.gather(*starts)
        while len(await interlock.runs(status="waiting", limit=runs)) < runs:  # noqa: ASYNC110 - another process moves them
            await asyncio.sleep(0.5)
    finally:
        worker.leave()


def _sent_by(sent: Counter[tuple[str, str]], who: str) -> int:
    return sum(count for (sender, _), count in sent.items() if sender == who)


def _listed(sent: Counter[tuple[str, str]], who: str) -> dict[str, int]:
    return {what[:90]: count for (sender, what), count in sent.most_common() if sender == who}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure it, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.idle")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "world").mkdir(exist_ok=True)
    began = time.monotonic()
    with running_postgres(settings=LOGGED) as server:
        told = asyncio.run(
            measure(server, given.folder.absolute(), runs=given.runs, workers=given.workers, seconds=given.seconds)
        )
    json.dump(told | {"took": round(time.monotonic() - began)}, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
