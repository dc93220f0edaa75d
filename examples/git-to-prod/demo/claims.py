"""What both demos claim of a run of the example, read from `--json` and from the repository it was about."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

Run: TypeAlias = dict[str, Any]
"""A run as `--json` tells it."""


def is_released(run: Run) -> bool:
    """Whether it ended well, with the version that comes next."""
    return run["status"] == "succeeded" and run["outputs"]["version"] == "1.4.1"


def tests_pass(run: Run) -> bool:
    """Whether its tests were run and all of them passed."""
    report = run["nodes"]["test"]["output"]
    return report["passed"] > 0 and report["failed"] == 0


def entries(repository: Path) -> list[str]:
    """The versions in the changelog of a repository, the newest first."""
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    return [line.removeprefix("## ") for line in changelog.splitlines() if line.startswith("## ")]
