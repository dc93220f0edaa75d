"""What calls have cost, as programs are shown it."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType, structs

from interlock.engine.telling import spending
from interlock.engine.telling.cost_groups import CostReport
from interlock.showing.runs import costs
from interlock.wire import costs as wire


def cost_report(
    report: CostReport,
    *,
    run: str | UnsetType = UNSET,
    groups_max: int | None = None,
    next: str | UnsetType | None = UNSET,
) -> wire.CostReport:
    """The groups, the dearest first; those for which there is no room are taken together."""
    groups = list(report.groups.items())
    cut = groups[len(groups) if groups_max is None else groups_max :]
    return wire.CostReport(
        by=report.by,
        run=run,
        runs=report.runs,
        erased=report.erased,
        total=costs(report.total),
        groups=[wire.CostGroup(name=name, **structs.asdict(spent)) for name, spent in groups[:groups_max]],
        others=costs(sum((spent for _, spent in cut), start=spending.NO_COSTS)) if cut else UNSET,
        next=next,
    )


def call_cost(call: spending.CallCost) -> wire.CallCost:
    """One call."""
    told: dict[str, Any] = structs.asdict(call) | {"costs": costs(call.costs)}
    return wire.CallCost(**told)
