"""`interlock up` as a process of its own, in a folder that was empty, and commands that were written for other systems.

They are typed as the documents of those systems print them, to the letter: only where `localhost:8000` leads is other.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.programs import INTERLOCK

SECONDS_MAX = 60


class Up:
    """A server that was started as people start it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.http = httpx.Client(base_url=url, timeout=SECONDS_MAX)

    def typed(self, command: str) -> Any:  # noqa: ANN401 - JSON
        """What comes of a command that was printed somewhere, as data."""
        port = self.url.rpartition(":")[2]
        leads = f'curl() {{ command curl -sS --connect-to localhost:8000:127.0.0.1:{port} "$@"; }}'
        ran = subprocess.run(
            ["bash", "-c", f"{leads}\n{command}"], capture_output=True, text=True, check=True, timeout=SECONDS_MAX
        )
        return json.loads(ran.stdout)

    def rested(self, run: str) -> Any:  # noqa: ANN401 - JSON
        """A run of ours, once it has ended or waits for people."""
        return self.http.get(f"/v1/runs/{run}", params={"wait": SECONDS_MAX}).json()

    def ended(self, run: str) -> Any:  # noqa: ANN401 - JSON
        """A run of ours, once it has ended: its stream is over then."""
        self.http.get(f"/v1/runs/{run}/stream", headers={"accept": "text/event-stream"})
        return self.http.get(f"/v1/runs/{run}").json()


@contextmanager
def interlock_up(folder: Path) -> Generator[Up]:
    """`interlock up` in this folder; it is told to stop in the end."""
    command = [INTERLOCK, "up", "--port", "0", "--json"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    with subprocess.Popen(command, cwd=folder, env=inherited, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        up = Up(json.loads(process.stdout.readline())["url"], folder)
        try:
            with up.http:
                yield up
        finally:
            process.terminate()
            assert process.wait(SECONDS_MAX) == 0, "it ends well when it is told to"
