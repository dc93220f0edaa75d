"""Two real processes at one file: who may move a run on, who may only ask, and what becomes of a run whose driver goes.

What is waited for are lines that a process prints; nothing sleeps, and no time is asserted that a busy machine misses.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interlock import Interlock, RunHandle
from interlock.store import LeaseHeldError
from tests.chaos.driver import tools
from tests.embedded.test_taking_up import LaterClock
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

ROOT = Path(__file__).parents[2]
SOON_SECONDS = 10
"""Far more than anything here takes."""


class Driver:
    """The other process, of which one line after the other is read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.runs: list[str] = []
        self.heard: list[str] = []

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def hears(self, beginning: str) -> str:
        """The next line that begins so. What is read before it is kept."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.heard.append(line.strip())
            if line.startswith(beginning):
                return line.strip()
        raise AssertionError(f"the process ended before it said {beginning!r}: {self.heard}")

    def let_tools_go(self) -> None:
        """Its tools end now."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it without a warning, and wait until it is gone."""
        self.process.kill()
        self.process.wait()


@contextmanager
def driving(place: Path, *, runs: int = 1) -> Generator[Driver]:
    """A process that drives runs, all of which hold."""
    words = [sys.executable, "-m", "tests.chaos.driver", str(place), str(runs)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        driver = Driver(process)
        try:
            for _ in range(runs):
                driver.runs.append(driver.hears("run ").split()[1])
            for run in driver.runs:
                if not any(
                    line.startswith(f"event {run}") and line.endswith("node.started held") for line in driver.heard
                ):
                    driver.hears(f"event {run} 4 node.started held")
            yield driver
        finally:
            process.kill()


def notes(place: Path) -> list[str]:
    """What the tools of all processes have written."""
    return place.with_name("notes").read_text(encoding="utf-8").splitlines()


def here(place: Path, *, clock: LaterClock | None = None) -> Interlock:
    """A client of this process, whose tools hold nothing."""
    return Interlock(place, tools=tools(place.with_name("notes")), clock=clock)


@in_event_loop
async def test_any_process_may_leave_a_request_and_the_driver_acts_on_it(tmp_path: Path) -> None:
    """Whoever asks is told who will act; what they asked is done soon, and the row is gone with the append."""
    place = tmp_path / "interlock.db"
    with driving(place) as driver:
        async with here(place) as asking:
            run = await asking.open(driver.runs[0])
            left = await run.pause(by="ada", why="lunch")
            began = time.monotonic()
            await asyncio.to_thread(driver.hears, f"event {run.id} 5 run.paused")
            took = time.monotonic() - began
            await run.resume(by="ada")
            driver.let_tools_go()
            result = await run.wait()

    assert left.left_for is not None
    assert (left.driver, left.left_for.pid) == (None, driver.pid)
    assert took < SOON_SECONDS
    assert (result.status, notes(place)) == ("succeeded", ["first", "last"])
    await assert_sound(place)


@in_event_loop
async def test_a_second_driver_is_told_the_process_that_holds_the_run(tmp_path: Path) -> None:
    """It can be looked for, waited for, or ended; nothing is done twice meanwhile."""
    place = tmp_path / "interlock.db"
    with driving(place) as driver:
        async with here(place) as other:
            with pytest.raises(LeaseHeldError, match=f"is driven by process {driver.pid} on ") as held:
                await other.take_up(driver.runs[0])

    assert held.value.holder.pid == driver.pid
    assert notes(place) == ["first"]
    await assert_sound(place)


@in_event_loop
async def test_the_run_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    """Its lease has not run out, but everybody on its machine can see that it is gone."""
    place = tmp_path / "interlock.db"
    with driving(place) as driver:
        driver.kill()
        async with here(place) as next_:
            began = time.monotonic()
            result = await (await next_.take_up(driver.runs[0])).wait()
            took = time.monotonic() - began

    assert took < SOON_SECONDS
    assert (result.status, notes(place)) == ("succeeded", ["first", "last"])
    await assert_sound(place)


@in_event_loop
async def test_a_request_that_its_driver_did_not_live_to_see_is_acted_on_by_the_next(tmp_path: Path) -> None:
    """A request that was taken is kept, whatever happens to who was to act on it."""
    place = tmp_path / "interlock.db"
    with driving(place) as driver:
        os.kill(driver.pid, signal.SIGSTOP)
        async with here(place) as asking:
            run = await asking.open(driver.runs[0])
            left = await run.cancel(by="ada")
            driver.kill()

            result = await (await asking.take_up(run.id)).wait()

    assert left.left_for is not None
    assert (result.status, notes(place)) == ("cancelled", ["first"])
    await assert_sound(place)


@in_event_loop
async def test_a_process_that_slept_through_its_lease_writes_nothing_more_and_does_no_harm(tmp_path: Path) -> None:
    """A laptop that wakes up must not go on with what somebody else has finished; its other runs are its own still."""
    place = tmp_path / "interlock.db"
    with driving(place, runs=2) as driver:
        lost, kept = driver.runs
        os.kill(driver.pid, signal.SIGSTOP)
        async with here(place, clock=LaterClock()) as next_:
            result = await (await next_.take_up(lost)).wait()
            events = await _seqs(await next_.open(lost))

        os.kill(driver.pid, signal.SIGCONT)
        driver.let_tools_go()
        ends = {driver.hears(f"failed {lost}"), driver.hears(f"ended {kept}")}
        driver.process.wait()

    async with here(place) as looking:
        assert await _seqs(await looking.open(lost)) == events
    assert ends == {f"failed {lost} LeaseLostError", f"ended {kept} succeeded"}
    assert (result.status, driver.process.returncode) == ("succeeded", 0)
    assert sorted(notes(place)) == ["first", "first", "last", "last"]
    await assert_sound(place)


async def _seqs(run: RunHandle) -> list[tuple[int, str]]:
    return [(event.seq, event.type) async for event in run.events()]
