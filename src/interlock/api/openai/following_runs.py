"""A run as a chat hears of it: line by line while it goes on, then what it came to or what it asks.

It waits for so long at most. The run goes on all the same, and says where it is asked for later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from interlock.api.openai.markdown import SIMULATED, shown_end, shown_progress, shown_questions
from interlock.embedded.handle import RunHandle

LOOK_SECONDS: Final = 0.2
"""How often it is looked whether there is a line to tell."""


class Piece(Struct, frozen=True):
    """Something told. Progress is for who reads along, and no part of the answer."""

    text: str
    is_progress: bool = False
    simulated: bool = False


async def told_of_run(run: RunHandle, *, wait_seconds: float) -> AsyncGenerator[Piece]:
    """What there is to tell of a run until it ends, rests, or the time is up."""
    resting = asyncio.ensure_future(run.rested())
    ends_at = asyncio.get_running_loop().time() + wait_seconds
    after, simulated, has_told = 0, False, False
    try:
        while True:
            is_over = resting.done() or asyncio.get_running_loop().time() >= ends_at
            async for event in run.events(after=after):
                after = event.seq
                simulated |= bool(getattr(event.body, "simulated", False))
                if line := shown_progress(event):
                    has_told = True
                    yield Piece(line, is_progress=True)
            if is_over:
                break
            left = max(0.0, ends_at - asyncio.get_running_loop().time())
            await asyncio.wait([resting], timeout=min(LOOK_SECONDS, left))
    finally:
        resting.cancel()
        await asyncio.gather(resting, return_exceptions=True)
    if has_told:
        yield Piece("\n", is_progress=True)
    yield Piece(await outcome_of(run, simulated=simulated), simulated=simulated)


async def outcome_of(run: RunHandle, *, simulated: bool = False) -> str:
    """What a run has come to by now, or what it asks."""
    result = await run.result()
    if result.has_ended:
        return shown_end(result) + (f"\n\n{SIMULATED}" if simulated else "")
    rows = await run.questions()
    if rows:
        return shown_questions(run.id, rows)
    what = "waits" if result.status == "waiting" else f"is {result.status}"
    return f"Run `{run.id}` {what}. `@flow wait {run.id}` waits for it, `@flow status {run.id}` tells how it stands."
