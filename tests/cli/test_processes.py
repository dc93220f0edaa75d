"""Runs and real processes: killed and continued, interrupted, and moved on from another terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.test_app import PROGRAM

GRAPH = """\
before: {tool: note, input: {text: before}}
gate: {tool: wait_for, input: {file: go}, after: before}
after: {tool: note, input: {text: after}, after: gate}
"""
TOOLS = """\
import asyncio
from pathlib import Path

from interlock import AsyncToolContext, tool


@tool(effect="idempotent")
def note(text: str) -> None:
    with Path("notes").open("a") as notes:
        notes.write(text + "\\n")


@tool(effect="once")
async def ask(question: str, ctx: AsyncToolContext) -> str:
    return await ctx.ask(question, choices=["x", "y"])


@tool(effect="read")
async def wait_for(file: str) -> None:
    while not Path(file).exists():
        await asyncio.sleep(0.01)
"""


ASKS = 'ask: {human: "Go on?", choices: [go, stop]}\n'


@contextmanager
def running(interlock: CommandLine, *words: str, until: str) -> Generator[subprocess.Popen[str]]:
    """A process of its own, which has printed a line that holds `until`."""
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=interlock.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            _read_to(program.stdout.readline, until)
            yield program
        finally:
            program.kill()


def _read_to(readline: Callable[[], str], until: str) -> None:
    while until not in (line := readline()):
        assert line, f"the program ended before it had printed {until}"


def _typed_on(terminal: int) -> str:
    """What is next to be seen on a terminal; nothing if nothing comes."""
    ready, _, _ = select.select([terminal], [], [], 10)
    return os.read(terminal, 1024).decode() if ready else ""


def _project(interlock: CommandLine) -> None:
    interlock.write("tools/tools.py", TOOLS)
    interlock.graph("works", GRAPH)


def _only_run(interlock: CommandLine) -> str:
    [row] = interlock("runs", "--json").json["runs"]
    run: str = row["run"]
    return run


def test_a_run_survives_the_kill_of_its_process(interlock: CommandLine) -> None:
    """The promise of a durable run: nothing that was done is done again, and the rest is done."""
    _project(interlock)
    with running(interlock, "run", "works", until="calls wait_for") as program:
        program.send_signal(signal.SIGKILL)
        program.wait()

    interlock.write("go", "")
    resumed = interlock("resume", _only_run(interlock), "--json")

    assert (resumed.code, resumed.json["status"]) == (0, "succeeded")
    assert (interlock.folder / "notes").read_text(encoding="utf-8") == "before\nafter\n"


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_let_go_and_says_how_to_go_on(interlock: CommandLine, word: signal.Signals) -> None:
    """Ctrl-C and a machine that shuts down stop watching, not the work: who wants it cancelled is told the word."""
    _project(interlock)
    with running(interlock, "run", "works", until="calls wait_for") as program:
        program.send_signal(word)
        _, errors = program.communicate(timeout=20)

    run = _only_run(interlock)
    interlock.write("go", "")

    assert program.returncode == 130
    assert f"interlock resume {run}" in errors
    assert f"interlock cancel {run}" in errors
    assert interlock("resume", run).code == 0


def test_a_command_that_drives_nothing_is_ended_politely_too(interlock: CommandLine) -> None:
    """A backup that a script's time limit ends says so with the code that is documented, and tidies up behind it."""
    interlock.write("tools/tools.py", "import signal\n\nsignal.raise_signal(signal.SIGTERM)\n")
    interlock.graph("works", "a: {value: 1}\n")

    ended = subprocess.run(
        [*PROGRAM, "graph", "check"], cwd=interlock.folder, check=False, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (130, "error: interrupted\n")


@contextmanager
def asked_on_a_terminal(interlock: CommandLine, *words: str) -> Generator[tuple[subprocess.Popen[bytes], int]]:
    """A command that asks whether it is agreed to, and the terminal on which it does."""
    terminal, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=interlock.folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as asking:
        try:
            _read_to(lambda: _typed_on(terminal), "agreed?")
            yield asking, terminal
        finally:
            asking.kill()
    os.close(theirs)
    os.close(terminal)


def test_a_question_about_many_runs_is_broken_off_by_the_first_ctrl_c(interlock: CommandLine) -> None:
    """Whoever sees that ten thousand runs are meant wants out, and must not have to wonder whether that was heard."""
    interlock.graph("asks", ASKS)
    run = interlock.started("asks")
    with asked_on_a_terminal(interlock, "cancel", "--graph", "asks") as (asking, terminal):
        asking.send_signal(signal.SIGINT)
        # A terminal reads on: the program waits for that before it goes.
        _read_to(lambda: _typed_on(terminal), "interrupted")
        code = asking.wait(10)

    assert code == 130
    assert interlock("show", run, "--json").json["status"] == "waiting"


def test_a_question_about_many_runs_is_asked_until_it_is_answered(interlock: CommandLine) -> None:
    """Neither a slip of the finger nor a word that was meant for something else is taken for a yes."""
    interlock.graph("asks", ASKS)
    run = interlock.started("asks")
    with asked_on_a_terminal(interlock, "cancel", "--graph", "asks") as (asking, terminal):
        os.write(terminal, b"perhaps\n")
        _read_to(lambda: _typed_on(terminal), "write y or n")
        os.write(terminal, b"y\n")
        _read_to(lambda: _typed_on(terminal), "1 run done")
        code = asking.wait(10)

    assert code == 0
    assert interlock("show", run, "--json").json["status"] == "cancelled"


def test_a_run_is_cancelled_from_another_terminal(interlock: CommandLine) -> None:
    """The word reaches the process that drives the run, which then ends it."""
    _project(interlock)
    with running(interlock, "run", "works", until="calls wait_for") as program:
        said = interlock("cancel", _only_run(interlock), "--why", "no more")
        program.communicate(timeout=20)

    assert said.code == 0
    assert f"left for process {program.pid}" in said.out
    assert program.returncode == 1


def test_a_run_that_is_driven_is_not_driven_twice(interlock: CommandLine) -> None:
    """Two drivers would do everything twice: the second is told who the first is."""
    _project(interlock)
    with running(interlock, "run", "works", until="calls wait_for") as program:
        said = interlock("resume", _only_run(interlock))

    assert said.code == 1
    assert f"is driven by process {program.pid}" in said.err


def test_the_events_of_a_run_are_followed_while_another_process_drives_it(interlock: CommandLine) -> None:
    """Watching needs no part in the work."""
    _project(interlock)
    with running(interlock, "run", "works", until="calls wait_for") as driver:
        words = ("events", _only_run(interlock), "--follow", "--json")
        with running(interlock, *words, until="wait_for") as follower:
            interlock.write("go", "")
            followed, _ = follower.communicate(timeout=20)
            driver.communicate(timeout=20)

    assert json.loads(followed.splitlines()[-1])["type"] == "run.ended"


def test_a_stream_of_json_that_is_broken_off_is_an_object_a_line_to_its_end(interlock: CommandLine) -> None:
    """A program reads it line by line, also the one that says that it was interrupted."""
    _project(interlock)
    words = ("events", interlock("run", "works", "--detach", "--json").json["run"], "--follow", "--json")
    with running(interlock, *words, until="run.started") as follower:
        follower.send_signal(signal.SIGINT)
        said, _ = follower.communicate(timeout=20)

    assert json.loads(said) == {"error": {"kind": "Interrupted", "message": "interrupted"}}
    assert len(said.splitlines()) == 1


def test_a_question_of_a_tool_is_answered_from_another_terminal(interlock: CommandLine) -> None:
    """Its call is in flight and must not be broken off: the run stays, and the line to type is printed."""
    _project(interlock)
    interlock.graph("asks", 'a: {tool: ask, input: {question: "Which?"}}')
    with running(interlock, "run", "asks", until="interlock answer") as program:
        said = interlock("answer", f"{_only_run(interlock)}:a.1", "--choose", "y")
        out, _ = program.communicate(timeout=20)

    assert said.code == 0
    assert program.returncode == 0
    assert '"a": "y"' in out


@pytest.mark.parametrize("command", ["up", "worker"])
def test_a_worker_says_that_it_is_ready_as_soon_as_it_is(interlock: CommandLine, command: str) -> None:
    """A program that starts a worker waits for that line, and the worker says nothing else until it ends."""
    with running(interlock, command, "--json", until='"pools": ["default"]') as worker:
        worker.send_signal(signal.SIGTERM)
        further, _ = worker.communicate(timeout=10)

    assert (worker.returncode, further) == (0, "")


def test_a_worker_that_is_told_twice_to_end_breaks_off_and_says_so(interlock: CommandLine) -> None:
    """Whoever cannot wait for what is in flight reads what became of it, and no traceback."""
    _project(interlock)
    interlock("run", "works", "--detach")
    with (
        running(interlock, "worker", until="Ctrl-C") as worker,
        running(interlock, "events", _only_run(interlock), "--follow", until="calls wait_for"),
    ):
        worker.send_signal(signal.SIGTERM)
        worker.send_signal(signal.SIGINT)
        _, errors = worker.communicate(timeout=20)

    assert worker.returncode == 130
    assert errors.startswith("error: broken off: ")
