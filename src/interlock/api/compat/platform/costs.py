"""What tasks of the Orchestration Platform have cost: those of one person, and all of the tenant.

Nothing is added up beforehand: logs are read for each answer, the newest first, so many and for so long at most.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path
from msgspec import Struct
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.compat.platform.people import USER_HASH, hash_meant
from interlock.api.costs import READ_SECONDS, RUNS_READ_MAX
from interlock.api.desks import Desk, ReadsCosts
from interlock.api.runs.filters import LOOKED_AT_MAX
from interlock.engine.run_filter import RunFilter
from interlock.engine.telling.cost_groups import LABEL, CostReport
from interlock.showing.instants import instant
from interlock.showing.platform_tasks import DOLLAR, STATUSES, task_type
from interlock.store.rows import RunRow
from interlock.wire.platform_tasks import (
    PlatformCostSummary,
    PlatformRecentTask,
    PlatformUsage,
    PlatformUserCosts,
)

RECENT: Final = 10

router = APIRouter(tags=["other systems"])

User = Annotated[str, Path(max_length=500, description="A mail address, or what stands for it.")]


class Counted(Struct, frozen=True):
    """What the tasks cost that were counted, and whether there are more."""

    report: CostReport
    is_partial: bool


@router.get("/tasks/costs/by-user/{user}", **answers(PlatformUserCosts, "What the tasks of one person have cost."))
async def get_user_costs(user: User, desk: ReadsCosts) -> Response:
    """What one person's tasks have cost."""
    person = await hash_meant(desk, user)
    counted = await _counted(desk, RunFilter(labels={USER_HASH: person}))
    return told(_user_costs(person, counted))


@router.get("/tasks/costs/summary", **answers(PlatformCostSummary, "What all tasks have cost."))
async def get_costs_summary(desk: ReadsCosts) -> Response:
    """What all tasks of the tenant have cost."""
    counted = await _counted(desk, RunFilter())
    report = counted.report
    usd = report.total.usd / DOLLAR
    return told(
        PlatformCostSummary(
            unique_users=sum(1 for person in report.groups if person),
            total_tasks=report.runs,
            total_cost=usd,
            avg_cost_per_task=usd / report.runs if report.runs else 0.0,
            partial=counted.is_partial,
        )
    )


@router.get("/admin/usage/{user}", **answers(PlatformUsage, "What one person has used."))
async def get_usage(user: User, desk: ReadsCosts) -> Response:
    """What one person's tasks have cost, with the newest of them."""
    desk.refuse_unless("read", "runs")
    person = await hash_meant(desk, user)
    chosen = RunFilter(labels={USER_HASH: person})
    counted = await _counted(desk, chosen)
    rows, _ = await desk.interlock.runs_page(chosen, before=None, limit=RECENT, looked_at_max=LOOKED_AT_MAX)
    costs = _user_costs(person, counted)
    return told(
        PlatformUsage(
            user_id_hash=person,
            total_tasks=costs.total_tasks,
            total_cost=costs.total_cost,
            total_input_tokens=costs.total_input_tokens,
            total_output_tokens=costs.total_output_tokens,
            partial=costs.partial,
            recent_tasks=[_recent(row) for row in rows],
        )
    )


async def _counted(desk: Desk, chosen: RunFilter) -> Counted:
    async with desk.reception.many_logs.turn():
        report, goes_on_at = await desk.interlock.chosen(chosen).costs_within(
            by=f"{LABEL}{USER_HASH}",
            before=None,
            limit=RUNS_READ_MAX,
            looked_at_max=LOOKED_AT_MAX,
            seconds=READ_SECONDS,
        )
    return Counted(report, goes_on_at is not None)


def _user_costs(person: str, counted: Counted) -> PlatformUserCosts:
    total = counted.report.total
    return PlatformUserCosts(
        user_id_hash=person,
        total_tasks=counted.report.runs,
        total_input_tokens=total.input,
        total_output_tokens=total.output,
        total_cost=total.usd / DOLLAR,
        partial=counted.is_partial,
    )


def _recent(row: RunRow) -> PlatformRecentTask:
    return PlatformRecentTask(
        id=row.run,
        type=task_type(row.labels, row.graph),
        status=STATUSES[row.status],
        created_at=instant(row.started_at),
    )
