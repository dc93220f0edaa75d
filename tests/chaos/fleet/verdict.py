"""What must hold in the end, whatever was done to the workers. It is read from the logs, the world, and the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from interlock import Interlock, RunHandle
from interlock.core import events as e
from interlock.core.events import Event
from tests.chaos.fleet.audit import Server
from tests.chaos.fleet.graphs import EXPECTED, ONCE
from tests.chaos.fleet.world import BEGUN, DONE, NOT_FOUND, REFUSED

LOST_AFTER: Final = 3
"""An effect in which a worker went so often is given up as lost (rule 33)."""
_LEFT: Final = """
    select 'offers', count(*) from {schema}.offer union all
    select 'signals', count(*) from {schema}.signal union all
    select 'leases', count(*) from {schema}.run where owner is not null union all
    select 'questions', count(*) from {schema}.question"""


@dataclass
class Verdict:
    """What was found. Without problems, everything held."""

    problems: list[str] = field(default_factory=list[str])
    runs: Counter[str] = field(default_factory=Counter[str])
    effects: Counter[str] = field(default_factory=Counter[str])
    events: int = 0
    done_once: int = 0
    unknown: int = 0
    """How many times it was on record that nobody knew what had become of an effect."""
    refused_by_world: int = 0
    """How many tries of owners that had been stopped came too late."""
    lost: list[str] = field(default_factory=list[str])
    too_late: list[str] = field(default_factory=list[str])
    """Effects that a worker made which was stopped between its last look at its lease and the call, after their run
    had been told that they had not taken place, and was over: what nobody but the world itself could refuse."""


class Reading:
    """One run as its log and ledger tell it."""

    def __init__(self, run: str, graph: str, status: str) -> None:
        self.run = run
        self.graph = graph
        self.status = status
        self.results: Counter[str] = Counter()
        self.unknowns: Counter[str] = Counter()
        self.is_lost = False

    def take(self, event: Event) -> None:
        """What an event says of effects."""
        match event.body:
            case e.NodeResult() | e.UndoResult() as body if body.status == "unknown":
                self.unknowns[body.effect] += 1
            case e.EffectUnknown() as body:
                self.unknowns[body.effect] += 1
            case e.NodeResult() | e.UndoResult() | e.EffectSettled() as body if body.status != "not_done":
                self.results[body.effect] += 1
            case e.EffectDone() | e.EffectFailed() as body:
                self.results[body.effect] += 1
            case e.NodeFailed() as body if body.error.kind == "lost":
                self.is_lost = True
            case _:
                pass


async def read_verdict(
    interlock: Interlock,
    graphs: Mapping[str, str],
    world: Mapping[str, list[str]],
    server: Server,
    schema: str,
    *,
    held_up: frozenset[int],
) -> Verdict:
    """Judge every run, every effect, and what is left. `held_up` are the processes that had been stopped."""
    verdict = Verdict()
    for name, count in await server.fetch(_LEFT.format(schema=schema)):
        if count:
            verdict.problems.append(f"{count} {name} are left")
    known: set[str] = set()
    for row in await interlock.runs(limit=1_000_000):
        run = await interlock.open(row.run)
        reading = Reading(row.run, graphs.get(row.run, ""), row.status)
        async for event in run.events():
            reading.take(event)
            verdict.events += 1
        known |= await _judge_run(verdict, run, reading, world, held_up)
    verdict.problems += [f"the world has seen {effect}, and no ledger has" for effect in world.keys() - known]
    if missing := graphs.keys() - {row.run for row in await interlock.runs(limit=1_000_000)}:
        verdict.problems.append(f"runs are missing: {sorted(missing)}")
    return verdict


async def _judge_run(
    verdict: Verdict, run: RunHandle, reading: Reading, world: Mapping[str, list[str]], held_up: frozenset[int]
) -> set[str]:
    """Add what is to be said of a run; gives its effects."""
    verdict.runs[f"{reading.graph} {reading.status}"] += 1
    verdict.unknown += reading.unknowns.total()
    if reading.is_lost:
        verdict.lost.append(reading.run)
    verdict.problems += list(_wrong_with(reading))
    replayed = await run.replay()
    if replayed.verdict != "same":
        verdict.problems.append(f"{run.id} does not verify: {replayed}")
    lines = await run.effects()
    for line in lines:
        verdict.effects[line.status] += 1
        page = world.get(line.effect, [])
        verdict.refused_by_world += _count(page, REFUSED)
        if line.name in ONCE:
            verdict.done_once += _count(page, DONE)
            if line.status == "not_done" and _came_too_late(page, held_up):
                verdict.too_late.append(f"{run.id}:{line.path}")
                continue
            verdict.problems += [
                f"{run.id}:{line.path} {line.name} {line.effect} ({line.status}): {what}; {page}"
                for what in _wrong_once(line.status, page)
            ]
        if line.status == "intended" or (line.status == "unknown" and line.name in ONCE):
            verdict.problems.append(f"{run.id}:{line.path} {line.name} {line.effect} is left {line.status}")
    return {line.effect for line in lines}


def _wrong_with(reading: Reading) -> Iterator[str]:
    expected = EXPECTED[reading.graph].status if reading.graph in EXPECTED else "?"
    if reading.status != expected and not _is_given_up(reading):
        yield f"{reading.run} of {reading.graph} ended {reading.status}, not {expected}"
    for effect, times in reading.results.items():
        if times != 1:
            yield f"{reading.run} has {times} results of effect {effect}"


def _is_given_up(reading: Reading) -> bool:
    """Whether the run failed because workers went again and again in the same effect: that is what the rules say."""
    return reading.status == "failed" and reading.is_lost and max(reading.unknowns.values()) >= LOST_AFTER


def _wrong_once(status: str, page: list[str]) -> Iterator[str]:
    """What is wrong with an effect that must happen once, by what the world has seen of it."""
    done, begun, looked = (_count(page, what) for what in (DONE, BEGUN, NOT_FOUND))
    if done > 1:
        yield f"it happened {done} times"
    if status == "done" and not done:
        yield "it is on record as done and did not happen"
    if status in {"failed", "not_done"} and done:
        yield "it happened and is on record as if it had not"
    if begun > looked + 1:
        yield "it was tried again without having been asked about"


def _came_too_late(page: list[str], held_up: frozenset[int]) -> bool:
    """Whether it was looked for, not found, and only then done, by a process that had been stopped meanwhile."""
    match [line.split() for line in page]:
        case [[what, *_], [begun, _, _, _], [done, _, _, pid]]:
            return (what, begun, done) == (NOT_FOUND, BEGUN, DONE) and int(pid) in held_up
        case _:
            return False


def _count(page: list[str], what: str) -> int:
    return sum(line.startswith(f"{what} ") for line in page)
