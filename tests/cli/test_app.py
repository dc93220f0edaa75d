"""The program as a whole: help, errors, and what it leaves to others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

PROGRAM = [sys.executable, "-c", "import sys; from interlock.cli.app import main; sys.exit(main())"]

HEAVY = {
    "asyncio",
    "cel_expr_python",
    "interlock.embedded",
    "interlock.core",
    "interlock.engine",
    "interlock.settings",
    "interlock.store",
    "interlock.tools",
    "jsonschema_rs",
    "msgspec",
    "pydantic",
    "yaml",
}


def test_help_imports_nothing_that_is_slow() -> None:
    """Help is asked for most by those who know least; it has to be there before they wonder."""
    asks = "import sys; from interlock.cli.app import main; main(['--help']); print(*sys.modules, file=sys.stderr)"

    ran = subprocess.run([sys.executable, "-c", asks], check=True, capture_output=True, text=True)

    assert HEAVY & set(ran.stderr.split()) == set()


def test_a_reader_that_has_gone_is_no_error(interlock: CommandLine) -> None:
    """`interlock events RUN | head -1` prints one line, nothing about pipes, and ends as such programs do."""
    interlock.graph("many", 'g: {each: "${inputs.list}", do: {value: "${item}"}}', inputs="{list: array}")
    run = interlock.started("many", "-i", f"list={list(range(500))}")
    with subprocess.Popen([*PROGRAM, "events", run], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None

        first = program.stdout.readline()
        program.stdout.close()
        errors = program.stderr.read()

    assert first.startswith(b"#1 ")
    assert errors == b""
    assert program.returncode == 141


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("graph", "--help")])
def test_a_reader_of_help_that_has_gone_is_no_error(words: tuple[str, ...]) -> None:
    """`interlock --help | true`: the words are not the command's own, and end as its own do."""
    reading, writing = os.pipe()
    os.close(reading)

    ran = subprocess.run([*PROGRAM, *words], check=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)

    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("run", "nothing", "--json"), "UnknownGraph"),
        (("run", "--json"), "Usage"),
        (("show", "x", "--json"), "StoreMissing"),
        (("run", "hello", "-i", "x", "--json"), "Command"),
        (("run", "bad", "--json"), "InvalidGraph"),
        (("runs", "--store", "folder", "--json"), "Place"),
    ],
)
def test_errors_are_json_where_json_was_asked_for(interlock: CommandLine, words: tuple[str, ...], kind: str) -> None:
    """A program that reads the output must be able to read what went wrong as well."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.graph("bad", "a: {valu: 1}")
    (interlock.folder / "folder").mkdir()

    said = interlock(*words)

    assert said.json["error"]["kind"] == kind
    assert said.code in {1, 2}


def test_an_interruption_is_told_wherever_it_comes(interlock: CommandLine) -> None:
    """Ctrl-C may come before there is a run, as while tools are imported; a program still reads one JSON value."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.write("tools/slow.py", "raise KeyboardInterrupt")

    for_people, for_programs = interlock("run", "hello"), interlock("run", "hello", "--json")

    assert (for_people.code, for_people.err) == (130, "error: interrupted\n")
    assert (for_programs.code, for_programs.json["error"]["kind"]) == (130, "Interrupted")


def test_a_fault_of_its_own_is_told_without_a_traceback(
    interlock: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person can do nothing with a traceback but send it on, so it is printed only when asked for."""
    monkeypatch.setattr("interlock.cli.opening.latest_runs", None)

    quiet, loud = interlock("runs"), interlock("--debug", "runs")

    assert quiet.code == 70
    assert "Interlock has a fault" in quiet.err
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err


@pytest.mark.parametrize("words", [("rn",), ("run", "x", "--jsn"), ("show",)])
def test_a_wrong_command_line_shows_its_usage(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """What could have been written stands beside what was wrong."""
    said = interlock(*words)

    assert said.code == 2
    assert "Usage: interlock" in said.err
    assert said.out == ""


@pytest.mark.parametrize("name", ["database.db", "folder"])
def test_a_store_that_is_none_is_told(interlock: CommandLine, name: str) -> None:
    """A path that points elsewhere must not look like an empty store, nor be written over."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.write("database.db", "this is no database, and it is long enough to be looked at")
    (interlock.folder / "folder").mkdir()

    said = interlock("run", "hello", "--store", name)

    assert said.code == 1
    assert name in said.err
    assert Path("database.db").read_text(encoding="utf-8").startswith("this is no database")


def test_the_version_is_printed(interlock: CommandLine) -> None:
    """The first thing asked in a report."""
    assert interlock("--version").out.startswith("interlock ")


def test_no_color_means_none(interlock: CommandLine) -> None:
    """Logs and pipes are read without a terminal."""
    interlock.graph("hello", "a: {value: 1}")

    assert "\x1b" not in interlock("run", "hello").out


def test_a_terminal_of_ascii_alone_is_enough(interlock: CommandLine) -> None:
    """An old console or a log without an encoding must not turn a good run into an error."""
    interlock.graph("hello", 'a: {tool: greet, input: {name: "Zoë → ✓"}}')
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

    ran = subprocess.run([*PROGRAM, "run", "hello"], env=environment, check=False, capture_output=True)

    assert ran.returncode == 0
    assert b"+ succeeded" in ran.stdout
    assert rb"Zo\xeb" in ran.stdout


def test_what_comes_from_outside_cannot_move_the_cursor(interlock: CommandLine) -> None:
    """A tool's text could otherwise draw over what stands above it."""
    interlock.graph(
        "hello", 'a: {tool: greet, input: {name: "\\e[2Jx\\u202e"}}\nb: {tool: refuse, input: {text: "\\e[2J"}}'
    )

    said = interlock("run", "hello")
    shown = interlock("show", interlock("runs", "--json").json["runs"][0]["run"])

    assert "\x1b" not in said.out + shown.out
    assert "\u202e" not in said.out + shown.out


def test_what_is_said_of_a_node_stays_on_its_line(interlock: CommandLine) -> None:
    """The message of an error may have several lines; the tree has one for each node."""
    interlock.graph("hello", 'b: {tool: refuse, input: {text: "one\\ntwo"}}')

    shown = interlock("show", interlock.started("hello"))

    assert "one two" in next(line for line in shown.out.splitlines() if " b " in line)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("interlock run he", ["hello"]),
        ("interlock graph check he", ["hello"]),
        ("interlock runs --status ro", ["rolled_back"]),
        ("interlock releases he", ["hello"]),
    ],
)
def test_what_can_be_written_is_offered_by_the_shell(interlock: CommandLine, typed: str, offered: list[str]) -> None:
    """A name that was begun is completed: graphs from the project's folder, statuses from those there are."""
    interlock.graph("hello", "a: {value: 1}")
    environment = {
        **os.environ,
        "_INTERLOCK_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }

    ran = subprocess.run(PROGRAM, env=environment, check=False, capture_output=True, text=True)

    assert ran.stdout.split() == offered


def test_help_is_output_also_where_json_was_asked_for(interlock: CommandLine) -> None:
    """It is what the command says, for whoever looks for the right words."""
    assert "Usage: interlock run" in interlock("run", "--json", "--help").out


def test_runs_are_offered_by_the_shell(interlock: CommandLine) -> None:
    """The id of a run is copied or completed, but never typed."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    assert _offered(f"interlock show {run[:2]}") == (run, "")


def test_a_key_pressed_does_not_bring_a_store_up_to_date(interlock: CommandLine) -> None:
    """Whoever works with an older release beside this one would be locked out of their own file by a Tab."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.started("hello")
    interlock("store", "downgrade", "--to", "0003")

    offered = _offered("interlock show ")

    assert offered == ("", "")
    assert interlock("store", "version", "--json").json["schema"] == "0003"


def _offered(typed: str) -> tuple[str, str]:
    """What the shell is given for a last word, and what is said on the terminal beside it."""
    ran = subprocess.run(
        PROGRAM,
        env={**os.environ, "_INTERLOCK_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": "2"},
        check=False,
        capture_output=True,
        text=True,
    )
    return ran.stdout.strip(), ran.stderr


def test_whoever_interrupts_the_program_while_it_loads_reads_no_traceback(tmp_path: Path) -> None:
    """A slip in the command line is taken back within the first tenth of a second."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    begins = "import sys; from interlock.cli.entry import main; sys.exit(main())"

    ran = subprocess.run(
        [sys.executable, "-c", begins, "runs"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "error: interrupted\n")


NOISY = """\
import json
import os
import subprocess
import sys

from interlock import tool

print("imported")
os.system("echo child of the import")


@tool(effect="read")
def shout(name: str) -> str:
    print("called")
    sys.stdout.write("without a line's end")
    subprocess.run(["echo", "child of the call"])
    return name


@tool(effect="read", isolate="process")
def shout_apart(name: str) -> str:
    print("called apart")
    return name
"""


@pytest.mark.parametrize("words", [("run", "loud"), ("graph", "check"), ("graph", "check", "none")])
def test_json_is_all_that_is_on_standard_output_whatever_tools_print(
    interlock: CommandLine, words: tuple[str, ...]
) -> None:
    """One `print` left in a tool would break every program that reads the result; it is still seen by a person."""
    interlock.write("tools/tools.py", NOISY)
    interlock.graph(
        "loud", "a: {tool: shout, input: {name: Ada}}\nb: {tool: shout_apart, input: {name: Bob}, after: a}"
    )

    ran = subprocess.run([*PROGRAM, *words, "--json"], check=False, capture_output=True, text=True)

    assert ran.returncode in {0, 2}
    assert isinstance(json.loads(ran.stdout), dict)
    assert "imported\n" in ran.stderr


def test_a_reader_of_json_that_has_gone_is_no_error(interlock: CommandLine) -> None:
    """Here as well: `interlock events RUN --json | head -1`."""
    interlock.graph("many", 'g: {each: "${inputs.list}", do: {value: "${item}"}}', inputs="{list: array}")
    run = interlock.started("many", "-i", f"list={list(range(500))}")
    with subprocess.Popen(
        [*PROGRAM, "events", run, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None

        first = program.stdout.readline()
        program.stdout.close()
        errors = program.stderr.read()

    assert json.loads(first)["seq"] == 1
    assert errors == b""
    assert program.returncode == 141


@pytest.mark.parametrize("words", [("runs",), ("runs", "--json"), ("--version",), ("graph", "show", "hello")])
def test_closed_output_is_nobodys_error(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """A service may start programs without any; the work counts."""
    interlock.graph("hello", "a: {value: 1}")

    closed = 'exec "$@" >&-'
    ran = subprocess.run(["sh", "-c", closed, "sh", *PROGRAM, *words], check=False, stderr=subprocess.PIPE, text=True)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("runs",),
        ("runs", "--json"),
        ("graph", "show", "hello"),
        ("run", "hello"),
        ("run", "hello", "--json"),
    ],
)
def test_output_that_cannot_be_written_is_told(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """A full disk behind `> file` must not look like an empty answer."""
    interlock.graph("hello", "a: {value: 1}")

    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ran = subprocess.run([*PROGRAM, *words], check=False, stdout=full, stderr=subprocess.PIPE, text=True)

    told = "error: the output cannot be written: No space left on device\n"
    assert (ran.returncode, ran.stderr) == (1, told)
