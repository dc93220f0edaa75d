"""Runs schedules by seed, any number of them: `python -m tests.simulation.run --seeds 1:5000 [--level agents]`.

Stops at the first that breaks a rule and tells how to see it again; else tells what the schedules reached.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Final, Literal, Protocol

from interlock.core.events import Event
from interlock.core.state import RunState
from tests.simulation.agent_simulator import AgentSimulation
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.engine_simulator import EngineSimulation
from tests.simulation.fleet_simulator import FleetSimulation
from tests.simulation.random_graphs import RandomGraph
from tests.simulation.reporting import Tally, failure
from tests.simulation.simulator import Simulation
from tests.simulation.watching import Watch

Level = Literal["core", "engine", "fleet", "agents"]


class Schedule(Protocol):
    """One run of one graph under one schedule, on either level."""

    @property
    def graph(self) -> RandomGraph:
        """What is run."""
        ...

    log: list[Event]
    state: RunState
    watch: Watch

    def run(self) -> None:
        """From the start to the end; raises `BrokenRule`."""
        ...

    def next_run(self) -> Schedule | None:
        """A run that continues this one, once it has ended."""
        ...


LEVELS: Final[dict[Level, type[Simulation | EngineSimulation]]] = {
    "core": Simulation,
    "engine": EngineSimulation,
    "fleet": FleetSimulation,
    "agents": AgentSimulation,
}
"""The pure core under thousands of schedules; the whole engine under some hundreds: one process, several, or agents."""


BROKEN_MAX: Final = 20
"""After so many broken seeds more tell nothing new."""


class Broken(AssertionError):
    """A schedule that broke a rule; its text says everything that is needed to see it again."""


def run_schedules(first: int, last: int, *, level: Level = "core") -> Tally:
    """Runs the schedules of these seeds; raises `Broken` for the first that breaks a rule."""
    tally = Tally()
    for seed in range(first, last + 1):
        run_schedule(seed, tally, level=level)
    return tally


def run_schedule(seed: int, tally: Tally, *, level: Level) -> None:
    """Runs the schedule of one seed."""
    schedule: Schedule | None = LEVELS[level](seed)
    while schedule is not None:
        try:
            schedule.run()
        except Exception as problem:
            replay = f".venv/bin/python -m tests.simulation.run --seeds {seed} --level {level}"
            raise Broken(failure(schedule.graph, schedule.log, problem, replay=replay)) from problem
        tally.add(schedule.state, schedule.watch)
        schedule = schedule.next_run()
    tally.schedules += 1


def first_broken_rule(first: int, last: int, *, level: Level = "core") -> BrokenRule | None:
    """The rule that is the first to break under the schedules of these seeds, if one does."""
    for seed in range(first, last + 1):
        try:
            run_schedule(seed, Tally(), level=level)
        except Broken as broken:
            if isinstance(broken.__cause__, BrokenRule):
                return broken.__cause__
            raise
    return None


def main() -> int:
    """Runs the seeds asked for; 1 if a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1:5000", help="first:last, or one seed")
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="core",
        help="the pure core, or the whole engine: one process after another, several at once, or agents",
    )
    parser.add_argument("--keep-going", action="store_true", help="tell every failing seed in one line and go on")
    given = parser.parse_args()
    first, _, last = given.seeds.partition(":")
    tally, broken, began = Tally(), 0, time.monotonic()
    for seed in range(int(first), int(last or first) + 1):
        try:
            run_schedule(seed, tally, level=given.level)
        except Broken as problem:
            broken += 1
            if not given.keep_going or broken > BROKEN_MAX:
                sys.stdout.write(f"{problem}\n")
                return 1
            sys.stdout.write(str(problem).splitlines()[-2] + "\n")
    took = time.monotonic() - began
    pace = f"{tally.schedules} schedules in {took:.1f} s, {tally.schedules / took:.0f} a second; {broken} broken"
    sys.stdout.write(f"{tally.table()}\n{pace}\n")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
