"""Releases as programs are shown them: versions, what publishing would change, and whether runs could move."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType, structs

from interlock.engine.releasing import migrating
from interlock.engine.releasing.preflight import Preflight
from interlock.engine.releasing.preflight import RunOutlook as Outlook
from interlock.engine.releasing.releases import Release, ReleaseHistory
from interlock.showing.graph_differences import change
from interlock.wire import graphs as wire
from interlock.wire.problems import Place


def version_row(history: ReleaseHistory, entry: Release) -> wire.VersionRow:
    """One entry of what was released of a graph."""
    return wire.VersionRow(
        graph=history.graph,
        version=entry.version,
        in_force=entry == history.in_force,
        back_to=entry.back_to or None,
        bundle=entry.bundle,
        graph_hash=entry.graph_hash,
        at=entry.at,
        by=entry.by,
        why=entry.why,
    )


def release_plan(
    ahead: Preflight, *, warnings: Iterable[Place] | UnsetType = UNSET, token: str | UnsetType = UNSET
) -> wire.ReleasePlan:
    """What publishing would change."""
    return wire.ReleasePlan(
        graph=ahead.graph,
        in_force=ahead.in_force or None,
        is_new=ahead.is_new,
        changes=[change(each) for each in ahead.changes],
        runs=[_outlook(each) for each in ahead.runs],
        clear=ahead.is_clear,
        has_more_runs=ahead.has_more_runs,
        warnings=UNSET if isinstance(warnings, UnsetType) else list(warnings),
        token=token,
    )


def _outlook(outlook: Outlook) -> wire.RunOutlook:
    return wire.RunOutlook(
        run=outlook.run,
        status=outlook.status,
        version=outlook.version,
        outlook=outlook.outlook,
        obstacle=obstacle(outlook.obstacle),
        missing=list(outlook.missing),
    )


def migration_plan(run: str, to: str, found: migrating.Obstacle | None) -> wire.MigrationPlan:
    """Whether a run could go on there."""
    return wire.MigrationPlan(run=run, to=to, could_migrate=found is None, obstacle=obstacle(found))


def obstacle(found: migrating.Obstacle | None) -> wire.Obstacle | None:
    """What stands in the way of a run, if anything does."""
    return None if found is None else wire.Obstacle(**structs.asdict(found))
