"""The lines that `make demo` ends with: typed as they are printed, those of one language do all of it."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.server import STARTED, start_server
from tests.docs.typescript import command_to_run
from tests.examples.project import EXAMPLE, example_copy, need_a_sandbox
from tests.programs import PATH

SECONDS_MAX = 120


class Doors:
    """A copy of the example that is served, and what the demo says how it is used from elsewhere."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        doors, means = importlib.import_module("doors"), importlib.import_module("means")  # the demo is no package
        self.folder = folder
        self._environment = environment
        here = means.Means("", executes=True, model_url="")
        self.deeds: list[Any] = list(doors.deeds(doors.archive_of(folder / "sample_repo"), here))
        self.python_begins: str = doors.PYTHON_BEGINS
        self.typescript_begins: str = doors.TYPESCRIPT_BEGINS

    def program(self, name: str, *lines: str) -> str:
        """A program of these lines, in the folder; its name."""
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return name

    def typed(self, command: str) -> str:
        """What a shell in the folder says to a command."""
        ran = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env={**os.environ, "PATH": PATH, **self._environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(name="doors")
def a_served_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """`interlock up` in a folder of the example, as the demo says."""
    need_a_sandbox()
    monkeypatch.setattr(sys, "path", [str(EXAMPLE / "demo"), *sys.path])
    folder = example_copy(tmp_path).folder
    up = STARTED.fullmatch("interlock up &")
    assert up is not None
    server = start_server(up, folder=folder, environment={})
    yield Doors(folder, server.environment(folder))
    server.stop()


def by_curl(doors: Doors) -> str:
    """A shell, which keeps ids in variables."""
    return doors.typed("\n".join(deed.curl for deed in doors.deeds))


def by_python(doors: Doors) -> str:
    """The Python client."""
    program = doors.program("deeds.py", doors.python_begins, *(deed.python for deed in doors.deeds))
    return doors.typed(f"python {program}")


def by_typescript(doors: Doors) -> str:
    """The TypeScript client, checked strictly."""
    program = doors.program("deeds.ts", doors.typescript_begins, *(deed.typescript for deed in doors.deeds))
    return doors.typed(command_to_run(program, folder=doors.folder))


@pytest.mark.parametrize("spoken", [by_curl, by_python, by_typescript])
def test_the_lines_of_one_language_do_all_that_was_done(doors: Doors, spoken: Callable[[Doors], str]) -> None:
    """A line that does not do what it says is the first thing that a newcomer meets."""
    told = spoken(doors)

    assert "run.ended" in told
    assert len(re.findall(r"\brolled_back\b", told)) >= 2, "the hurried run, and the release that was taken back"
