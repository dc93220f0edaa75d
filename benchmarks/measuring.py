"""What every row of the benchmark is measured with: the same work, the same clock, the same statistics.

A row is a script that does the work on one engine and one store and prints one last line, `ROW {json}`. It runs in its
own process, with its own folder and its own database, so that no engine sees another's caches.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

now = time.perf_counter
"""Counts from the start of the machine, so what one process has seen can be compared with what another one has."""

ADDRESS_VARIABLE: Final = "BENCH_POSTGRES"
"""Names the database of a row that is measured on PostgreSQL: not a flag, since it has a password in it."""
SERVER_VARIABLE: Final = "BENCH_POSTGRES_PID"
"""The process of that server, whose processor time is part of the price."""

STEPS = 10
"""The length of the chain."""
CHAIN_SECONDS = 1.5
RUNS_AT_ONCE = 500
FAN = 100
STARTS = 30
STARTS_ELSEWHERE = 200
FORKS = 20
FORKED_FROM = 6
"""The step from which a finished chain is taken another course: those before it are taken over, five run again."""
ROUNDS = 2_000
LAST_READ = 20
TEXT = "x" * 128


def measured_disk() -> Path:
    """A folder on the disk that is measured: everything that is written goes there."""
    folder = Path(os.environ.get("BENCH_FOLDER") or Path(__file__).resolve().parents[1] / "build")
    folder.mkdir(exist_ok=True)
    return folder


def payload(number: int) -> dict[str, Any]:
    """What every step gives: about 150 bytes."""
    return {"i": number, "text": TEXT}


def options() -> argparse.Namespace:
    """What the runner tells a row; `postgres` is the address of its database, and empty on SQLite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run at all")
    parser.add_argument("--forks", action="store_true", help="forks and replays alone")
    given = parser.parse_args()
    given.postgres = os.environ.get(ADDRESS_VARIABLE, "")
    return given


class Cpu:
    """The processor time of this process and of the server: a busy machine blurs it far less than the clock's."""

    def __init__(self) -> None:
        self._began, self._server_began = time.process_time(), _server_seconds()

    def micros_each(self, steps: int) -> dict[str, float]:
        """Microseconds a step since this was made."""
        mine = round((time.process_time() - self._began) / steps * 1e6, 1)
        server = round((_server_seconds() - self._server_began) / steps * 1e6, 1)
        return {"cpu_us_per_step": mine} | ({"server_cpu_us_per_step": server} if server else {})


def _server_seconds() -> float:
    server = os.environ.get(SERVER_VARIABLE)
    return process_seconds(int(server)) if server else 0.0


def process_seconds(process: int) -> float:
    """The processor time of a process and of all below it. One that has gone meanwhile is in its parent's."""
    try:
        times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    own = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    return own + sum(process_seconds(int(child)) for child in children)


def chains(seconds: Sequence[float], cpu: dict[str, float]) -> dict[str, Any]:
    """The figures of chains that ran one after the other."""
    steps = len(seconds) * STEPS
    return {
        "steps_per_s": round(steps / sum(seconds)),
        "step_ms_p50": round(statistics.median(seconds) / STEPS * 1e3, 3),
        **cpu,
    }


def at_once(wall: float, runs: int, cpu: dict[str, float] | None = None) -> dict[str, Any]:
    """The figures of many chains at the same time."""
    return {"runs": runs, "steps_per_s": round(runs * STEPS / wall), **(cpu or {})}


def middle_ms(seconds: Sequence[float]) -> float:
    """The median, in milliseconds."""
    return round(statistics.median(seconds) * 1e3, 3)


def worst_of_hundred_ms(seconds: Sequence[float]) -> float:
    """What one in a hundred exceeds, in milliseconds."""
    return round(sorted(seconds)[int(len(seconds) * 0.99)] * 1e3, 3)


def growth(began: Sequence[float], ended: float) -> dict[str, Any]:
    """How the last tenth of a long loop compares with the first, by the times at which its rounds began."""
    tenth = max(2, len(began) // 10)
    first = (tenth - 1) / (began[tenth - 1] - began[0])
    last = tenth / (ended - began[-tenth])
    return {
        "rounds": len(began),
        "rounds_per_s": round(len(began) / (ended - began[0])),
        "last_to_first_tenth": round(last / first, 3),
    }


def emit(row: dict[str, Any]) -> None:
    """The row's result, for the runner."""
    sys.stdout.write("ROW " + json.dumps(row) + "\n")
    sys.stdout.flush()


def disk_probe(folder: Path, times: int = 200) -> float:
    """The median of appending 4 KiB and fdatasync, in milliseconds: what this disk asks for one durable commit."""
    path = folder / "probe"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.posix_fallocate(descriptor, 0, 4096 * times)
    os.fsync(descriptor)
    took: list[float] = []
    for number in range(times):
        began = now()
        os.pwrite(descriptor, b"\0" * 4096, 4096 * number)
        os.fdatasync(descriptor)
        took.append(now() - began)
    os.close(descriptor)
    path.unlink()
    return round(statistics.median(took) * 1e3, 3)
