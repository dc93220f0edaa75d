"""Interlock's server under load, beside a bare FastAPI endpoint and a DBOS application doing the same, in one run.

    make bench-api                  the highest rate without errors, ten minutes at 80 % of it, then twice as much
    make bench-api QUICK=1          does it run at all
    make bench-api ONLY=streams     1,000 listeners on 20 runs
    make bench-api ONLY=load RATE=800   Interlock alone, of known highest rate: ten minutes at 80 %, then twice it

Requests come at a rate, whether or not those before were answered: so a server that falls behind is seen to. Each
server is a process of its own; what asks is another.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import measuring as m
from api_client import Answer, Clients, free_port, wait_until_taken

HERE: Final = Path(__file__).resolve().parent
PEERS_PYTHON: Final = HERE.parent / ".venv-peers" / "bin" / "python"
GRAPH: Final = """\
graph: two
language: 1
inputs: {n: integer}
nodes:
  a: {tool: work, input: {n: "${inputs.n}"}}
  b: {tool: work, input: {n: 2}, after: a}
"""
TOOL: Final = """\
from interlock import tool


@tool(effect="idempotent")
async def work(n: int) -> dict[str, int]:
    return {"n": n}
"""
MIX: Final = ("start", "get", "list", "get", "events", "get", "list", "get", "start", "get")
"""What is asked, over and over: two starts, five looks at a run, two lists, one log."""
CONNECTIONS: Final = 512
BEHIND_MS: Final = 500
"""A server whose reads take longer has fallen behind."""
LISTENERS: Final = 20
READS: Final = ("get", "list", "events")


@dataclass
class Load:
    """What came of some seconds at a rate."""

    rate: float
    seconds: float
    answers: list[Answer] = field(default_factory=list[Answer])
    memory_mb: list[float] = field(default_factory=list[float])

    @property
    def done(self) -> float:
        """How many were answered well a second."""
        return sum(answer.is_good for answer in self.answers) / self.seconds

    @property
    def statuses(self) -> dict[int, int]:
        """How many of each."""
        return dict(Counter(answer.status for answer in self.answers))

    def percentile(self, kinds: Sequence[str], share: float) -> float:
        """Milliseconds that so many of the good answers of these kinds took at most."""
        took = sorted(each.seconds for each in self.answers if each.kind in kinds and each.is_good)
        return took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else float("nan")

    def told(self) -> dict[str, Any]:
        """The figures."""
        return {
            "rate": round(self.rate),
            "done_per_s": round(self.done),
            "statuses": self.statuses,
            "read_p50_ms": round(self.percentile(READS, 0.5), 1),
            "read_p99_ms": round(self.percentile(READS, 0.99), 1),
            "start_p50_ms": round(self.percentile(["start"], 0.5), 1),
            "start_p99_ms": round(self.percentile(["start"], 0.99), 1),
            "memory_mb": [round(each) for each in self.memory_mb],
        }


@dataclass
class Server:
    """One server that is measured."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def memory_mb(self) -> float:
        """What it has in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", choices=("load", "streams"))
    parser.add_argument("--rate", type=float, help="the highest rate of Interlock, if it is known")
    given = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    minutes = 0.1 if given.quick else given.minutes
    step = 2.0 if given.quick else 10.0
    if given.only != "streams":
        asyncio.run(_loads(minutes=minutes, step_seconds=step, known=given.rate))
    if given.only != "load":
        asyncio.run(_streams(seconds=8 if given.quick else 60))
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


async def _loads(*, minutes: float, step_seconds: float, known: float | None) -> None:
    highest: dict[str, float] = {}
    for name in ("interlock",) if known else ("bare", "dbos", "interlock"):
        if name == "dbos" and not PEERS_PYTHON.exists():
            continue
        with serving(name) as server:
            clients = await Clients.connected(server.port, CONNECTIONS)
            await _load(clients, server, rate=20, seconds=2)  # warm
            listeners = LISTENERS if name == "interlock" else 0  # the others have no streams
            highest[name] = known or await _highest(clients, server, seconds=step_seconds, listeners=listeners)
            if name == "interlock":
                await _steady(clients, server, rate=0.8 * highest[name], minutes=minutes)
                await _beyond(clients, server, rate=2 * highest[name], seconds=step_seconds)
            await clients.close()
    for name, rate in highest.items():
        print(f"{name}: {rate:,.0f} requests/s without an error; interlock has {highest['interlock'] / rate:.2f} of it")


async def _highest(clients: Clients, server: Server, *, seconds: float, listeners: int) -> float:
    """The highest rate that is answered without an error and without falling behind: doubled, then more finely."""
    best, rate = 0.0, 100.0
    for factor in (2.0, 1.15):
        while await _keeps_up(clients, server, rate=rate, seconds=seconds, listeners=listeners):
            best, rate = rate, rate * factor
        rate = best * 1.15
    return best


async def _keeps_up(clients: Clients, server: Server, *, rate: float, seconds: float, listeners: int) -> bool:
    load = await _load(clients, server, rate=rate, seconds=seconds, listeners=listeners)
    print(server.name, json.dumps(load.told()), flush=True)
    return load.done >= 0.97 * rate and load.percentile(READS, 0.99) < BEHIND_MS


async def _steady(clients: Clients, server: Server, *, rate: float, minutes: float) -> None:
    load = await _load(clients, server, rate=rate, seconds=minutes * 60, listeners=LISTENERS)
    print("80 %:", json.dumps(load.told()), flush=True)


async def _beyond(clients: Clients, server: Server, *, rate: float, seconds: float) -> None:
    load = await _load(clients, server, rate=rate, seconds=seconds, listeners=LISTENERS)
    print("twice as much:", json.dumps(load.told()), flush=True)
    print("retry-after on every 429:", all(each.retry_after for each in load.answers if each.status == 429))


async def _load(clients: Clients, server: Server, *, rate: float, seconds: float, listeners: int = 0) -> Load:
    """Requests of the mix at a rate. Memory is looked at ten times."""
    load, kinds = Load(rate, seconds), itertools.cycle(MIX)
    listening = [asyncio.create_task(clients.listen()) for _ in range(listeners)]
    began, asked = m.now(), 0
    looks = iter([began + seconds * (each + 1) / 10 for each in range(10)])
    next_look = next(looks)
    while (passed := m.now() - began) < seconds:
        while asked < passed * rate:
            clients.ask(next(kinds), load.answers)
            asked += 1
        if m.now() >= next_look:
            load.memory_mb.append(server.memory_mb())
            next_look = next(looks, float("inf"))
        await asyncio.sleep(0.002)
    await clients.all_answered()
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return load


# --- streams ---------------------------------------------------------------------------------------------------------

TICKS: Final = """\
graph: ticks
language: 1
nodes:
  on:
    loop: {tick: {wait: 400ms}}
    until: "${round.index < 0}"
    max: 100000
    at_max: accept
"""
RUNS: Final = 20
ALL_LISTENERS: Final = 1_000


async def _streams(*, seconds: float) -> None:
    with serving("interlock", graphs={"ticks": TICKS}) as server:
        clients = await Clients.connected(server.port, 4)
        runs = [await clients.started("ticks", {}) for _ in range(RUNS)]
        given = [str(server.port), str(ALL_LISTENERS), str(seconds), *runs]
        heard = await asyncio.create_subprocess_exec(sys.executable, str(HERE / "api_listeners.py"), *given)
        await heard.wait()
        print(f"memory of the server: {server.memory_mb():.0f} MB")
        await clients.close()


# --- servers ---------------------------------------------------------------------------------------------------------


@contextmanager
def serving(name: str, *, graphs: dict[str, str] | None = None) -> Generator[Server]:
    """A server that takes requests, in a folder of its own on the disk that is measured."""
    with tempfile.TemporaryDirectory(dir=m.measured_disk()) as folder:
        port = free_port()
        process = subprocess.Popen(_command(name, port, Path(folder), graphs), cwd=folder, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            process.stdout.readline()
            wait_until_taken(port)
            yield Server(name, process, port)
        finally:
            process.terminate()
            process.communicate()


def _command(name: str, port: int, folder: Path, graphs: dict[str, str] | None) -> list[str]:
    if name == "bare":
        return [sys.executable, str(HERE / "api_bare_app.py"), str(port)]
    if name == "dbos":
        return [str(PEERS_PYTHON), str(HERE / "api_dbos_app.py"), str(port)]
    for path, text in {"tools/work.py": TOOL, "graphs/two.yaml": GRAPH}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    for graph, text in (graphs or {}).items():
        (folder / "graphs" / f"{graph}.yaml").write_text(text)
    (folder / "interlock.toml").write_text("packaged = false\n")
    return [str(Path(sys.executable).parent / "interlock"), "up", "--port", str(port), "--json"]


if __name__ == "__main__":
    main()
