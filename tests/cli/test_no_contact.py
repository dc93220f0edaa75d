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


SCRIPTED = """
[models.providers.any]
kind = "scripted"
path = "models"
[models.pools.default]
models = ["any/one"]
"""
SERVED = """
[models.providers.any]
kind = "openai_compatible"
url = "http://127.0.0.1:9/v1"
[models.pools.default]
models = [{model = "any/one", price = {input = "0", output = "0"}}]
"""
GREETER = """
agent: greeter
description: Greets.
output: {text: string}
prompt: You greet.
tools: [greet]
memory: session
"""
SCRIPT = """
agent: greeter
turns:
  - calls: [{tool: greet, arguments: {name: nobody}}, {tool: greet, arguments: {name: Ada}}]
  - calls: [{tool: remember, arguments: {memory: session, text: Ada is greeted}}]
  - answer: {text: greeted}
"""


@pytest.fixture
def taped(interlock: CommandLine) -> CommandLine:
    """A project whose agent has greeted on a cassette, once with a connection, and whose models are far away now."""
    interlock.write("interlock.toml", SCRIPTED)
    interlock.write("tools/tools.py", TOOLS)
    interlock.write("agents/greeter.yaml", GREETER)
    interlock.write("models/greeter.yaml", SCRIPT)
    interlock.graph("greet", "a: {agent: greeter, input: {}}\nb: {agent: greeter, input: {}}")
    assert interlock("run", "greet", "--record", "tape.json").code == 0
    interlock.write("interlock.toml", SERVED)
    return interlock


def test_a_model_that_is_asked_is_a_contact(taped: CommandLine) -> None:
    """The proof below is worth something for models too: the process ends while their library gets ready."""
    done = refused(taped.folder, "run", "greet", "--store", ".interlock/interlock.db")

    assert (done.returncode, "touched the world: " in done.stderr) == (99, True), done.stderr


def test_a_run_with_agents_is_played_without_any_contact(taped: CommandLine) -> None:
    """Neither models nor tools nor memories are touched: a test of agents needs no key, no network and no luck."""
    played = refused(
        taped.folder, "run", "greet", "--world", "cassette:tape.json", "--store", ".interlock/interlock.db"
    )

    assert (played.returncode, played.stderr) == (0, "")
    assert played.stdout.count('gave {text: "greeted"} (simulated)') == 2
