"""Those who want something of a fleet: they start runs, answer, send events, cancel, and settle what is in doubt.

None of them drives a run. Whatever they ask for is put on record and left to the workers.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from interlock import Interlock
from interlock.core.lifecycle import RUN_ENDED
from interlock.engine.errors import RequestRefusedError
from interlock.store import StoreError
from interlock.store.rows import QuestionRow
from tests.chaos.fleet.graphs import EXPECTED
from tests.chaos.fleet.world import World

Act: TypeAlias = Callable[[], Awaitable[object]]

LOOK_SECONDS: Final = 0.3
ASKED_AGAIN_SECONDS: Final = 5.0
"""What was answered and still asks is answered again: the answer may have been refused because the run had moved on."""
HOOK_SECONDS: Final = 30.0
"""An effect that a hook should have found out about by then is left to a person."""


class Crowd:
    """All of them."""

    def __init__(self, interlock: Interlock, world: World, chance: random.Random) -> None:
        self._interlock = interlock
        self._world = world
        self._chance = chance
        self._answered: dict[tuple[str, str], float] = {}
        self.runs: dict[str, str] = {}
        """The graph of each run."""
        self.settled = 0
        self.settled_calls: list[str] = []
        """Effects with a hook that a person was asked about all the same."""

    async def start(self, count: int, *, seconds: float) -> None:
        """Start so many runs within a time, and do to each what its graph is about."""
        async with asyncio.TaskGroup() as group:
            for graph in self._graphs(count):
                began = time.monotonic()
                run = await self._interlock.start(EXPECTED[graph].graph, detach=True)
                self.runs[run.id] = graph
                if graph == "endless":
                    group.create_task(self._cancel_later(run.id))
                elif graph == "event":
                    group.create_task(self._send_later(run.id))
                await asyncio.sleep(max(0.0, seconds / count - (time.monotonic() - began)))

    async def answer(self) -> None:
        """Answer and settle, until cancelled."""
        while True:
            with suppress(StoreError):
                for question in await self._interlock.questions():
                    await self._answer(question)
            await asyncio.sleep(LOOK_SECONDS)

    async def open_runs(self) -> int:
        """How many runs have not ended."""
        rows = await self._interlock.runs(limit=1_000_000)
        return sum(row.status not in RUN_ENDED for row in rows)

    def _graphs(self, count: int) -> list[str]:
        names = [name for _, name in zip(range(count), list(EXPECTED) * count, strict=False)]
        self._chance.shuffle(names)
        return names

    async def _answer(self, question: QuestionRow) -> None:
        place = (question.run, question.path)
        if time.monotonic() - self._answered.get(place, -ASKED_AGAIN_SECONDS) < ASKED_AGAIN_SECONDS:
            return
        self._answered[place] = time.monotonic()
        with suppress(RequestRefusedError, StoreError):
            if question.reason == "person":
                run = await self._interlock.open(question.run)
                await run.answer(question.path, by="somebody", choice="yes", detach=True)
            elif question.reason == "reconcile":
                await self._settle(question)

    async def _settle(self, question: QuestionRow) -> None:
        """Look into the world, and say what is to be seen there: of steps, and of what no hook could tell."""
        run = await self._interlock.open(question.run)
        in_doubt = [line for line in await run.effects() if line.status == "unknown"]
        steps = [line for line in in_doubt if line.kind == "step" and line.path.startswith(f"{question.path}.")]
        calls = [line for line in in_doubt if line.kind != "step" and line.path == question.path]
        if not steps and time.time() - question.asked_at / 1e6 > HOOK_SECONDS:
            self.settled_calls.append(f"{question.run}:{question.path}")
            steps = calls
        for line in steps:
            found = await asyncio.to_thread(self._world.took_place, line.effect)
            await run.settle(line.effect, "done" if found else "not_done", out=0, by="somebody", detach=True)
            self.settled += 1

    async def _cancel_later(self, run: str) -> None:
        await asyncio.sleep(self._chance.uniform(0.5, 6))
        await _until_taken(lambda: self._cancel(run))

    async def _cancel(self, run: str) -> None:
        await (await self._interlock.open(run)).cancel(by="somebody", why="it would never end", detach=True)

    async def _send_later(self, run: str) -> None:
        await asyncio.sleep(self._chance.uniform(0, 2))
        await _until_taken(lambda: self._send(run))

    async def _send(self, run: str) -> None:
        await (await self._interlock.open(run)).send("go", id=f"go-{run}", by="somebody", detach=True)


async def _until_taken(request: Act) -> None:
    """Ask until it was taken, or is refused because it was taken before."""
    while True:
        try:
            await request()
        except RequestRefusedError:
            return
        except StoreError:
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return
