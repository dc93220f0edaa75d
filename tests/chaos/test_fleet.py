"""A fleet of real workers on a real PostgreSQL loses nothing and does nothing twice, whatever is done to its processes.

This is the short form. `make chaos` is the long one: a thousand runs and more than a hundred processes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.many_hands import wrong_with

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("own_postgres")  # where there can be no server it is skipped, and says why
def test_killed_and_stopped_workers_leave_every_run_ended_and_every_effect_done_once(tmp_path: Path) -> None:
    """The promise of many workers is that of one. The verdict comes from logs, files, and the server's own triggers."""
    told = _told_by("tests.chaos.fleet", tmp_path, "--runs", 30, "--kills", 3, "--stops", 1, "--minutes", 0.12)

    assert told["problems"] == []
    assert (told["kills"], told["stops"]) == (3, 1)
    assert sum(told["runs"].values()) == 30


@pytest.mark.usefixtures("own_postgres")
@pytest.mark.parametrize(("store", "victim"), [("postgres", "performer"), ("sqlite", "driver")])
def test_calls_on_several_workers_are_all_made_once_although_one_of_them_is_killed(
    tmp_path: Path, store: str, victim: str
) -> None:
    """What a dead worker had in its hands is asked about and made by another, and what waited for it is, too."""
    told = _told_by(
        "tests.chaos.many_hands",
        *(tmp_path / "hands", "--store", store, "--kill", victim),
        *("--items", 60, "--seconds", 0.2, "--workers", 2, "--concurrency", 10),
    )

    assert wrong_with(told) == []
    assert told["items"] == 60


def _told_by(program: str, *words: object) -> dict[str, Any]:
    """What a program says of itself in the end."""
    command: Sequence[str] = [sys.executable, "-m", program, *map(str, words)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert ended.stdout, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told
