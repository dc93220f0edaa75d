"""Interlock beside the raw limit and its peers: the same work on one machine in one run, and the ratios.

    make bench                      five rounds of everything, about five minutes
    make bench ROUNDS=1 QUICK=1     does it run at all

Rounds go through all rows in turn, so that a change of the disk's mood falls on all. Every figure is the median of
the rounds; ratios are made within a round and then their median is taken. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measuring as m

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers" / "bin" / "python"
ROWS = {"raw": sys.executable, "interlock": sys.executable, "langgraph": str(PEERS), "dbos": str(PEERS)}
FIGURES = {
    "chain, steps/s": ("chain", "steps_per_s"),
    "chain, CPU us/step": ("chain", "cpu_us_per_step"),
    "chain, commits/step": ("chain", "commits_per_step"),
    "runs at once, steps/s": ("at_once", "steps_per_s"),
    "runs at once": ("at_once", "runs"),
    "runs at once, CPU us/step": ("at_once", "cpu_us_per_step"),
    "fan of 100, ms": ("fan_ms",),
    "start, ms": ("start_ms",),
    "fork from step 6 to its end, ms": ("fork_ms",),
    "replay of ten steps, ms": ("replay_ms",),
    "loop, rounds/s": ("loop", "rounds_per_s"),
    "loop, last to first tenth": ("loop", "last_to_first_tenth"),
    "loop, bytes/round": ("loop", "bytes_per_round"),
    "disk, ms a commit": ("disk_ms",),
}


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="rows to run, by comma")
    parser.add_argument("--forks", action="store_true", help="forks and replays alone")
    parser.add_argument("--out", type=Path, help="keep every round's figures in this file")
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else list(ROWS)
    rows = {name: python for name, python in ROWS.items() if name in wanted and Path(python).exists()}
    for name in sorted(set(wanted) - rows.keys()):
        print(f"{name} is not installed and left out")
    words = [word for word, is_given in (("--quick", given.quick), ("--forks", given.forks)) if is_given]
    rounds = [_round(rows, number, words) for number in range(given.rounds)]
    if given.out:
        given.out.write_text(json.dumps(rounds, indent=1))
    print(_table(rounds, list(rows)))
    print(_ratios(rounds))


def _round(rows: dict[str, str], number: int, words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, python in rows.items():
        found[name] = _row(name, python, words)
        print(f"round {number + 1}: {name} done", file=sys.stderr, flush=True)
    return found


def _row(name: str, python: str, words: list[str]) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix=f"interlock-bench-{name}-", dir=os.environ.get("BENCH_FOLDER", HERE)))
    try:
        disk = m.disk_probe(folder)
        command = [python, str(HERE / f"{name}_row.py"), "--folder", str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=HERE)
        lines = [line for line in done.stdout.splitlines() if line.startswith("ROW ")]
        if not lines:
            raise SystemExit(f"{name} gave no result:\n{done.stderr[-2_000:]}")
        return json.loads(lines[-1].removeprefix("ROW ")) | {"disk_ms": disk}
    finally:
        shutil.rmtree(folder)


def _figure(row: dict[str, Any], place: tuple[str, ...]) -> float | None:
    found: Any = row
    for key in place:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _median(rounds: list[dict[str, Any]], row: str, place: tuple[str, ...]) -> float | None:
    found = [figure for each in rounds if (figure := _figure(each[row], place)) is not None]
    return statistics.median(found) if found else None


def _table(rounds: list[dict[str, Any]], rows: list[str]) -> str:
    lines = ["| median of " + str(len(rounds)) + " | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for label, place in FIGURES.items():
        cells = [_median(rounds, row, place) for row in rows]
        if set(cells) == {None}:
            continue
        lines.append(f"| {label} | " + " | ".join("-" if cell is None else f"{cell:,.6g}" for cell in cells) + " |")
    return "\n".join(lines)


def _ratios(rounds: list[dict[str, Any]]) -> str:
    peers = [name for name in ("langgraph", "dbos") if name in rounds[0]]
    if "interlock" not in rounds[0]:
        return ""
    lines = ["", "ratios, each made within its round:"]
    is_whole = "chain" in rounds[0]["interlock"]
    if "raw" in rounds[0] and is_whole:
        lines.append(f"  chain to the raw row: {_ratio(rounds, ('chain', 'steps_per_s'), ['raw']):.2f}")
    if peers and is_whole:
        lines += [
            f"  chain to the best peer: {_ratio(rounds, ('chain', 'steps_per_s'), peers):.1f} times",
            f"  runs at once to the best peer: {_ratio(rounds, ('at_once', 'steps_per_s'), peers):.1f} times",
            f"  fan to the best peer's time: {_ratio(rounds, ('fan_ms',), peers, best=min):.2f}",
            f"  start to the best peer's time: {_ratio(rounds, ('start_ms',), peers, best=min):.2f}",
        ]
    if peers:
        lines.append(f"  fork to the best peer's time: {_ratio(rounds, ('fork_ms',), peers, best=min):.2f}")
    return "\n".join(lines)


def _ratio(
    rounds: list[dict[str, Any]], place: tuple[str, ...], others: list[str], best: Callable[[list[float]], float] = max
) -> float:
    found: list[float] = []
    for each in rounds:
        ours = _figure(each["interlock"], place)
        theirs = [figure for other in others if (figure := _figure(each[other], place)) is not None]
        assert ours is not None
        found.append(ours / best(theirs))
    return statistics.median(found)


if __name__ == "__main__":
    main()
