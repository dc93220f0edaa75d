"""Interlock's gateway to models beside the provider's own library and beside LiteLLM's, on one fake server in one run.

    make bench-gateway                    five rounds, then what an agent's steps cost with everything on record
    make bench-gateway ROUNDS=1 QUICK=1   does it run at all

Each row is a process of its own; all ask the same server, which is another. Rounds go through the rows in turn, in
small portions, so that a change of the machine's mood falls on all. What a gateway adds is reckoned within each round
against the library called directly; a peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import gateway_work as work
import measuring as m

HERE: Final = Path(__file__).resolve().parent
PEERS_PYTHON: Final = HERE.parent / "build" / "gateway-peers" / "bin" / "python"
DIRECT: Final = "direct"
ROWS: Final = {
    DIRECT: (sys.executable, "gateway_direct_row.py"),
    "interlock": (sys.executable, "gateway_interlock_row.py"),
    "litellm": (str(PEERS_PYTHON), "gateway_litellm_row.py"),
}
CALLS: Final = 100
"""How many a row makes in its turn."""
AT_ONCE: Final = 16
ADDED_MS_MAX: Final = 1.0
SCRIPT: Final = f"turns: [{{answer: {json.dumps(work.ANSWER)}}}]\n"


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("gateway", "agents"), help="one half of it")
    given = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    if given.only != "agents":
        gateway(rounds=given.rounds, calls=20 if given.quick else CALLS)
    if given.only != "gateway":
        agents(quick=given.quick)
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


# --- the gateway -----------------------------------------------------------------------------------------------------


class Row:
    """A row's process, which does as it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready = self._line()

    def measure(self, task: work.Task) -> dict[str, Any]:
        """What came of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args} gave no result")
        return json.loads(line)


Round = dict[str, dict[str, dict[str, Any]]]
"""What was measured, by kind and row."""
KINDS: Final = {"in one piece": (1, False), "streamed": (1, True), f"{AT_ONCE} at a time": (AT_ONCE, False)}


def gateway(*, rounds: int, calls: int) -> None:
    """All rows on one server."""
    names = [name for name, (python, _) in ROWS.items() if Path(python).exists()]
    with ExitStack() as stack:
        url = stack.enter_context(fake_server())
        rows = {name: stack.enter_context(row(name, url)) for name in names}
        for each in rows.values():
            each.measure(work.Task(calls, 1, is_streamed=True))
        found: list[Round] = []
        for number in range(rounds):
            found.append({kind: _portion(rows, kind, calls, number) for kind in KINDS})
            print(f"round {number + 1} done", file=sys.stderr, flush=True)
        print(table(found, {name: each.ready for name, each in rows.items()}))


def _portion(rows: Mapping[str, Row], kind: str, calls: int, number: int) -> dict[str, dict[str, Any]]:
    """Each row in its turn, another one first each time, in four goes."""
    at_once, is_streamed = KINDS[kind]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
    for go in range(4):
        names = list(rows)
        first = (number + go) % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(rows[name].measure(work.Task(calls, at_once, is_streamed)))
    return {name: _together(goes) for name, goes in found.items()}


def _together(goes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    took = [seconds for go in goes for seconds in go["took"]]
    return {
        **{f"p{part}": _part(took, part) * 1e3 for part in (50, 95, 99)},
        "per_s": len(took) / sum(go["wall"] for go in goes),
        "cpu": statistics.mean(go["cpu"] for go in goes) * 1e3,
    }


def _part(seconds: Sequence[float], part: int) -> float:
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * part // 100)]


@contextmanager
def fake_server() -> Generator[str]:
    """A server that answers every request alike, in a process of its own; its address."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "any.yaml").write_text(SCRIPT)
        command = [sys.executable, "-m", "tests.models.fake_server", "--scripts", folder]
        with _process(command, cwd=HERE.parent) as process:
            assert process.stdout is not None
            yield process.stdout.readline().strip()


@contextmanager
def row(name: str, url: str) -> Generator[Row]:
    """The process of a row, once it has had its first answer."""
    python, script = ROWS[name]
    # Prices are looked up in what the package brings along: nothing is fetched.
    with _process(
        [python, str(HERE / script), url], cwd=HERE, LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="ERROR"
    ) as process:
        yield Row(process)


@contextmanager
def _process(command: Sequence[str], cwd: Path, **environment: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


# --- what is told ----------------------------------------------------------------------------------------------------


def table(rounds: Sequence[Round], ready: Mapping[str, Mapping[str, float]]) -> str:
    """Medians of the rounds, in Markdown, and whether what is aimed at was met."""
    lines = [_line([f"median of {len(rounds)}", *ready]), "|---" * (len(ready) + 1) + "|"]
    for kind in KINDS:
        lines += _of_kind(rounds, kind, list(ready))
    for label, key, digits in (
        ("import, s", "import_s", 2),
        ("memory after it, MB", "import_mb", 0),
        ("from the start to the first answer, s", "ready_s", 2),
        ("memory after that, MB", "ready_mb", 0),
    ):
        lines.append(_line([label, *(f"{each[key]:.{digits}f}" for each in ready.values())]))
    return "\n".join([*lines, *_verdicts(rounds)])


def _of_kind(rounds: Sequence[Round], kind: str, names: Sequence[str]) -> list[str]:
    if KINDS[kind][0] > 1:
        return [
            _line([f"{kind}, requests/s", *(f"{_median(rounds, kind, name, 'per_s'):.0f}" for name in names)]),
            _line([f"{kind}, CPU ms a request", *(f"{_median(rounds, kind, name, 'cpu'):.2f}" for name in names)]),
        ]
    lines = [_line([f"{kind}, p50 ms", *(f"{_median(rounds, kind, name, 'p50'):.2f}" for name in names)])]
    for part in ("p50", "p95", "p99"):
        cells = [_cell(_added(rounds, kind, name, part)) for name in names]
        lines.append(_line([f"{kind}, added {part} ms", *cells]))
    cells = [_cell(_added(rounds, kind, name, "cpu")) for name in names]
    return [*lines, _line([f"{kind}, added CPU ms", *cells])]


def _median(rounds: Sequence[Round], kind: str, name: str, key: str) -> float:
    return statistics.median(one[kind][name][key] for one in rounds)


def _added(rounds: Sequence[Round], kind: str, name: str, key: str) -> float | None:
    """What it adds to the direct call, within each round."""
    if name == DIRECT:
        return None
    return statistics.median(one[kind][name][key] - one[kind][DIRECT][key] for one in rounds)


def _verdicts(rounds: Sequence[Round]) -> list[str]:
    lines = ["", "aims:"]
    for kind, (at_once, _) in KINDS.items():
        added = _added(rounds, kind, "interlock", "p50")
        if at_once == 1 and added is not None:
            word = "met" if added <= ADDED_MS_MAX else "MISSED"
            lines.append(f"  {kind}: adds {added:.2f} ms at the median, at most {ADDED_MS_MAX}: {word}")
    return lines


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


# --- agents, with everything on record -------------------------------------------------------------------------------


def agents(*, quick: bool) -> None:
    """Whole runs of an agent through the engine, in a process of their own."""
    with tempfile.TemporaryDirectory(dir=m.measured_disk()) as folder:
        command = [sys.executable, str(HERE / "agent_row.py"), "--folder", folder, *(["--quick"] if quick else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
        rows = [line for line in done.stdout.splitlines() if line.startswith("ROW ")]
        if not rows:
            raise SystemExit(f"agent_row.py gave no result:\n{done.stderr[-2_000:]}")
        found = json.loads(rows[-1].removeprefix("ROW "))
    lines = [_line(["an agent of 12 tool calls, on SQLite", "one", f"{found['runs']} at once"]), "|---|---|---|"]
    for label, key in (
        ("steps/s", "steps_per_s"),
        ("ms a step", "ms_per_step"),
        ("CPU ms a step", "cpu_ms_per_step"),
        ("commits a step", "commits_per_step"),
        ("bytes a step", "bytes_per_step"),
    ):
        lines.append(_line([label, *(f"{found[how][key]:,.4g}" for how in ("one", "many"))]))
    for label, key in (
        ("its rules alone: ms until its first action", "first_action_ms"),
        ("its rules alone: ms a turn", "turn_ms"),
        ("disk, ms a commit", "disk_ms"),
    ):
        lines.append(_line([label, f"{found[key]:.3g}", ""]))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
