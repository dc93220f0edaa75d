"""Letting a run in flight go on on another bundle of its graph, and saying beforehand whether it could."""

from __future__ import annotations

from interlock.core.requests import MigrateRun
from interlock.embedded.choosing import plan_to_move_to
from interlock.embedded.finding import get_row
from interlock.embedded.graphs import CheckedGraph, Graphs
from interlock.engine.releasing.migrating import Obstacle, obstacle_to
from interlock.engine.releasing.releases import released
from interlock.engine.submitting import Submitted, submit
from interlock.engine.worker import Worker


async def migrate(worker: Worker, graphs: Graphs, run: str, to: str | CheckedGraph, *, by: str, why: str) -> Submitted:
    """Move a run to what `to` means. Raises `RequestRefusedError` where its record would not lead there."""
    row = await get_row(worker, run)
    plan = await plan_to_move_to(worker.engine, graphs, to, graph=row.graph)
    request = MigrateRun(bundle=plan.bundle_hash, graph_hash=plan.graph_hash, by=by, why=why)
    return await submit(worker, run, request, by=by, detach=True)


async def why_not_migrate(worker: Worker, graphs: Graphs, run: str, to: str | CheckedGraph) -> Obstacle | None:
    """What keeps a run from it; None if nothing does. Nothing is changed."""
    row = await get_row(worker, run)
    plan = await plan_to_move_to(worker.engine, graphs, to, graph=row.graph)
    return await obstacle_to(worker.engine, plan, run)


async def version_meant(worker: Worker, graphs: Graphs, run: str, to: str | CheckedGraph) -> str:
    """What `to` means for a run: `version 3`, or `draft`. Of versions with one hash, the newest."""
    row = await get_row(worker, run)
    plan = await plan_to_move_to(worker.engine, graphs, to, graph=row.graph)
    return (await released(worker.engine, row.graph)).told(plan.bundle_hash) or "draft"
