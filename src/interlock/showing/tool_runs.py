"""Runs as those are told them who called a tool."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from interlock.core.values import Value
from interlock.engine.telling.history import RunView
from interlock.showing.runs import error, wait
from interlock.wire.tool_runs import ToolRun


def tool_run(view: RunView, outputs: Value, *, next: str | UnsetType = UNSET) -> ToolRun:
    """How a run stands; `outputs` are those of the view, loaded as far as they are to be."""
    return ToolRun(
        run=view.run,
        graph=view.graph,
        status=view.status,
        outputs=outputs,
        error=error(view.error) if view.error else UNSET,
        waiting=[wait(each) for each in view.waits] or UNSET,
        simulated=view.costs.simulated_calls > 0,
        next=next,
    )
