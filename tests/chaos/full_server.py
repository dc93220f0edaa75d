"""A server whose disk fills up under a worker, and has room again after a while.

    unshare --mount python -m tests.chaos.full_server FOLDER

Its data lie in a small file system of their own, in memory, half of which is taken by something else. Runs with large
values are started until the server has no room left and the worker has said so; then what took the room is removed.
Prints what the worker said and what came of the runs. To mount something takes root, and a namespace of one's own.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from dev.postgres import PostgresServer, running_postgres
from interlock import Interlock, tool
from interlock.core.lifecycle import RUN_ENDED
from interlock.store import StoreError
from tests.chaos.fleet.processes import WorkerProcess, start_worker

DISK_MEGABYTES: Final = 160
BALLAST_MEGABYTES: Final = 88
SETTINGS: Final = {"max_wal_size": "32MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}
RUNS: Final = 30
NODES: Final = 20
SIZE: Final = 50_000
LATEST_SECONDS: Final = 60

GROWING: Final = {
    "graph": "growing",
    "nodes": {f"n{n}": {"tool": "grow", "after": [f"n{n - 1}"] if n else []} for n in range(NODES)},
    "outputs": {"size": f"${{n{NODES - 1}.size()}}"},
}


@tool(effect="read")
async def grow() -> str:
    """Something large, never the same, that does not compress to less than half."""
    return secrets.token_hex(SIZE)


async def fill(server: PostgresServer, folder: Path, ballast: Path) -> dict[str, Any]:
    """Start runs until it is full, make room, and wait for their ends."""
    worker = start_worker(folder, "worker", store=server.address, tools="tests.chaos.full_server", lease_seconds=3)
    try:
        async with Interlock(server.address, tools=[grow]) as interlock:
            acknowledged = await _started(interlock)
            full = await _until(lambda: "disk is full" in worker.log.read_text() or server.has_ended)
            await asyncio.to_thread(ballast.unlink)
            if server.has_ended:
                server.start()  # as whatever looks after a server would
            statuses = await _ends(interlock, acknowledged)
            verdicts = [(await (await interlock.open(run)).replay()).verdict for run in acknowledged]
        return {
            "was_full": full,
            "acknowledged": len(acknowledged),
            "ended": statuses,
            "verified": Counter(verdicts),
            "exit_code": await asyncio.to_thread(worker.leave),
            "said": _said(worker),
        }
    finally:
        if not worker.is_gone:
            worker.kill()


async def _started(interlock: Interlock) -> list[str]:
    """Runs whose start was acknowledged: those that came too late were refused."""
    graph, started = interlock.check(GROWING), list[str]()
    for number in range(RUNS):
        with suppress(StoreError):
            started.append((await interlock.start(graph, key=f"run-{number}", detach=True)).id)
    return started


async def _ends(interlock: Interlock, runs: list[str]) -> dict[str, int]:
    statuses: dict[str, str] = {}

    async def look() -> None:
        with suppress(StoreError):
            statuses.update({row.run: row.status for row in await interlock.runs(limit=1_000) if row.run in runs})

    def have_ended() -> bool:
        return len(statuses) == len(runs) and all(status in RUN_ENDED for status in statuses.values())

    deadline = time.monotonic() + LATEST_SECONDS
    while time.monotonic() < deadline and not have_ended():
        await look()
        await asyncio.sleep(0.2)
    return Counter(statuses.values())


async def _until(moment: Any) -> bool:  # noqa: ANN401 - says whether it has come
    deadline = time.monotonic() + LATEST_SECONDS
    while not moment() and time.monotonic() < deadline:  # noqa: ASYNC110 - other processes bring it
        await asyncio.sleep(0.05)
    return bool(moment())


def _said(worker: WorkerProcess) -> list[str]:
    """What the worker said in trouble, each once."""
    lines = worker.log.read_text().splitlines()
    return sorted({line for line in lines if line.startswith(("store_away", "run_not_driven", "run_let_go"))})


def main() -> None:
    """Mount, fill, tell."""
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True)
    # Not below the folder: the server may run as somebody else, who must come to its data.
    with tempfile.TemporaryDirectory(prefix="interlock-disk-") as named:
        disk = Path(named)
        disk.chmod(0o755)
        _mount(disk)
        try:
            with running_postgres(parent=disk, settings=SETTINGS) as server:
                ballast = disk / "ballast"
                ballast.write_bytes(bytes(BALLAST_MEGABYTES << 20))
                json.dump(asyncio.run(fill(server, folder, ballast)), sys.stdout, indent=2)
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(disk: Path) -> None:
    options = f"size={DISK_MEGABYTES}m,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True)


if __name__ == "__main__":
    main()
