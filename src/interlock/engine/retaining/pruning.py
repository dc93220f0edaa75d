"""Pruning: giving up what ended runs have left, with a record of what it was, when, by whom and why.

What is kept stays provable. Of a run whose payloads were erased the headers are kept, and their chain holds; a run from
which a kept one took over results is kept with it. It never looks at a run that still lives.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.durations import DurationProblem, parse_duration
from interlock.core.plan import Micros
from interlock.engine.engine import Engine
from interlock.engine.retaining.leftovers import drop_leftovers
from interlock.engine.retaining.pruned_run import PRUNED_KIND, PrunedRun, What
from interlock.engine.retaining.workspaces import discard_workspaces
from interlock.store.errors import MissingError, RunKeptError
from interlock.store.retention import RUNS_LISTED, Freed
from interlock.store.rows import RunRow
from interlock.tools.workspace.workspaces import Workspaces

_DAY: Final[Micros] = 86_400_000_000
_LONG: Final = {"w": 7 * _DAY, "y": 365 * _DAY}
_LONG_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([wy])")


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be given up, and of which runs."""

    what: What
    ended_before: Micros
    graph: str | None = None
    status: str | None = None


class KeptRun(Struct, frozen=True):
    """A run that is not given up although it is old enough, and the runs that took over results from it."""

    run: str
    needed_by: tuple[str, ...]


class PrunePlan(Struct, frozen=True):
    """What pruning would give up, the newest first, and what it would keep all the same."""

    what: What
    runs: tuple[RunRow, ...]
    kept: tuple[KeptRun, ...] = ()


class Pruned(Struct, frozen=True):
    """What was given up, and what was not."""

    what: What
    runs: tuple[str, ...]
    kept: tuple[KeptRun, ...]
    blobs: Freed


async def plan_pruning(engine: Engine, wanted: Wanted) -> PrunePlan:
    """What there is to give up. Nothing is changed."""
    rows = await _ended_runs(engine, wanted)
    if wanted.what == "payloads":
        return PrunePlan(wanted.what, tuple(rows))
    going: dict[str, RunRow] = {}
    kept: list[KeptRun] = []
    for row in rows:
        # The newest come first: whether those that built on this one go is known already.
        children = await engine.store.retention.children(engine.tenant, row.run)
        needed_by = tuple(child for child in children if child not in going)
        if needed_by:
            kept.append(KeptRun(row.run, needed_by))
        else:
            going[row.run] = row
    return PrunePlan(wanted.what, tuple(going.values()), tuple(kept))


async def prune(
    engine: Engine, plan: PrunePlan, *, by: str, why: str = "", workspaces: Workspaces | None = None
) -> Pruned:
    """Give up what was planned, run by run, then the blobs that nobody mentions any more, and the runs' workspaces.

    A run is on record as pruned before anything of it goes. Cut off in between, pruning again does the rest.
    """
    # First, as long as the store knows of each run that it has ended: what is left holds what the events said.
    await drop_leftovers(engine)
    gone: list[str] = []
    kept = list(plan.kept)
    for row in plan.runs:
        await _note(engine, row, plan.what, by=by, why=why)
        try:
            await _give_up(engine, row.run, plan.what)
        except RunKeptError as needed:
            await engine.store.records.drop(engine.tenant, PRUNED_KIND, row.run)
            kept.append(KeptRun(row.run, needed.needed_by))
        except MissingError:
            pass  # somebody else was quicker
        else:
            gone.append(row.run)
    blobs = await engine.store.retention.drop_unmentioned_blobs(engine.tenant) if gone else Freed(0, 0)
    if workspaces is not None:
        await discard_workspaces(engine, workspaces)
    return Pruned(plan.what, tuple(gone), tuple(kept), blobs)


async def find_pruned(engine: Engine, run: str) -> PrunedRun | None:
    """What is on record of a run of which something was given up."""
    record = await engine.store.records.find(engine.tenant, PRUNED_KIND, run)
    return None if record is None else msgspec.msgpack.decode(record.data, type=PrunedRun)


def parse_age(text: str) -> Micros:
    """An age as people write it, `30d`, `1y` or `12h`; raises `DurationProblem`. A year has 365 days."""
    long = _LONG_AGE.fullmatch(text)
    if long:
        return int(long[1]) * _LONG[long[2]]
    try:
        return parse_duration(text)
    except DurationProblem as problem:
        raise DurationProblem(problem.message, "write an age such as `30d`, `12h`, `6w` or `1y`") from None


async def _ended_runs(engine: Engine, wanted: Wanted) -> list[RunRow]:
    found: list[RunRow] = []
    page: list[RunRow] | None = None
    while page is None or len(page) == RUNS_LISTED:
        page = await engine.store.retention.ended_runs(
            engine.tenant,
            before=wanted.ended_before,
            graph=wanted.graph,
            status=wanted.status,
            has_payloads=wanted.what == "payloads",
            older_than=found[-1].run if found else None,
        )
        found += page
    return found


async def _note(engine: Engine, row: RunRow, what: What, *, by: str, why: str) -> None:
    pruned = PrunedRun(
        run=row.run,
        graph=row.graph,
        status=row.status,
        seq=row.seq,
        head=row.head,
        started_at=row.started_at,
        ended_at=row.ended_at or 0,
        what=what,
        at=engine.now(),
        by=by,
        why=why,
    )
    await engine.store.records.put(engine.tenant, PRUNED_KIND, row.run, msgspec.msgpack.encode(pruned))


async def _give_up(engine: Engine, run: str, what: What) -> None:
    if what == "runs":
        await engine.store.retention.drop_run(engine.tenant, run)
    else:
        await engine.store.retention.erase_payloads(engine.tenant, run)
