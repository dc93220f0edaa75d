"""What becomes of the runs of a worker that was killed or stopped: when another has them, and when it moves them."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from interlock.store.postgres.tables import MOVING
from tests.chaos.fleet.audit import Server

LOOK_SECONDS: Final = 0.05
GIVES_UP_SECONDS: Final = 120.0
_HELD: Final = """
    select run, epoch, seq, due, status in {moving} from {schema}.run
    where pid = $1 and owner is not null and ended_at is null"""
_NOW: Final = """
    select run, epoch, seq, ended_at is null and (status in {moving} or due is not null) from {schema}.run
    where run = any($1)"""


class _Held(NamedTuple):
    epoch: int
    seq: int
    since: float
    """From when on somebody else has to see to it: a run that waits for an instant may be left alone until then."""


@dataclass
class Aftermath:
    """Measured for every run that a worker had in hand when it fell silent."""

    taken: list[float] = field(default_factory=list[float])
    """Seconds until another worker had the run."""
    moved: list[float] = field(default_factory=list[float])
    """Seconds until another worker had recorded an event of it."""
    never: list[str] = field(default_factory=list[str])

    def told(self) -> dict[str, Any]:
        """The figures."""
        return {"runs": len(self.taken), "taken": _figures(self.taken), "moved": _figures(self.moved)}


async def follow(aftermath: Aftermath, server: Server, schema: str, *, pid: int, at: float) -> None:
    """Look what becomes of what a process held at an instant."""
    held = {
        run: _Held(epoch, seq, at if is_moving else max(at, due / 1e6))
        for run, epoch, seq, due, is_moving in await server.fetch(_HELD.format(schema=schema, moving=MOVING), pid)
        if is_moving or due is not None
    }
    untaken, unmoved = set(held), set(held)
    while unmoved and time.time() - at < GIVES_UP_SECONDS:
        rows = await server.fetch(_NOW.format(schema=schema, moving=MOVING), list(unmoved))
        now = time.time()
        for run, epoch, seq, goes_on in rows:
            before = held[run]
            if epoch > before.epoch and run in untaken:
                untaken.discard(run)
                aftermath.taken.append(now - before.since)
            if epoch > before.epoch and seq > before.seq:
                aftermath.moved.append(now - before.since)
                unmoved.discard(run)
            elif epoch == before.epoch and not goes_on:
                # What the process had begun still came to be, and made the run end or rest.
                untaken.discard(run)
                unmoved.discard(run)
        await asyncio.sleep(LOOK_SECONDS)
    aftermath.never.extend(sorted(untaken))


def _figures(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {"p50": 0.0, "max": 0.0}
    return {"p50": round(statistics.median(seconds), 3), "max": round(max(seconds), 3)}
