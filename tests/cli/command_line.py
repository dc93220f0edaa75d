"""The command line as a person uses it: in a folder, word by word, reading what it prints."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interlock.cli.app import main

TOOLS = """\
from interlock import ToolFailed, tool


@tool(effect="read")
def greet(name: str) -> str:
    return f"Hello {name}"


@tool(effect="read")
def refuse(text: str = "no") -> str:
    raise ToolFailed(text, kind="refused")


@tool(effect="read")
def greet_only(who: str) -> str:
    if who != "Ada":
        raise ToolFailed(f"not {who}", kind="refused")
    return f"Hello {who}"


@tool(effect="idempotent")
def give_back(amount: int) -> None:
    pass


@tool(effect="once")
def pay(amount: int) -> str:
    return f"paid {amount}"
"""


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON data
        """Standard output, which has to be one JSON value and nothing else."""
        return json.loads(self.out)


class CommandLine:
    """A project's folder with a shell in it."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture
        self.write("interlock.toml", "")
        self.write("tools/tools.py", TOOLS)

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def graph(self, name: str, nodes: str, **keys: str) -> None:
        """A graph of the project; `nodes` is written as it stands in the file, without its first indent."""
        head = "".join(f"{key}: {value}\n" for key, value in keys.items())
        body = "".join(f"  {line}\n" for line in nodes.splitlines())
        self.write(f"graphs/{name}.yaml", f"graph: {name}\nlanguage: 1\n{head}nodes:\n{body}")

    def __call__(self, *words: str) -> Said:
        """What `interlock` with these words says."""
        self._capture.readouterr()
        code = main(list(words))
        printed = self._capture.readouterr()
        return Said(int(code), printed.out, printed.err)

    def types(self, line: str) -> Said:
        """A whole line as it is copied from the screen."""
        program, *words = shlex.split(line)
        assert program == "interlock"
        return self(*words)

    def started(self, graph: str, *words: str) -> str:
        """The id of a new run of a graph, driven until it rests."""
        run: str = self("run", graph, "--json", *words).json["run"]
        return run


def commands_in(text: str) -> list[str]:
    """The command lines that an output offers to be copied."""
    return [line[line.index("interlock ") :].strip() for line in text.splitlines() if "  interlock " in line]
