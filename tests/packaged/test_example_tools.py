"""The tools that packaged graphs need besides the default ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.packaged.example_tools import example_tools
from tests.tools.standard.bench import Bench

CHANGELOG = "# Changelog\n\n## 1.9.9\n\n- Something.\n"


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """The tools, and an empty workspace."""
    return Bench(tmp_path, example_tools)


def test_an_empty_workspace_begins_as_the_sample(bench: Bench) -> None:
    """A run that was given no files of its own has something to work on."""
    done = bench.call("sample_repository")

    assert done == {"files": 7, "is_sample": True}
    assert "return 41" in bench.files["app/answer.py"]


def test_files_that_a_run_was_given_are_left_alone(bench: Bench) -> None:
    """Whoever runs the graph on work of their own wants that mended, and nothing else."""
    bench.holds({"app.py": "x = 1\n"})

    assert bench.call("sample_repository") == {"files": 1, "is_sample": False}
    assert bench.files == {"app.py": "x = 1\n"}


def test_the_sample_is_put_there_once(bench: Bench) -> None:
    """A call that is repeated after a crash finds what it did."""
    first = bench.call("sample_repository", effect="the-one")

    assert bench.call("sample_repository", effect="the-one") == first


@pytest.mark.parametrize(("given", "version"), [("", "1.9.10"), ("2.0.0", "2.0.0")])
def test_an_entry_stands_above_the_last_one(given: str, version: str, bench: Bench) -> None:
    """Its version is the one that is said, else the next one."""
    entry = bench.call("changelog_entry", changelog=CHANGELOG, text="Some\nthing else.", version=given)

    added = [line[1:] for line in entry["patch"].splitlines()[2:] if line.startswith("+")]
    assert (entry["version"], added) == (version, ["", f"## {version}", "", "- Some thing else."])


def test_a_changelog_without_a_version_is_refused(bench: Bench) -> None:
    """There is no place where the entry would belong."""
    kind, message = bench.refusal("changelog_entry", changelog="# Changelog\n", text="x")

    assert (kind, message) == ("invalid", "CHANGELOG.md names no version: it needs a line such as `## 1.4.0`")
