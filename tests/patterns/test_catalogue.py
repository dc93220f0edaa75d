"""The page that lists the patterns and the tests that show them say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "patterns.md"
LINE = re.compile(
    r"\| (?P<number>\d+) \| [^|]+ \| (?P<supported>[^|]+) \| [^|]+ \| "
    r"\[(?P<test>[^]]+)\]\(\.\./tests/patterns/(?P<file>\w+\.py)\) \|"
)
MARKS = {
    "_is_refused": "no",
    "_is_not_supported": "no",
    "_by_": "combination",
    "_as_nodes_": "combination",
}


class Entry(NamedTuple):
    """One pattern: where its test is, what it is called, and whether the pattern is supported."""

    number: int
    file: str
    test: str
    supported: str


def listed() -> list[Entry]:
    """What the page says, line by line."""
    found = LINE.finditer(PAGE.read_text(encoding="utf-8"))
    return [
        Entry(int(line["number"]), line["file"], _test_name(int(line["number"]), line["test"]), line["supported"])
        for line in found
    ]


def _test_name(number: int, words: str) -> str:
    return f"test_pattern_{number:02}_{words.replace(' ', '_')}"


def shown() -> list[Entry]:
    """What the tests show: the first of each number; its name says whether the pattern is supported."""
    found: dict[int, Entry] = {}
    for path in sorted(HERE.glob("test_*.py")):
        for name in _functions(path):
            number = re.match(r"test_pattern_(\d\d)_", name)
            if number:
                entry = Entry(int(number[1]), path.name, name, _supported(name))
                found.setdefault(entry.number, entry)
    return [found[number] for number in sorted(found)]


def _functions(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def _supported(name: str) -> str:
    return next((supported for mark, supported in MARKS.items() if mark in name), "yes")


def test_every_pattern_of_the_catalogue_is_listed() -> None:
    """Whoever looks for theirs finds it, supported or not."""
    assert [entry.number for entry in listed()] == list(range(1, 44))


def test_the_page_and_the_tests_agree() -> None:
    """A claim without a test would be worth nothing, and a test without a line would not be found."""
    assert listed() == shown()


def test_the_counts_are_those_of_the_language() -> None:
    """34 as they are, 3 by a combination, 6 not."""
    supported = [entry.supported for entry in listed()]

    assert {word: supported.count(word) for word in supported} == {
        "yes": 34,
        "combination": 3,
        "no": 6,
    }
