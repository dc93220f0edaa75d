"""A server that a page starts with `interlock up &`: on a free port, which stands for the page's 8000 until it ends."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.programs import INTERLOCK

STARTED: Final = re.compile(r"interlock (?P<what>up|serve)(?P<flags>(?: [^&]*)?) &")
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(?P<port>[0-9]+)")
SHOWN: Final = "8000"
"""The port that pages name."""


@dataclass
class PageServer:
    """A server that runs while its page is read, and what it has said so far."""

    process: subprocess.Popen[str]
    port: str
    told: str

    def environment(self, folder: Path) -> dict[str, str]:
        """What leads curl and the SDKs to the port that it really has."""
        lines = (f'connect-to = "{host}:{SHOWN}:127.0.0.1:{self.port}"\n' for host in ("localhost", "127.0.0.1"))
        (folder / ".curlrc").write_text("silent\nshow-error\n" + "".join(lines), encoding="utf-8")
        return {"CURL_HOME": str(folder), "INTERLOCK_URL": f"http://127.0.0.1:{self.port}"}

    def stop(self) -> None:
        """The page has been read."""
        self.process.terminate()
        self.process.communicate(timeout=30)


def start_server(typed: re.Match[str], *, folder: Path, environment: Mapping[str, str]) -> PageServer:
    """The server that a page starts; it takes requests when this returns."""
    command = [INTERLOCK, typed["what"], *typed["flags"].split(), "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if found := _ADDRESS.search(line):
            return PageServer(process, found["port"], told.replace(f":{found['port']}", f":{SHOWN}"))
    raise AssertionError(f"{' '.join(command)} did not begin:\n{told}")
