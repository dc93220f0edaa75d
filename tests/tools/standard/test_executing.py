"""Code of a model's making runs in the sandbox or not at all, and what it leaves comes back once."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.core.values import Value
from interlock.tools.outcome import Failed
from interlock.tools.sandbox import NoSandbox
from tests.tools.standard.bench import Bench
from tests.tools.standard.sandboxes import bench_with, sandboxed_bench


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """An empty workspace with all tools."""
    return sandboxed_bench(tmp_path)


@pytest.mark.parametrize(
    ("tool", "input"),
    [("execute_code", {"language": "bash", "code": "touch mark"}), ("run_tests", {}), ("security_scan", {})],
)
def test_without_a_sandbox_nothing_is_run_and_the_reasons_are_told(
    tool: str, input: dict[str, Value], tmp_path: Path
) -> None:
    """Never on the host, however harmless it looks."""
    bench = bench_with(tmp_path, NoSandbox(reasons=(("landlock", "this kernel has no Landlock"),)))

    outcome = bench.outcome(tool, **input)

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable) == ("refused", False)
    assert "landlock: this kernel has no Landlock" in outcome.error.message
    assert list(tmp_path.rglob("mark")) == []


def test_code_sees_the_workspace_and_what_it_changes_comes_back(bench: Bench) -> None:
    """A model can edit by program what would be long to write as a patch."""
    bench.holds({"src/a.py": "VALUE = 41\n", "old.txt": "old"})
    code = (
        "import os, src.a; print(src.a.VALUE); os.remove('old.txt'); os.mkdir('d'); open('d/new.txt', 'w').write('new')"
    )

    ran = bench.call("execute_code", language="python", code=code)

    assert (ran["succeeded"], ran["exit_code"], ran["stdout"], ran["stderr"]) == (True, 0, "41\n", "")
    assert (ran["changed"], ran["deleted"], ran["not_kept"]) == (["d/new.txt"], ["old.txt"], [])
    assert ran["tier"] in {"bubblewrap", "landlock", "gvisor"}
    assert bench.files == {"src/a.py": "VALUE = 41\n", "d/new.txt": "new"}


def test_code_is_run_once_for_its_effect(bench: Bench) -> None:
    """After a crash the call is repeated, and the code must not add its line a second time."""
    bench.holds({"log.txt": ""})
    first = bench.call("execute_code", effect="e", language="bash", code="echo line >> log.txt; echo $RANDOM")
    again = bench.call("execute_code", effect="e", language="bash", code="echo line >> log.txt; echo $RANDOM")

    assert first == again
    assert bench.files == {"log.txt": "line\n"}


@pytest.mark.parametrize(
    ("language", "code", "stdout"),
    [
        ("bash", "echo $((6 * 7))", "42\n"),
        ("python", "print(6 * 7)", "42\n"),
        ("javascript", "console.log(6 * 7)", "42\n"),
    ],
)
def test_three_languages_are_run(language: str, code: str, stdout: str, bench: Bench) -> None:
    """Those that the tool names."""
    outcome = bench.outcome("execute_code", language=language, code=code)

    assert told(outcome) in {stdout, f"{language} is not here"}


def told(outcome: object) -> str:
    """What the code printed, or that its language is not installed here, which the tool says of itself."""
    if isinstance(outcome, Failed) and "is not installed on this machine" in outcome.error.message:
        return "javascript is not here"
    return str(getattr(outcome, "out", {}).get("stdout"))


def test_a_failure_of_the_code_is_a_result_and_its_changes_stay(bench: Bench) -> None:
    """The model has to read what went wrong."""
    ran = bench.call("execute_code", language="bash", code="echo half > a.txt; echo wrong >&2; exit 3")

    assert (ran["succeeded"], ran["ended"], ran["exit_code"], ran["stderr"]) == (False, "exited", 3, "wrong\n")
    assert bench.files == {"a.txt": "half\n"}


@pytest.mark.parametrize(
    ("code", "ended"),
    [("echo half > a.txt; sleep 60", "timed_out"), ("echo half > a.txt; yes", "output_full")],
)
def test_code_that_has_to_be_stopped_changes_nothing(code: str, ended: str, bench: Bench) -> None:
    """What it left is half done, and nobody knows which half."""
    ran = bench.call("execute_code", language="bash", code=code, timeout=1)

    assert (ran["succeeded"], ran["ended"], ran["changed"]) == (False, ended, [])
    assert len(ran["stdout"]) < 21_000
    assert bench.files == {}


def test_links_pipes_and_odd_names_are_not_taken_and_told(bench: Bench) -> None:
    """What a program leaves may be a trap for whoever opens it."""
    code = "ln -s /etc/passwd link; mkfifo pipe; echo 1 > good.txt; echo 2 > $'a\\nb'; mkdir .git; echo 3 > .git/config"

    ran = bench.call("execute_code", language="bash", code=code)

    assert ran["changed"] == ["good.txt"]
    assert len(ran["not_kept"]) >= 3
    assert bench.files == {"good.txt": "1\n"}


def test_neither_network_nor_environment_nor_the_machines_files_are_there(bench: Bench, tmp_path: Path) -> None:
    """The sandbox's own tests try much harder: this is that the tool uses it as it should."""
    (tmp_path / "secret.txt").write_text("secret")
    code = f"""
import os, socket
print(sorted(os.environ))
for attempt in (open, ({str(tmp_path / "secret.txt")!r},)), (socket.create_connection, (("127.0.0.1", 9),)):
    try:
        print("got", attempt[0](*attempt[1]))
    except OSError as error:
        print("refused", type(error).__name__)
"""

    ran = bench.call("execute_code", language="python", code=code)

    assert ran["stdout"].count("refused") == 2
    assert "INTERLOCK" not in ran["stdout"]


@pytest.mark.parametrize(
    ("input", "told_of"),
    [
        ({"language": "perl", "code": "1"}, "input of `execute_code` breaks its contract"),
        ({"language": "python", "code": "x" * 100_001}, "input of `execute_code` breaks its contract"),
        ({"language": "python", "code": "é" * 60_000}, "the code is longer than 100,000 bytes"),
        ({"language": "bash", "code": "echo \0"}, "code 0"),
        ({"language": "bash", "code": "echo", "timeout": 0}, "input of `execute_code` breaks its contract"),
    ],
)
def test_code_that_cannot_be_meant_is_refused(input: dict[str, Value], told_of: str, bench: Bench) -> None:
    """Before anything is started."""
    kind, message = bench.refusal("execute_code", **input)

    assert kind == "invalid"
    assert told_of in message
