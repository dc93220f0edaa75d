"""Tools are collected from people's files; what is wrong with these is told in their words, all at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.tools import ToolError, ToolsNotLoaded, collect_tools, tool
from tests.privileges import folder_open_to_all, without_privileges

PAY = """
from interlock.tools import tool

@tool
def pay(amount: int) -> int:
    return amount
"""


@pytest.fixture(autouse=True)
def imports_as_before() -> Iterator[None]:
    """What a test imports is gone afterwards."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, in which we are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_of(*sources: str | Path) -> tuple[str, ...]:
    """What is wrong with these sources."""
    with pytest.raises(ToolsNotLoaded) as refused:
        collect_tools(sources)
    return refused.value.problems


def test_tools_come_from_files_folders_modules_and_functions(folder: Path) -> None:
    """`--tools` says where; a project's own folder needs no saying."""
    (folder / "one.py").write_text(PAY)
    (folder / "tools").mkdir()
    (folder / "tools" / "two.py").write_text(PAY.replace("pay", "refund"))
    (folder / "tools" / "prices.py").write_text("VAT = 19\n")
    (folder / "three.py").write_text(PAY.replace("pay", "ship"))

    @tool
    def pack() -> None: ...

    toolbox = collect_tools(["one.py", folder / "tools", "three", pack])

    assert list(toolbox.contracts()) == ["pack", "pay", "refund", "ship"]
    assert toolbox.get("pay").place == "one.py:4"
    assert ("pay" in toolbox, "play" in toolbox, len(toolbox)) == (True, False, 4)


def test_a_file_may_import_its_neighbours_and_a_shared_tool_is_one_tool(folder: Path) -> None:
    """Imports in a folder of tools work as they do in a script, and each file is imported once."""
    (folder / "tools").mkdir()
    (folder / "tools" / "shop.py").write_text("from till import pay\n")
    (folder / "tools" / "till.py").write_text(PAY)

    toolbox = collect_tools(["tools", "tools/till.py", "tools/shop.py"])

    assert [(made.name, made.place) for made in toolbox] == [("pay", "tools/till.py:4")]


def test_files_of_one_name_are_two_files_and_a_library_stays_a_library(folder: Path) -> None:
    """Two projects may both have a `pay.py`, and nobody knows all names of the standard library."""
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    (folder / "one" / "pay.py").write_text(PAY)
    (folder / "two" / "pay.py").write_text(PAY.replace("pay", "refund"))
    (folder / "json.py").write_text("import json\n" + PAY.replace("pay", "encode") + "\njson.dumps(1)\n")

    toolbox = collect_tools(["one/pay.py", "two/pay.py", "json.py"])

    assert list(toolbox.contracts()) == ["encode", "pay", "refund"]


def test_two_tools_of_one_name_are_refused_with_both_places(folder: Path) -> None:
    """Which of the two a graph would get must not depend on the order of files."""
    (folder / "one.py").write_text(PAY)
    (folder / "two.py").write_text("\n" + PAY)

    assert problems_of("one.py", "two.py") == (
        "two.py:5: the tool `pay` is also defined at one.py:4: rename one of them",
    )


def test_everything_that_is_wrong_is_told_at_once_with_file_and_line(folder: Path) -> None:
    """One look at the answer, one round of mending; and not a line of our own machinery in it."""
    (folder / "tools").mkdir()
    (folder / "tools" / "a.py").write_text("x = 1\nimport nowhere_to_be_found\n")
    (folder / "tools" / "b.py").write_text("def f(:\n")
    (folder / "tools" / "c.py").write_text("def f():\n    return 1 / 0\n\nf()\n")
    (folder / "tools" / "d.py").write_text(PAY.replace("amount: int", "*amount"))
    (folder / "tools" / "e.py").write_text("import sys\nsys.exit('not today')\n")
    (folder / "empty.py").write_text("")

    assert problems_of("tools", "empty.py", "missing.py", "no_such_module") == (
        "tools/a.py:2: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        "tools/b.py:1: SyntaxError: invalid syntax",
        "tools/c.py:2: ZeroDivisionError: division by zero",
        "tools/d.py:4: `pay` cannot be a tool: `*amount` has no name in the input: take a list instead",
        "tools/e.py:2: it exits while it is imported",
        "empty.py holds no tool: mark the functions with @tool",
        "missing.py: there is no such file",
        "module no_such_module: ModuleNotFoundError: No module named 'no_such_module'",
    )


def test_a_folder_that_may_not_be_read_is_told_as_such() -> None:
    """Else it looks empty, and every tool of the project is unknown."""
    with folder_open_to_all() as closed:
        (closed / "pay.py").write_text(PAY)
        closed.chmod(0o300)

        with without_privileges(), pytest.raises(ToolsNotLoaded) as refused:
            collect_tools([closed])
        closed.chmod(0o700)

    assert str(refused.value) == f"{closed}: the folder cannot be read: Permission denied"


def test_a_function_without_the_mark_is_refused() -> None:
    """Passing the function itself is the shortest way, and easily done one line too early."""

    def plain() -> None: ...

    with pytest.raises(ToolsNotLoaded, match="is no tool: mark the function with @tool"):
        collect_tools([plain])


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A misspelt tool is found at once."""

    @tool
    def run_tests() -> None: ...

    toolbox = collect_tools([run_tests])

    assert toolbox.find("run_test") is None
    with pytest.raises(ToolError, match=r"there is no tool `run_test`: did you mean `run_tests`\?"):
        toolbox.get("run_test")
