"""Looking ahead at a release: what it changes, and what would become of the runs in flight. Nothing is published.

Runs in flight stay on their bundles whatever is released. What is told of each is whether it could be moved.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.bundle import read_bundle
from interlock.core.continuing.changing import Change, changes_between
from interlock.core.plan import Plan
from interlock.engine.engine import Engine
from interlock.engine.performing import Performer
from interlock.engine.releasing.migrating import Obstacle, obstacle_to
from interlock.engine.releasing.releases import ReleaseHistory, released
from interlock.store.rows import RunRow

IN_FLIGHT: Final = ("pending", "running", "waiting", "paused", "compensating")
RUNS_AT_ONCE: Final = 100

Outlook: TypeAlias = Literal["is on it", "could migrate", "would break"]


class RunOutlook(Struct, frozen=True, kw_only=True):
    """A run in flight, which stays where it is, and what would become of it on the new version."""

    run: str
    status: str
    version: str
    """The release on which it is: `version 3`, or `draft`."""
    outlook: Outlook
    obstacle: Obstacle | None = None
    missing: tuple[str, ...] = ()
    """The tools of its own bundle that are not here any more: nobody can go on with it from here."""


class Preflight(Struct, frozen=True, kw_only=True):
    """What a release would change, against the version in force, and the runs in flight."""

    graph: str
    in_force: int
    """The version in force; 0 if there is none."""
    is_new: bool
    changes: tuple[Change, ...]
    runs: tuple[RunOutlook, ...]
    has_more_runs: bool = False
    """Whether there are runs in flight that were not looked at."""

    @property
    def is_clear(self) -> bool:
        """Whether every run in flight could be moved and can be gone on with."""
        return all(run.outlook != "would break" and not run.missing for run in self.runs)


async def preflight(
    engine: Engine, performer: Performer, plan: Plan, bundle: bytes, *, runs_max: int | None = None
) -> Preflight:
    """Everything to know before a graph is released. Of the runs in flight `runs_max` are looked at; None: all."""
    history = await released(engine, plan.name)
    now, changes = history.in_force, tuple[Change, ...]()
    if now is not None and now.bundle != plan.bundle_hash:
        before = await engine.store.get_bundle(engine.tenant, now.bundle)
        changes = changes_between(read_bundle(before), read_bundle(bundle))
    runs: list[RunOutlook] = []
    has_more_runs = False
    async for row in runs_in_flight(engine, plan.name):
        if len(runs) == runs_max:
            has_more_runs = True
            break
        runs.append(await _outlook(engine, performer, plan, history, row))
    return Preflight(
        graph=plan.name,
        in_force=now.version if now else 0,
        is_new=now is None or now.bundle != plan.bundle_hash,
        changes=changes,
        runs=tuple(runs),
        has_more_runs=has_more_runs,
    )


async def runs_in_flight(engine: Engine, graph: str, statuses: Iterable[str] = IN_FLIGHT) -> AsyncIterator[RunRow]:
    """The runs of a graph that have not ended, and go on here."""
    for status in statuses:
        before: str | None = None
        while rows := await engine.store.list_runs(
            engine.tenant, status=status, graph=graph, before=before, limit=RUNS_AT_ONCE
        ):
            for row in rows:
                if not row.imported_from:
                    yield row
            before = rows[-1].run


async def _outlook(
    engine: Engine, performer: Performer, plan: Plan, history: ReleaseHistory, row: RunRow
) -> RunOutlook:
    own = await engine.plan_of(row.bundle)
    told = RunOutlook(
        run=row.run,
        status=row.status,
        version=history.told(row.bundle) or "draft",
        outlook="is on it",
        missing=tuple(performer.missing(own.tools)),
    )
    if row.bundle == plan.bundle_hash:
        return told
    obstacle = await obstacle_to(engine, plan, row.run)
    return replace(told, outlook="could migrate" if obstacle is None else "would break", obstacle=obstacle)
