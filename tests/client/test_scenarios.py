"""The scenarios that every client runs, with both of Python's."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.client.scenarios import FOLDER, Awaited, Blocking, Speaks, names, play


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """A server as a person starts it, on the project of the scenarios."""
    project = tmp_path_factory.mktemp("scenarios") / "project"
    shutil.copytree(FOLDER / "project", project)
    command = [Path(sys.executable).parent / "interlock", "up", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.send_signal(signal.SIGINT)
        process.stdout.read()


@pytest.mark.parametrize("client", [Blocking, Awaited])
@pytest.mark.parametrize("name", names())
def test_a_client_does_what_a_scenario_says(name: str, client: Callable[[str], Speaks], url: str) -> None:
    """One description of what clients promise, so that those of two languages cannot come apart."""
    server = urlsplit(url)
    assert server.hostname
    assert server.port

    asyncio.run(play(name, client, host=server.hostname, port=server.port, unique="python"))
