"""The pytest plugin: a user's test has a cassette of its own, recorded by a switch and played at all other times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.pytest_plugin import cassette_of

A_TEST = """
from pathlib import Path

from interlock import tool


@tool(effect="read")
def greet(name: str) -> str:
    Path("called").write_text(name)
    return f"Hello {name}"


GRAPH = {"graph": "g", "nodes": {"a": {"tool": "greet", "input": {"name": "Ada"}}}}


def test_a_greeting(taped):
    assert taped(tools=[greet]).run(GRAPH).outputs == {"a": "Hello Ada"}
"""


def run_pytest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The user's tests, run by pytest in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_cassette_is_recorded_once_and_played_without_the_tools(tmp_path: Path) -> None:
    """What a continuous integration without keys runs is what was seen with them."""
    (tmp_path / "test_greeting.py").write_text(A_TEST)

    recorded = run_pytest(tmp_path, "--interlock-record")
    (tmp_path / "called").unlink()
    played = run_pytest(tmp_path)

    assert (recorded.returncode, played.returncode) == (0, 0), recorded.stdout + played.stdout
    assert not (tmp_path / "called").exists()
    tape = json.loads((tmp_path / "cassettes" / "test_greeting" / "test_a_greeting.json").read_text())
    assert [call["gave"] for call in tape["calls"]] == ["Hello Ada"]


def test_a_test_without_a_cassette_says_so(tmp_path: Path) -> None:
    """A live call in its place could cost money."""
    (tmp_path / "test_greeting.py").write_text(A_TEST)

    played = run_pytest(tmp_path)

    assert played.returncode == 1
    assert "test_a_greeting.json cannot be read: No such file or directory" in played.stdout
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(
    ("test", "file"), [("test_a", "test_a.json"), ("test_a[x/y: 1]", "test_a-x-y-1.json"), ("test_ü", "test_.json")]
)
def test_a_cassette_has_the_name_of_its_test(test: str, file: str) -> None:
    """Whoever looks for it finds it; a parameter that no file's name can hold is written otherwise."""
    assert cassette_of(Path("tests/test_m.py"), test) == Path("tests/cassettes/test_m") / file
