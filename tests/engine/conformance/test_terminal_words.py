"""Tools that only somebody at a terminal can answer: found in their code, and in what they use beside it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Any

import pytest

from interlock import tool
from interlock.tools.tool import tool_of
from tests.engine.conformance.subjects import broken, helper, subject


def _ask_beside() -> str:
    return "".join(input("? ") for _ in range(1))


@tool(effect="read")
def asks_beside() -> str:
    """Ask by a function beside it."""
    return _ask_beside()


@tool(effect="read")
def reads_stdin() -> str:
    """Read what is typed."""
    return sys.stdin.readline()


@tool(effect="read")
def wants_password() -> str:
    """Ask for a password."""
    return getpass.getpass()


@tool(effect="read")
def has_input_field(input: dict[str, str]) -> str:
    """Read a field of that name, and no terminal."""
    return input.get("stdin", "") + str(sys.argv)


@pytest.mark.parametrize(
    ("terminal", "word"), [(asks_beside, "input"), (reads_stdin, "sys.stdin"), (wants_password, "getpass.getpass")]
)
def test_a_tool_that_needs_a_terminal_breaks_the_eleventh_factor(terminal: Any, word: str) -> None:  # noqa: ANN401 - a tool's function
    """A schedule or a hook has nobody who sits there."""
    made = tool_of(terminal)
    assert made is not None

    found = broken(subject(helper(tools=[made.name, "request_human_input"]), tools=[terminal]))

    assert found == {11: (f"`{made.name}` uses `{word}` ({made.place}): it needs somebody at a terminal",)}


def test_a_field_that_is_called_like_such_a_word_is_no_terminal() -> None:
    """Names of fields are anybody's."""
    assert broken(subject(helper(tools=["has_input_field"]), tools=[has_input_field])) == {}


def test_a_function_of_ones_own_that_is_called_so_is_no_terminal(tmp_path: Path) -> None:
    """What counts is what the name means there."""
    (tmp_path / "tools.py").write_text(
        "from interlock import tool\n\n\ndef input(text):\n    return text\n\n\n"
        '@tool(effect="read")\ndef echo(text: str) -> str:\n    "Say it again."\n    return input(text)\n'
    )

    assert broken(subject(helper(tools=["echo"]), tools=[tmp_path])) == {}
