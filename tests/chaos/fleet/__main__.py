"""Chaos: a fleet of real workers on a real PostgreSQL, killed and stopped at random while a crowd wants things of it.

    python -m tests.chaos.fleet FOLDER --seed 1 --runs 1000 --kills 100 --stops 20 --minutes 4

Four `interlock worker` processes, two of them of another pool, share one store. At random moments one is ended by
SIGKILL and another started in its place, or one is stopped and woken after longer than a lease. In the end every run,
every effect and everything that was written is judged; it exits with 1 if anything is wrong. What is drawn by chance
comes from the seed; when the machine does what does not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from dev.postgres import running_postgres
from interlock import Interlock
from tests.chaos.fleet import tools
from tests.chaos.fleet.aftermath import Aftermath, follow
from tests.chaos.fleet.audit import Audit, Server
from tests.chaos.fleet.crowd import Crowd
from tests.chaos.fleet.processes import WorkerProcess, start_worker
from tests.chaos.fleet.verdict import Verdict, read_verdict
from tests.chaos.fleet.world import World

SCHEMA: Final = "chaos"
POOLS: Final = (("default",), ("default",), ("gpu",), ("gpu",))
READY_SECONDS: Final = 60.0
END_SECONDS: Final = 180.0
"""How long what is under way may take once nobody is killed any more."""
STOPPED_LONGER_SECONDS: Final = (0.5, 3.0)
"""By how much longer than a lease a worker is stopped."""


@dataclass(frozen=True)
class Wish:
    """How much chaos there is to be."""

    seed: int
    runs: int
    kills: int
    stops: int
    seconds: float
    lease_seconds: int


class Chaos:
    """The workers of one store, and what is done to them."""

    def __init__(self, folder: Path, wish: Wish, audit: Audit, sessions: Server) -> None:
        self._folder = folder
        self._wish = wish
        self._audit = audit
        self._sessions = sessions
        self._chance = random.Random(wish.seed)  # noqa: S311 - chance that can be repeated, not secrets
        self.workers: list[WorkerProcess] = []
        self.killed = Aftermath()
        self.stopped = Aftermath()
        self.stops = 0
        self.followers: set[asyncio.Task[None]] = set()

    @property
    def dead_at(self) -> dict[int, float]:
        """When the processes that were killed were."""
        return {worker.pid: worker.killed_at for worker in self.workers if worker.killed_at is not None}

    @property
    def held_up(self) -> frozenset[int]:
        """The processes that were stopped for a while."""
        return frozenset(worker.pid for worker in self.workers if worker.was_stopped)

    async def hire(self, pools: Sequence[str]) -> None:
        """One more worker."""
        name = f"worker_{len(self.workers)}"
        store = await self._audit.address_for(name)
        worker = start_worker(self._folder, name, store=store, pools=pools, lease_seconds=self._wish.lease_seconds)
        self._audit.note_process(name, worker.pid)
        self.workers.append(worker)

    async def rage(self) -> None:
        """Kill and stop workers, spread over the time there is."""
        acts = [self._kill] * self._wish.kills + [self._stop] * self._wish.stops
        self._chance.shuffle(acts)
        moments = sorted(self._chance.uniform(0, self._wish.seconds) for _ in acts)
        began = time.monotonic()
        for act, moment in zip(acts, moments, strict=True):
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
            await act(await self._victim())

    async def settle(self) -> None:
        """Wait until all who were stopped are awake and all that was followed is known."""
        while self.followers:
            await asyncio.wait(self.followers)

    def leave(self) -> list[str]:
        """Let all that are left go; what is wrong with how they went."""
        left = [worker for worker in self.workers if not worker.is_gone]
        codes = {worker.name: worker.leave() for worker in left}
        return [f"{name} left with exit code {code}" for name, code in codes.items() if code]

    def died_by_themselves(self) -> list[str]:
        """Workers that ended although nobody had killed them."""
        gone = [worker for worker in self.workers if worker.is_gone and worker.killed_at is None]
        return [f"{worker.name} ended by itself: {worker.log.read_text()[-600:]}" for worker in gone]

    def said(self, word: str) -> int:
        """How often workers that had been stopped and woken have said something."""
        return sum(worker.said(word) for worker in self.workers if worker.was_stopped)

    async def _victim(self) -> WorkerProcess:
        """One that works, as long as another one does, too."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            working = [worker for worker in self.workers if worker.is_working]
            if len(working) > 1:
                return self._chance.choice(working)
            await asyncio.sleep(0.02)
        raise TimeoutError(f"no two workers began to work: {self.died_by_themselves()}")

    async def _kill(self, victim: WorkerProcess) -> None:
        self._follow(self.killed, victim, at=victim.kill())
        await self.hire(victim.pools)

    async def _stop(self, victim: WorkerProcess) -> None:
        self._follow(self.stopped, victim, at=victim.stop())
        self.stops += 1
        self._start(self._wake_later(victim))

    async def _wake_later(self, victim: WorkerProcess) -> None:
        await asyncio.sleep(self._wish.lease_seconds + self._chance.uniform(*STOPPED_LONGER_SECONDS))
        victim.wake()

    def _follow(self, aftermath: Aftermath, victim: WorkerProcess, *, at: float) -> None:
        self._start(follow(aftermath, self._sessions, SCHEMA, pid=victim.pid, at=at))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.followers.add(task)
        task.add_done_callback(self.followers.discard)


async def unleash(folder: Path, wish: Wish) -> dict[str, Any]:
    """All of it; what came of it."""
    os.chdir(folder)
    (folder / "world").mkdir()
    world = World(folder / "world")
    driver: Any = asyncpg
    with running_postgres() as server:
        store = f"{server.address}?schema={SCHEMA}"
        interlock = Interlock(store, tools=[tools], lease_seconds=wish.lease_seconds)
        async with interlock, driver.create_pool(server.address, min_size=1, max_size=8) as sessions:
            audit = await Audit.over(server.address, SCHEMA)
            audit.note_process("interlock", os.getpid())
            chaos = Chaos(folder, wish, audit, sessions)
            crowd = Crowd(interlock, world, random.Random(wish.seed))  # noqa: S311 - as above
            began = time.monotonic()
            try:
                await _play(chaos, crowd, wish)
                seconds = time.monotonic() - began
                problems = [*chaos.died_by_themselves(), *chaos.leave()]
                verdict = await read_verdict(
                    interlock, crowd.runs, world.pages(), sessions, SCHEMA, held_up=chaos.held_up
                )
                verdict.problems += problems
                verdict.problems += await audit.appends_of_others()
                verdict.problems += await audit.answers_of_others(chaos.dead_at)
            finally:
                for worker in chaos.workers:
                    if not worker.is_gone:
                        worker.kill()
                await audit.close()
    return _told(wish, chaos, crowd, verdict, seconds)


async def _play(chaos: Chaos, crowd: Crowd, wish: Wish) -> None:
    for pools in POOLS:
        await chaos.hire(pools)
    answering = asyncio.create_task(crowd.answer())
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(crowd.start(wish.runs, seconds=wish.seconds))
            group.create_task(chaos.rage())
        await chaos.settle()
        deadline = time.monotonic() + END_SECONDS
        while await crowd.open_runs() and time.monotonic() < deadline:  # noqa: ASYNC110 - other processes end them
            await asyncio.sleep(0.2)
    finally:
        answering.cancel()


def _told(wish: Wish, chaos: Chaos, crowd: Crowd, verdict: Verdict, seconds: float) -> dict[str, Any]:
    within = wish.lease_seconds + 1
    late = sum(took > within for took in [*chaos.killed.taken, *chaos.stopped.taken])
    problems = list(verdict.problems)
    problems += [f"nobody took over {run}" for run in [*chaos.killed.never, *chaos.stopped.never]]
    return {
        "seed": wish.seed,
        "seconds": round(seconds, 1),
        "runs": dict(sorted(verdict.runs.items())),
        "kills": len(chaos.dead_at),
        "stops": chaos.stops,
        "events": verdict.events,
        "effects": dict(verdict.effects),
        "done_once": verdict.done_once,
        "unknown_for_a_while": verdict.unknown,
        "settled_by_people": crowd.settled,
        "asked_people_although_there_was_a_hook": crowd.settled_calls,
        "given_up_as_lost": len(verdict.lost),
        "done_by_woken_owners_after_all": verdict.too_late,
        "after_a_kill": chaos.killed.told(),
        "after_a_stop": chaos.stopped.told(),
        "lease_seconds": wish.lease_seconds,
        "taken_later_than_a_lease_and_a_second": late,
        "refused_to_woken_owners": {
            "runs": chaos.said("lease_lost") + chaos.said("run_let_go"),
            "calls": chaos.said("claim_lost") + chaos.said("answer_refused"),
            "tries_in_the_world": verdict.refused_by_world,
        },
        "problems": problems,
    }


def main() -> int:
    """Unleash it, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.fleet")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--lease", type=int, default=3, metavar="SECONDS")
    given = parser.parse_args()
    wish = Wish(given.seed, given.runs, given.kills, given.stops, given.minutes * 60, given.lease)
    given.folder.mkdir(parents=True, exist_ok=True)
    told = asyncio.run(unleash(given.folder.absolute(), wish))
    json.dump(told, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 1 if told["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
