"""The workers of the cluster demo: each a real `interlock worker`, known by its process, and ended by that alone."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from stage import INTERLOCK, NotAsClaimed, Stage, environment

READY_WITHIN_SECONDS = 60
LEAVES_WITHIN_SECONDS = 60
LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True)
class Hand:
    """One worker."""

    pool: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid


class Crew:
    """Those who work on the stage's project."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.hands: list[Hand] = []

    def hire(self, pool: str) -> Hand:
        """One more worker, of a pool. Returns once it works."""
        words = ["worker", "--pool", pool]
        self._stage.show_typed(*words, in_background=True)
        told = self._stage.project / f"worker-{len(self.hands)}.log"
        with told.open("wb") as log:
            # In a session of its own, so that the programs its tools have started die with it.
            process = subprocess.Popen(
                [INTERLOCK, *words],
                cwd=self._stage.project,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        hand = Hand(pool, process)
        self.hands.append(hand)
        give_up = time.monotonic() + READY_WITHIN_SECONDS
        while "works on" not in told.read_text(encoding="utf-8"):
            if process.poll() is not None or time.monotonic() > give_up:
                raise NotAsClaimed(f"a worker did not begin to work:\n{told.read_text(encoding='utf-8')}")
            time.sleep(LOOK_EVERY_SECONDS)
        return hand

    def of(self, process: int) -> Hand:
        """The worker that is a process."""
        return next(hand for hand in self.hands if hand.pid == process)

    def kill(self, hand: Hand) -> None:
        """End a worker with SIGKILL, and what it has started."""
        os.killpg(hand.pid, signal.SIGKILL)
        if hand.process.wait() != -signal.SIGKILL:
            raise NotAsClaimed("a worker ended by itself before it could be killed")

    def dismiss(self) -> list[int]:
        """Ask all that are left to finish and go; their exit codes."""
        left = [hand.process for hand in self.hands if hand.process.poll() is None]
        for process in left:
            process.terminate()
        return [process.wait(LEAVES_WITHIN_SECONDS) for process in left]


@contextmanager
def crew_of(stage: Stage) -> Generator[Crew]:
    """A crew of which nobody is left in the end, however that comes."""
    crew = Crew(stage)
    try:
        yield crew
    finally:
        for hand in crew.hands:
            if hand.process.poll() is None:
                os.killpg(hand.pid, signal.SIGKILL)
                hand.process.wait()
