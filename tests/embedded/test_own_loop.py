"""A program whose work is done has ended, whatever somebody's tool still does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

STUBBORN = """
import asyncio
from contextlib import suppress
from interlock.embedded.own_loop import in_own_loop

async def never_ends() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

async def cleans_up() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up")

async def work() -> str:
    tasks = [asyncio.create_task(never_ends()), asyncio.create_task(cleans_up())]
    await asyncio.sleep(0)
    return f"done beside {len(tasks)}"

print(in_own_loop(work(), leave_seconds=0.05))
"""


def test_what_swallows_every_cancel_does_not_hold_the_program_open() -> None:
    """The run has ended and its result is known: nobody should have to press Ctrl-C to read it."""
    ended = subprocess.run(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert (ended.stdout, ended.stderr) == ("cleaned up\ndone beside 2\n", "")
