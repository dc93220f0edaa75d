"""Killed again and again, nothing is lost and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from tests.engine.soundness import assert_sound

ROOT = Path(__file__).parents[2]


def test_two_hundred_runs_survive_a_hundred_kills_with_every_effect_done_exactly_once(tmp_path: Path) -> None:
    """The promise the engine exists for: each run succeeds, each effect has one result, no `once` line stands twice."""
    lives = [sys.executable, "-m", "tests.chaos.lives", str(tmp_path), "--runs", "200", "--lives", "100"]

    told = subprocess.run(lives, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240).stdout
    found = json.loads(told)

    assert found["kills"] == 100
    assert found["runs"] == {"succeeded": 200}
    assert found["effects"] == {"done": 4_000}
    assert found["ids"] == 4_000
    assert found["once_written_twice"] == []
    assert found["once_written"] == found["once_ids"]
    asyncio.run(assert_sound(tmp_path / "runs.db"))
