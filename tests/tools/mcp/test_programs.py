"""A server that is a program gets no environment but its own, is kept while it lives, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from interlock.tools import Done, Failed, LoopClock, ToolOutcome, Unknown
from interlock.tools.mcp import connection as connecting
from tests.tools.declared_tools import ToolFolder, called
from tests.tools.doorstep import lived, secrets
from tests.tools.mcp.scripted_server import a_script

RAW = Path(__file__).with_name("raw_program.py")
ROOT = Path(__file__).parents[3]


class Programs:
    """A project with one server that is a program, and the processes that it has left in the list."""

    def __init__(self, path: Path) -> None:
        self.folder = ToolFolder(path / "tools")
        self.noted = path / "pids"
        self.mode("echo")

    def mode(self, mode: str, *, more: str = "") -> None:
        """Let the program behave so from its next start on."""
        command = json.dumps([sys.executable, "-I", "-S", str(RAW), str(self.noted), mode])
        self.folder.write("raw.yaml", f"mcp:\n  command: {command}\n  protocol: legacy\n  timeout: 10s\n{more}")

    @property
    def started(self) -> list[int]:
        """The processes that were ever started."""
        return [int(line) for line in self.noted.read_text().split()] if self.noted.exists() else []

    @property
    def alive(self) -> list[int]:
        """Those of them that live."""
        return [pid for pid in self.started if lives(pid)]

    @property
    def left(self) -> list[int]:
        """Those that live on: who was just killed is given a moment to be gone."""
        until = time.monotonic() + 2
        while self.alive and time.monotonic() < until:
            time.sleep(0.01)
        return self.alive


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return shown.stdout.strip()[:1] not in {"", "Z"}


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """One server, in a project of its own."""
    return Programs(tmp_path)


async def calls(programs: Programs, count: int = 1, **door: Any) -> Sequence[ToolOutcome]:  # noqa: ANN401 - of a door
    """What becomes of so many calls, one after the other."""
    toolbox = programs.folder.toolbox()
    outcomes = [await called(toolbox.get("raw_echo"), {}, **door) for _ in range(count)]
    await toolbox.close()
    return outcomes


def test_a_program_is_started_once_and_ends_with_the_toolbox(programs: Programs) -> None:
    """To start one takes a second; it and what it has started are gone in the end."""
    programs.mode("children")

    async def story() -> Sequence[ToolOutcome]:
        await programs.folder.approve()
        return await calls(programs, 3)

    outcomes = lived(story)

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert len(programs.started) == 2 * 2  # once to be listed, once for the calls, each with a child
    assert programs.left == []


def test_a_program_that_names_no_hosts_may_reach_them_all(programs: Programs) -> None:
    """Nothing keeps it from that, so a policy that grants few hosts does not grant it, and what it says taints."""
    reached: list[tuple[str, ...]] = []

    async def story() -> None:
        await programs.folder.approve()
        reached.append(programs.folder.toolbox().get("raw_echo").terms.permissions.hosts)
        programs.mode("echo", more="  hosts: [api.example.com]\n")
        reached.append(programs.folder.toolbox().get("raw_echo").terms.permissions.hosts)

    lived(story)

    assert reached == [("*",), ("api.example.com",)]


def test_a_program_sees_no_environment_but_what_it_is_given(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of models and other secrets stand in ours."""
    monkeypatch.setenv("INTERLOCK_SECRET_OTHER", "sec-4711")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-4711")
    programs.mode("echo", more='  env: {TOKEN: "${secrets.token}", MODE: fast}\n')
    known = secrets({"token": "tok-0815"})

    async def story() -> Sequence[ToolOutcome]:
        await programs.folder.approve(known)
        return await calls(programs, secrets=known)

    (outcome,) = lived(story)

    assert isinstance(outcome, Done)
    seen = json.loads(outcome.out["text"])
    assert {name: seen.get(name) for name in ("TOKEN", "MODE")} == {"TOKEN": "***", "MODE": "fast"}
    assert set(seen) <= {"TOKEN", "MODE", "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "USER", "LOGNAME"}


def test_a_program_that_died_is_started_anew_for_the_next_call(programs: Programs) -> None:
    """Nothing was asked of the new one before, so the call is not in doubt."""

    async def story() -> Sequence[ToolOutcome]:
        await programs.folder.approve()
        toolbox = programs.folder.toolbox()
        tool = toolbox.get("raw_echo")
        first = await called(tool, {})
        os.kill(programs.alive[0], signal.SIGKILL)
        second = await called(tool, {})
        await toolbox.close()
        return [first, second]

    outcomes = lived(story)

    assert [type(outcome) for outcome in outcomes] == [Done, Done]
    assert len(programs.started) == 3
    assert programs.left == []


def test_a_program_that_dies_in_a_call_leaves_it_in_doubt_and_is_quoted(programs: Programs) -> None:
    """It may have done its work before; its last words help more than that it is gone."""

    async def story() -> ToolOutcome:
        await programs.folder.approve()
        programs.mode("die")
        return (await calls(programs))[0]

    outcome = lived(story)

    assert isinstance(outcome, Unknown)
    assert outcome.error.message == "the MCP server raw: the connection to it was lost (it said: out of coffee)"


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("pour", "the connection to it was lost"),
        ("flood", "more than 500 notifications"),
        ("rave", "more than 500 notifications"),
        ("hologram", "answered with what is no answer"),
    ],
)
def test_a_program_that_pours_floods_or_raves_is_cut_off(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, mode: str, told: str
) -> None:
    """It costs neither memory nor time without end, and what came of the call is left open."""
    monkeypatch.setattr(connecting, "NOTES_MAX", 500)

    async def story() -> ToolOutcome:
        await programs.folder.approve()
        programs.mode(mode)
        async with asyncio.timeout(15):
            return (await calls(programs))[0]

    outcome = lived(story)

    assert isinstance(outcome, Unknown)
    assert told in outcome.error.message
    assert programs.left == []


@pytest.mark.parametrize("mode", ["rave", "nonsense"])
def test_what_is_no_message_is_passed_over_until_the_call_is_given_up(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """The deadline is the door's, where it comes before there have been too many of them."""
    monkeypatch.setattr(connecting, "NOTES_MAX", 10**9)

    async def story() -> ToolOutcome:
        await programs.folder.approve()
        programs.mode(mode)
        text = (programs.folder.path / "raw.yaml").read_text().replace("10s", "500ms")
        programs.folder.write("raw.yaml", text)
        return (await calls(programs, clock=LoopClock()))[0]

    outcome = lived(story)

    assert isinstance(outcome, Unknown)
    assert outcome.error.kind == "timeout"
    assert programs.left == []


def test_a_result_that_is_larger_than_the_tool_may_give_is_a_failure(programs: Programs) -> None:
    """300 KB where 100 KB were allowed."""

    async def story() -> ToolOutcome:
        await programs.folder.approve()
        programs.mode("large", more="  result_bytes_max: 100000\n")
        return (await calls(programs))[0]

    outcome = lived(story)

    assert isinstance(outcome, Failed)
    assert "more than the 100,000 it may have" in outcome.error.message


def test_a_program_that_ignores_its_end_is_killed_with_its_children(programs: Programs) -> None:
    """Closing a toolbox is bounded, whatever runs behind it."""

    async def story() -> ToolOutcome:
        await programs.folder.approve()
        programs.mode("stubborn")
        text = (programs.folder.path / "raw.yaml").read_text().replace("10s", "300ms")
        programs.folder.write("raw.yaml", text)
        return (await calls(programs, clock=LoopClock()))[0]

    assert isinstance(lived(story), Unknown)
    assert programs.left == []


@pytest.mark.parametrize(
    ("mode", "told"),
    [("endless list", "no end of them"), ("silent", "did not say in 500ms what it offers")],
)
def test_a_program_that_never_comes_to_an_end_of_its_list_offers_nothing(
    programs: Programs, mode: str, told: str
) -> None:
    """Who lists tools is told which server it was, and goes on with the others."""
    programs.mode(mode)
    text = (programs.folder.path / "raw.yaml").read_text().replace("10s", "500ms")
    programs.folder.write("raw.yaml", text)

    (listed,) = lived(programs.folder.listed)

    assert listed.definitions == ()
    assert told in listed.problems[0]
    assert programs.left == []


def test_a_program_that_is_not_there_is_named(programs: Programs) -> None:
    """The file, the line and the program: one of them is wrong."""
    programs.folder.write("raw.yaml", "mcp:\n  command: [no-such-server, stdio]\n")

    (listed,) = lived(programs.folder.listed)

    assert listed.problems[0].endswith(
        "tools/raw.yaml:2:3: its program 'no-such-server' cannot be started: No such file or directory"
    )


def test_a_secret_in_the_last_words_of_a_program_is_told_to_nobody(programs: Programs) -> None:
    """What a server prints when it fails ends up on a screen, or in the log of a build."""
    command = json.dumps([sys.executable, "-c", "import os, sys; sys.exit('no entry for ' + os.environ['TOKEN'])"])
    programs.folder.write("raw.yaml", f"mcp:\n  command: {command}\n  env: {{TOKEN: '${{secrets.token}}'}}\n")

    (listed,) = lived(lambda: programs.folder.listed(secrets({"token": "tok-0815"})))

    assert "no entry for ***" in listed.problems[0]


def test_a_server_made_with_the_official_library_is_understood_over_a_pipe(tmp_path: Path) -> None:
    """The other side of the protocol as everybody writes it, and in its newest era."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps(a_script()))
    folder = ToolFolder(tmp_path / "tools")
    command = json.dumps([sys.executable, "-m", "tests.tools.mcp.scripted_server", str(script)])
    folder.write("real.yaml", f"mcp:\n  command: {command}\n  env: {{PYTHONPATH: {json.dumps(str(ROOT))}}}\n")

    async def story() -> list[ToolOutcome]:
        await folder.approve()
        toolbox = folder.toolbox()
        tool = toolbox.get("real_echo")
        first = await called(tool, {"text": "hi"})
        script.write_text(json.dumps(a_script({**json.loads(script.read_text())["tools"][0], "description": "?"})))
        second = await called(tool, {"text": "hi"})
        await toolbox.close()
        return [first, second]

    first, second = lived(story)

    assert isinstance(first, Done)
    assert json.loads(first.out["text"])["got"] == {"text": "hi"}
    assert isinstance(second, Failed)
    assert second.error.kind == "refused"
