"""What every row of the benchmark is measured with: the same work, the same clock, the same statistics.

A row is a script that does the work on one engine and prints one last line, `ROW {json}`. It runs in its own process,
with its own folder, so that no engine sees another's caches.
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
from typing import Any

now = time.perf_counter

STEPS = 10
"""The length of the chain."""
CHAIN_SECONDS = 1.5
RUNS_AT_ONCE = 500
FAN = 100
STARTS = 30
FORKS = 20
FORKED_FROM = 6
"""The step from which a finished chain is taken another course: those before it are taken over, five run again."""
ROUNDS = 2_000
LAST_READ = 20
TEXT = "x" * 128


def payload(number: int) -> dict[str, Any]:
    """What every step gives: about 150 bytes."""
    return {"i": number, "text": TEXT}


def options() -> argparse.Namespace:
    """What the runner tells a row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run at all")
    parser.add_argument("--forks", action="store_true", help="forks and replays alone")
    return parser.parse_args()


class Cpu:
    """The processor time of this process: a busy machine blurs it far less than it blurs the clock on the wall."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def micros_each(self, steps: int) -> float:
        """Microseconds a step since this was made."""
        return round((time.process_time() - self._began) / steps * 1e6, 1)


def chains(seconds: Sequence[float], cpu_micros: float) -> dict[str, Any]:
    """The figures of chains that ran one after the other."""
    steps = len(seconds) * STEPS
    return {
        "steps_per_s": round(steps / sum(seconds)),
        "step_ms_p50": round(statistics.median(seconds) / STEPS * 1e3, 3),
        "cpu_us_per_step": cpu_micros,
    }


def at_once(wall: float, runs: int, cpu_micros: float) -> dict[str, Any]:
    """The figures of many chains at the same time."""
    return {"runs": runs, "steps_per_s": round(runs * STEPS / wall), "cpu_us_per_step": cpu_micros}


def middle_ms(seconds: Sequence[float]) -> float:
    """The median, in milliseconds."""
    return round(statistics.median(seconds) * 1e3, 3)


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
