"""The difference between two definitions is shown whole: what is approved is what is seen."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from interlock.tools import ToolError
from interlock.tools.pinning import Definition, definition_of, differences

ECHO = Definition(name="web_echo", description="Say it\nagain.", input={"type": "object"})


def test_of_a_new_tool_everything_is_new() -> None:
    """One line for each line of its description, and for each part of the rest."""
    lines = differences(None, ECHO)

    assert lines[:2] == ["+ description: Say it", "+ description: again."]
    assert '+   "name": "web_echo",' in lines
    assert all(line.startswith("+ ") for line in lines)


def test_only_what_changed_is_marked() -> None:
    """With a little of what stands around it."""
    lines = differences(ECHO, structs.replace(ECHO, description="Say it\ntwice."))

    assert [line for line in lines if line[0] != " "] == ["- description: again.", "+ description: twice."]


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "Say it\u2028again."},
        {"description": "Say it\x0bagain."},
        {"description": "Say it\nagain.\u200b"},
        {"description": "Say it\nagain.\u00a0"},
        {"description": "Say it\nagain.\n"},
        {"description": "--- a\n+++ b\n@@ c"},
        {"output": {}},
        {"input": {"type": "object", "description": "--"}},
        {"annotations": {"x": None}},
    ],
    ids=repr,
)
def test_no_change_of_the_pin_is_without_a_line_that_shows_it(changes: dict[str, Any]) -> None:
    """A person who sees nothing would approve nothing, and something all the same."""
    after = structs.replace(ECHO, **changes)

    lines = differences(ECHO, after)

    assert after.pin != ECHO.pin
    assert any(line.startswith(("+ ", "- ")) for line in lines)
    assert all(line.isprintable() for line in lines)


def test_the_pin_does_not_depend_on_how_the_same_is_written() -> None:
    """A server may send its keys in another order each time."""
    one = definition_of("x", description="d", input={"type": "object", "title": "t"}, annotations={"a": 1, "b": 2})
    other = definition_of("x", description="d", input={"title": "t", "type": "object"}, annotations={"b": 2, "a": 1})

    assert one.pin == other.pin


@pytest.mark.parametrize(
    ("name", "description", "problem"),
    [
        ("", "", "no name of a tool"),
        ("1x", "", "no name of a tool"),
        ("x" * 129, "", "no name of a tool"),
        ("x", "d" * 16_001, "in more than 16,000 characters"),
        ("x", "\ud800", "cannot be used"),
    ],
)
def test_a_definition_that_nobody_could_keep_is_refused(name: str, description: str, problem: str) -> None:
    """It is said of which tool, so the others of its server stay."""
    with pytest.raises(ToolError, match=problem):
        definition_of(name, description=description, input={"type": "object"})
