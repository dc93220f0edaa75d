"""A server that is killed under load: what it has accepted is done, and who listens misses nothing."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.programs import INTERLOCK

SECONDS = 60
KILLS = 3
CLIENTS = 4
RUNS_OF_A_LIFE = 20
GRAPH = """
graph: steps
language: 1
nodes:
  a: {value: 1}
  b: {wait: 30ms, after: a}
  c: {value: "${a + 1}", after: b}
"""


class Server:
    """A server as users have it, which dies and comes back at the same address."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """It takes requests when this returns."""
        words = [INTERLOCK, "up", "--port", str(self.port), "--json"]
        settings = os.environ | {"INTERLOCK_LEASE_SECONDS": "2"}
        self._process = subprocess.Popen(words, cwd=self._folder, env=settings, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert "url" in json.loads(self._process.stdout.readline())

    def kill(self) -> None:
        """Without a word."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=SECONDS)


class Told:
    """What threads have learnt so far; whoever waits for something of it is woken."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        """Those that were answered with 202, by their keys."""
        self.numbers: dict[str, list[int]] = defaultdict(list)
        """The numbers of the events that were heard, by run."""
        self.ended: set[str] = set()
        self.is_enough = False
        self._changed = threading.Condition()

    def change(self, change: Callable[[], object]) -> None:
        """Something more is known."""
        with self._changed:
            change()
            self._changed.notify_all()

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Until something is known."""
        with self._changed:
            assert self._changed.wait_for(holds, timeout=SECONDS)


def start_runs(server: Server, client: int, told: Told) -> None:
    """Start runs one after the other; what is not answered is asked again under its key."""
    for key in (f"{client}-{number}" for number in itertools.count()):
        while key not in told.runs:
            if told.is_enough:
                return
            with suppress(httpx.TransportError):  # it is dead, or dies while it answers
                answer = httpx.post(f"{server.url}/v1/runs", json={"graph": "steps", "key": key}, timeout=SECONDS)
                run = answer.json()["run"]
                told.change(lambda key=key, run=run: told.runs.setdefault(key, run))


def listen(server: Server, told: Told) -> None:
    """Hear everything there is, and come again behind the last event whenever the connection breaks."""
    last = "0"
    while not told.ended >= set(told.runs.values()) or not told.is_enough:
        with suppress(httpx.TransportError):
            for frame in frames_of(server, after=last):
                hear(json.loads(frame["data"]), told)
                last = frame["id"]


def frames_of(server: Server, *, after: str) -> Iterator[dict[str, str]]:
    """The events behind an id, up to where the connection breaks or nothing comes for a second."""
    frame: dict[str, str] = {}
    timeout = httpx.Timeout(SECONDS, read=1)
    with httpx.stream("GET", f"{server.url}/v1/stream", headers={"last-event-id": after}, timeout=timeout) as response:
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            frame[name] = value
            if not line and "data" in frame:
                yield frame
                frame = {}


def hear(event: dict[str, Any], told: Told) -> None:
    """One event was heard."""
    told.change(lambda: told.numbers[event["run"]].append(event["seq"]))
    if event["type"] == "run.ended":
        told.change(lambda: told.ended.add(event["run"]))


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    """A server in a project with one graph."""
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "steps.yaml").write_text(GRAPH, encoding="utf-8")
    made = Server(tmp_path)
    made.start()
    yield made
    made.kill()


def test_a_server_that_is_killed_loses_no_run_it_has_accepted_and_no_event(server: Server) -> None:
    """202 is a promise, and an id is a place from which nothing is missed: also for who never heard the answer."""
    told = Told()
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        works = [pool.submit(start_runs, server, client, told) for client in range(CLIENTS)]
        works.append(pool.submit(listen, server, told))
        for life in range(1, KILLS + 1):
            told.wait_until(lambda life=life: len(told.runs) >= life * RUNS_OF_A_LIFE)
            server.kill()
            server.start()
        told.change(lambda: setattr(told, "is_enough", True))
        told.wait_until(lambda: told.ended >= set(told.runs.values()))
        assert [work.result(SECONDS) for work in works] == [None] * len(works)

    rows = [httpx.get(f"{server.url}/v1/runs/{run}/row").json() for run in told.runs.values()]
    assert {row["key"]: row["run"] for row in rows} == told.runs
    assert {row["status"] for row in rows} == {"succeeded"}
    assert {row["run"]: told.numbers[row["run"]] for row in rows} == {
        row["run"]: list(range(1, row["seq"] + 1)) for row in rows
    }
