"""A search finds the lines in which a pattern is, and no pattern holds it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.core.values import Value
from interlock.tools.standard.searching import search_tools
from tests.tools.standard.bench import Bench


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """A workspace with a few files."""
    bench = Bench(tmp_path, search_tools)
    bench.holds(
        {
            "src/a.py": "def one():\n    return 1\n\n\ndef two():\n    return one() + one()\n",
            "src/b.txt": "One\r\nété\r\n",
            "notes.md": "one",
        }
    )
    (bench.workspace.files / "binary.py").write_bytes(b"one\0")
    return bench


@pytest.mark.parametrize(
    ("input", "found"),
    [
        ({"pattern": r"def \w+\("}, [("src/a.py", 1, "def one():"), ("src/a.py", 5, "def two():")]),
        (
            {"pattern": r"one\(\)", "folder": "src"},
            [("src/a.py", 1, "def one():"), ("src/a.py", 6, "    return one() + one()")],
        ),
        ({"pattern": "^one$", "ignore_case": True, "files": "*.txt"}, []),
        ({"pattern": "^one", "ignore_case": True, "files": "*.txt"}, [("src/b.txt", 1, "One")]),
        ({"pattern": "é", "files": "*"}, [("src/b.txt", 2, "été")]),
        ({"pattern": "one$", "files": "*.md"}, [("notes.md", 1, "one")]),
        ({"pattern": r"return 1\n\n", "files": "src/*"}, [("src/a.py", 2, "    return 1")]),
        ({"pattern": "nowhere"}, []),
    ],
)
def test_the_lines_in_which_a_pattern_is_are_found(
    input: dict[str, Value], found: list[tuple[str, int, str]], bench: Bench
) -> None:
    """With the place of each, as an editor or a next call wants it."""
    matches = bench.call("search_files", **input)

    assert [(each["path"], each["line"], each["text"]) for each in matches["matches"]] == found
    assert matches["cut"] is False


def test_of_many_matches_the_first_are_given(bench: Bench) -> None:
    """A dot matches everything, and an answer has an end."""
    matches = bench.call("search_files", pattern=".", matches_max=3)

    assert (len(matches["matches"]), matches["cut"]) == (3, True)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_longer_than_the_text_is_long(pattern: str, bench: Bench) -> None:
    """Each of these holds a backtracking engine for longer than a run lives; the test would be ended."""
    bench.holds({"long.txt": "a" * 1_000_000 + "!"})

    assert bench.call("search_files", pattern=pattern, files="long.txt")["files_searched"] == 1


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(?<=a)b", "invalid perl operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("(", "missing )"),
        ("((a{1000}){1000}){1000}", "invalid repetition size"),
        ("\ud800", "unable to parse"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told(pattern: str, told: str, bench: Bench) -> None:
    """What other engines know and this one does not is said in a word."""
    kind, message = bench.refusal("search_files", pattern=pattern)

    assert kind == "invalid"
    assert told in message
