"""A disk that is full in the middle of a run: it is told, nothing acknowledged is lost, and the run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from interlock import Interlock
from tests.chaos.full_disk import NODES, SIZE, make
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

ROOT = Path(__file__).parents[2]
ROOM = 600_000
"""Bytes: enough for the start and some of the nodes."""


def driven_until_full(place: Path) -> dict[str, Any]:
    """What a process had been told is kept, and what it was told in the end."""
    filling = [sys.executable, "-m", "tests.chaos.full_disk", str(place), str(ROOM)]
    told = subprocess.run(filling, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    return json.loads(told)


@in_event_loop
async def test_a_run_that_found_no_room_is_finished_once_there_is(tmp_path: Path) -> None:
    """Disks fill up at night: in the morning somebody makes room, and nothing has to be begun again."""
    place = tmp_path / "interlock.db"
    told = driven_until_full(place)

    await assert_sound(place)
    async with Interlock(place, tools=[make]) as interlock:
        kept = [event.seq async for event in (await interlock.open(told["run"])).events()]
        result = await (await interlock.take_up(told["run"])).wait()
        effects = await (await interlock.open(told["run"])).effects()

    assert told["reason"] in {"full", "broken"}
    assert told["told"].endswith("then try again; what was acknowledged is safe")
    assert 1 < len(told["acknowledged"]) <= len(kept) < 2 * NODES
    assert (result.status, result.outputs) == ("succeeded", {"size": 2 * SIZE})
    assert [effect.status for effect in effects] == ["done"] * NODES
    await assert_sound(place)
