"""Whoever looks at a run touches nothing outside: proved in a process whose world refuses, down to its sockets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

REFUSING = """
import os
import sys

TOUCHES = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostby", "subprocess.",
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.kill", "shutil.",
    "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.")


def refuse(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(TOUCHES):
        sys.stderr.write(f"touched the world: {event} {arguments[:1]}\\n")
        sys.stderr.flush()
        os._exit(99)


from interlock.cli.app import main

sys.dont_write_bytecode = True
sys.addaudithook(refuse)
sys.exit(main(sys.argv[1:]))
"""
"""The command line, in a process that dies of any contact with the world but the store's own file."""

TOOLS = """
import socket

from interlock import tool


@tool(effect="read")
def greet(name: str) -> str:
    if name == "nobody":
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    return f"Hello {name}"
"""

NODES = """
a: {tool: greet, input: {name: "${inputs.name}"}, on_error: continue}
b: {tool: greet, input: {name: Ben}, after: a}
ask: {human: "Fine?", choices: [yes, no], after: b}
"""


@pytest.fixture
def run(interlock: CommandLine) -> str:
    """A run that has greeted two people and asks a third."""
    interlock.write("tools/tools.py", TOOLS)
    interlock.graph("greets", NODES, inputs="{name: string}")
    interlock.graph("other", NODES.replace("Ben", "nobody"), inputs="{name: string}")
    return interlock.started("greets", "-i", "name=Ada")


def refused(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process whose world refuses."""
    return subprocess.run(
        [sys.executable, "-c", REFUSING, *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_contact_with_the_world_is_refused(interlock: CommandLine, run: str) -> None:
    """The proof below is worth something: where a tool is called that connects, the process ends there."""
    done = refused(interlock.folder, "run", "greets", "-i", "name=nobody", "--store", ".interlock/interlock.db")

    assert (done.returncode, "touched the world: socket." in done.stderr) == (99, True), done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("replay", "RUN"), 0),
        (("replay", "RUN", "--with", "graph=greets"), 1),
        (("replay", "RUN", "--with", "graph=other"), 1),
        (("fork", "RUN", "--from", "b", "--plan"), 0),
        (("diff", "RUN", "RUN"), 0),
        (("show", "RUN"), 0),
        (("inspect", "RUN"), 0),
        (("effects", "RUN"), 0),
        (("events", "RUN"), 0),
    ],
)
def test_who_looks_at_a_run_touches_nothing(
    interlock: CommandLine, run: str, words: tuple[str, ...], code: int
) -> None:
    """Elsewhere a replay calls the model again: here there is nobody whom it could call."""
    done = refused(interlock.folder, *(word.replace("RUN", run) for word in words))

    assert (done.returncode, done.stderr) == (code, "")
