"""The OpenAI-compatible endpoint beside LiteLLM's proxy, in front of one fake server in one run.

    make bench-openai                    five rounds
    make bench-openai ROUNDS=1 QUICK=1   does it run at all

Each is one process with one worker; the fake server and what asks are others. Interlock runs as `interlock up` has it,
with a pool of two models, limits of requests and tokens, the policy that holds where nobody wrote one, and each call on
record in SQLite before its model is asked and before its answer is told. LiteLLM has its limits in memory and keeps no
record. Rounds go through both in turn; what is added is reckoned within a round against the server asked directly.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import measuring as m
import openai_load as load

HERE: Final = Path(__file__).resolve().parent
LITELLM: Final = HERE.parent / "build" / "gateway-peers" / "bin" / "litellm"
INTERLOCK: Final = HERE.parent / ".venv" / "bin" / "interlock"
DIRECT: Final = "direct"
CONNECTIONS: Final = 32
REQUESTS: Final = 1_000
ONE_AFTER_THE_OTHER: Final = 100
LIMIT: Final = 1_000_000_000
"""A limit that is reckoned with and not reached."""
READY_SECONDS: Final = 90
TIMES_MIN: Final = 5.0
ADDED_SHARE_MAX: Final = 1 / 3

Round = dict[str, dict[str, float]]


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=m.measured_disk())))
        fake = stack.enter_context(fake_server())
        rows = {DIRECT: (fake, "fake", 0), "interlock": stack.enter_context(interlock(folder, fake))}
        if LITELLM.exists():
            rows["litellm"] = stack.enter_context(litellm(folder, fake))
        for url, model, _ in rows.values():
            asked(url, model, CONNECTIONS, 200)
        found = [measured_round(rows, number, quick=given.quick) for number in range(given.rounds)]
    print(table(found, list(rows)))
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


def measured_round(rows: Mapping[str, tuple[str, str, int]], number: int, *, quick: bool) -> Round:
    """Each in its turn, another one first each time."""
    names = [*rows][number % len(rows) :] + [*rows][: number % len(rows)]
    found: Round = {}
    for name in names:
        url, model, process = rows[name]
        before = processor_seconds(process)
        many = asked(url, model, CONNECTIONS, 200 if quick else REQUESTS)
        spent = processor_seconds(process) - before
        one = asked(url, model, 1, 20 if quick else ONE_AFTER_THE_OTHER)
        found[name] = {
            "per_s": many["per_s"],
            "p50_of_many": many["p50"],
            "cpu": spent * 1e3 / (200 if quick else REQUESTS),
            "p50": one["p50"],
            "p95": one["p95"],
        }
    print(f"round {number + 1} done", file=sys.stderr, flush=True)
    return found


def asked(url: str, model: str, connections: int, requests: int) -> dict[str, Any]:
    """What a process of its own has measured."""
    command = [sys.executable, str(HERE / "openai_load.py"), url, model, str(connections), str(requests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{url} could not be measured: {done.stderr[-2_000:]}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def processor_seconds(process: int) -> float:
    """The processor time that a process has taken by now; none of no process."""
    if not process:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- who is asked ----------------------------------------------------------------------------------------------------


@contextmanager
def fake_server() -> Generator[str]:
    """A server that answers every request alike; its address."""
    with _process([sys.executable, "-m", "tests.models.fake_server"], HERE.parent) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@contextmanager
def interlock(folder: Path, fake: str) -> Generator[tuple[str, str, int]]:
    """Interlock's server on a project of its own: its address, what is asked of it, its process."""
    project = folder / "project"
    (project / "graphs").mkdir(parents=True)
    (project / "tools").mkdir()
    models = ", ".join(
        f'{{model = "fake/{name}", price = {{input = "{price}", output = "{price}"}}}}'
        for name, price in (("fake", 1), ("other", 2))
    )
    (project / "interlock.toml").write_text(
        'store = ".interlock/interlock.db"\n[models.providers.fake]\nkind = "openai_compatible"\n'
        f'url = "{fake}"\nconcurrency = 256\nrequests_per_minute = {LIMIT}\ntokens_per_minute = {LIMIT}\n'
        f"[models.pools.default]\nmodels = [{models}]\n"
    )
    port = free_port()
    with _process([str(INTERLOCK), "up", "--port", str(port)], project) as process:
        until_ready(port)
        yield f"http://127.0.0.1:{port}/openai/v1", "default", process.pid


@contextmanager
def litellm(folder: Path, fake: str) -> Generator[tuple[str, str, int]]:
    """LiteLLM's proxy: the same."""
    declared = [
        {
            "model_name": "default",
            "litellm_params": {
                "model": f"openai/{name}",
                "api_base": fake,
                "api_key": "sk-bench",
                "rpm": LIMIT,
                "tpm": LIMIT,
            },
        }
        for name in ("fake", "other")
    ]
    config = folder / "litellm.yaml"
    config.write_text(json.dumps({"model_list": declared, "litellm_settings": {"telemetry": False}}))
    port = free_port()
    command = [str(LITELLM), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    # Prices are looked up in what the package brings along: nothing is fetched.
    environment = {
        "LITELLM_MASTER_KEY": load.KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "PATH": f"{LITELLM.parent}:{os.environ['PATH']}",
    }
    with _process(command, folder, **environment) as process:
        until_ready(port)
        yield f"http://127.0.0.1:{port}/v1", "default", process.pid


@contextmanager
def _process(command: Sequence[str], cwd: Path, **environment: str) -> Generator[subprocess.Popen[str]]:
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=told, text=True, cwd=cwd, env={**os.environ, **environment}
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def until_ready(port: int) -> None:
    """Wait until somebody listens there."""
    ends_at = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends_at:
        with socket.socket() as made:
            if made.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"nobody listens on port {port} after {READY_SECONDS} s")


# --- what is told ----------------------------------------------------------------------------------------------------


def table(rounds: Sequence[Round], names: Sequence[str]) -> str:
    """Medians of the rounds, in Markdown, and whether what is aimed at was met."""
    lines = [_line([f"median of {len(rounds)}", *names]), "|---" * (len(names) + 1) + "|"]
    for label, key, digits in (
        (f"{CONNECTIONS} connections, requests/s", "per_s", 0),
        (f"{CONNECTIONS} connections, p50 ms", "p50_of_many", 1),
        (f"{CONNECTIONS} connections, CPU ms a request", "cpu", 2),
        ("one connection, p50 ms", "p50", 2),
        ("one connection, p95 ms", "p95", 2),
    ):
        lines.append(_line([label, *(f"{_median(rounds, name, key):,.{digits}f}" for name in names)]))
    lines.append(_line(["one connection, added p50 ms", "-", *(f"{_added(rounds, name):.2f}" for name in names[1:])]))
    return "\n".join([*lines, *_verdicts(rounds, names)])


def _verdicts(rounds: Sequence[Round], names: Sequence[str]) -> list[str]:
    if "litellm" not in names:
        return ["", "LiteLLM is not installed: make bench-openai installs it"]
    times = statistics.median(one["interlock"]["per_s"] / one["litellm"]["per_s"] for one in rounds)
    share = statistics.median(
        (one["interlock"]["p50"] - one[DIRECT]["p50"]) / (one["litellm"]["p50"] - one[DIRECT]["p50"]) for one in rounds
    )
    return [
        "",
        "aims:",
        f"  {times:.1f} times the requests/s of LiteLLM, at least {TIMES_MIN:g}: {_met(times >= TIMES_MIN)}",
        f"  {share:.2f} of its added p50, at most {ADDED_SHARE_MAX:.2f}: {_met(share <= ADDED_SHARE_MAX)}",
    ]


def _met(is_met: bool) -> str:  # noqa: FBT001 - the one thing it is about
    return "met" if is_met else "MISSED"


def _median(rounds: Sequence[Round], name: str, key: str) -> float:
    return statistics.median(one[name][key] for one in rounds)


def _added(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(one[name]["p50"] - one[DIRECT]["p50"] for one in rounds)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
