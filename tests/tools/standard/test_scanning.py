"""The security scan finds what is there, and files of the workspace cannot talk it out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.standard.bench import Bench
from tests.tools.standard.sandboxes import sandboxed_bench

BAD = "import subprocess, hashlib\nsubprocess.call('ls ' + x, shell=True)  # nosec\nhashlib.md5(b'')\n"


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """An empty workspace with all tools."""
    pytest.importorskip("bandit", reason="bandit comes with the extra `demo`")
    return sandboxed_bench(tmp_path)


def test_findings_are_counted_by_severity_and_named_the_worst_first(bench: Bench) -> None:
    """A gate looks at the counts, and a fixer at the places; settings and comments in the code silence nothing."""
    bench.holds(
        {
            "src/bad.py": BAD,
            "src/good.py": "x = 1\n",
            "src/broken.py": "def (:\n",
            ".bandit": "[bandit]\nskips: B602,B324,B404\nexclude: ./src\n",
            "pyproject.toml": "[tool.bandit]\nskips = ['B602']\n",
            ".tox/hidden.py": "eval(input())\n",
        }
    )

    report = bench.call("security_scan")

    assert [(each["path"], each["line"], each["severity"]) for each in report["findings"]] == [
        ("src/bad.py", 2, "high"),
        ("src/bad.py", 3, "high"),
        (".tox/hidden.py", 1, "medium"),
        ("src/bad.py", 1, "low"),
    ]
    assert (report["high"], report["medium"], report["low"], report["files_scanned"]) == (2, 1, 1, 4)
    assert [each.partition(":")[0] for each in report["not_scanned"]] == ["src/broken.py"]


def test_comments_that_silence_are_believed_where_that_is_asked_for(bench: Bench) -> None:
    """Of code that people have looked at."""
    bench.holds({"src/bad.py": BAD, "other.py": BAD})

    report = bench.call("security_scan", paths=["src"], trust_nosec=True)

    assert [(each["path"], each["check"]) for each in report["findings"]] == [
        ("src/bad.py", "B324"),
        ("src/bad.py", "B404"),
    ]


@pytest.mark.parametrize("path", ["nowhere", "../outside", "--help"])
def test_what_is_not_there_is_not_found_to_be_clean(path: str, bench: Bench) -> None:
    """A misspelt path would else be a clean scan."""
    kind, _ = bench.refusal("security_scan", paths=[path])

    assert kind == "invalid"
