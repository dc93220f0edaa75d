"""`interlock mcp`: a client that starts the project's program and speaks to it over its standard input and output."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.api.mcp.clients import ERAS, Person

PROGRAM = ["-c", "import sys; from interlock.cli.entry import main; sys.exit(main())", "mcp", "--by", "ada"]
TOOLS = """\
import os

from interlock import tool


@tool(effect="read")
def greet(name: str) -> str:
    print("said aloud")
    os.system("echo said by a program")
    return f"Hello {name}"
"""
GRAPH = """\
graph: welcome
description: Greet somebody, once it is agreed.
inputs:
  name: {type: string}
nodes:
  agree: {human: "Greet ${inputs.name}?", choices: [agree, refuse]}
  greet: {tool: greet, input: {name: "${inputs.name}"}, after: {agree: {on: agree}}}
outputs:
  said: ${greet}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one graph, whose tool says more on its standard output than it should."""
    (tmp_path / "graphs").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "interlock.toml").write_text("packaged = false\n", encoding="utf-8")
    (tmp_path / "graphs" / "welcome.yaml").write_text(GRAPH, encoding="utf-8")
    (tmp_path / "tools" / "greeting.py").write_text(TOOLS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("era", ERAS)
def test_a_client_that_starts_the_program_runs_the_graphs_of_the_project(project: Path, era: str) -> None:
    """Desktop clients know programs and no servers; what tools print must not reach the client as an answer."""
    person = Person(lambda _: {"choice": "agree"})
    program = StdioServerParameters(command=sys.executable, args=PROGRAM, cwd=project)

    async def story() -> tuple[list[str], Any]:
        async with Client(program, mode=era, elicitation_callback=person) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            result = await client.call_tool("welcome", {"name": "Ada"})
            return names, result.structured_content

    names, told = asyncio.run(story())

    assert names == ["interlock_run", "interlock_answer", "interlock_cancel", "welcome"]
    assert (told["status"], told["outputs"]) == ("succeeded", {"said": "Hello Ada"})
    assert [asked.message for asked in person.asked] == ["Greet Ada?"]


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_told_to_end_waits_for_no_word_of_its_client(project: Path, told: signal.Signals) -> None:
    """A client that hangs must not keep the program, with its store and its tools, for ever."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    command = [sys.executable, *PROGRAM]
    with subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{asked}\n")
        program.stdin.flush()
        answer = json.loads(program.stdout.readline())
        program.send_signal(told)
        code = program.wait(20)

    assert answer["result"]["serverInfo"]["name"] == "interlock"
    assert code == 130
