"""A run in short, as programs are shown it: nodes of the graph with all their executions taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import UNSET

from interlock.engine.telling.cost_groups import without_copies
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.telling.spending import NO_COSTS
from interlock.showing.runs import costs, error
from interlock.wire.runs import Actions
from interlock.wire.summaries import NodeSummary, RunSummary


def run_summary(view: RunView, *, actions: Actions) -> RunSummary:
    """The run in short."""
    by_node: dict[str, list[NodeView]] = {}
    for node in view.nodes.values():
        by_node.setdefault(without_copies(node.path), []).append(node)
    holders = {node.holder for node in view.nodes.values()}
    leaves = (node for node in view.nodes.values() if node.path not in holders and node.kind != "undo")
    return RunSummary(
        run=view.run,
        graph=view.graph,
        status=view.status,
        seq=view.seq,
        mode=view.mode,
        started_at=view.started_at,
        ended_at=view.ended_at,
        at=view.at,
        progress=dict(Counter(node.status for node in leaves)),
        nodes=[_node_summary(path, executions, view) for path, executions in by_node.items()],
        waiting=sum(wait.is_for_people for wait in view.waits),
        costs=costs(view.costs),
        error=error(view.error) if view.error else UNSET,
        simulated=view.costs.simulated_calls > 0,
        actions=actions,
    )


def _node_summary(path: str, executions: Sequence[NodeView], view: RunView) -> NodeSummary:
    # What holds copies has the path of the node itself: where there are any, they are what is counted.
    holder = executions[0]
    copies = [each for each in executions if each.path != path] or list(executions)
    begun = [each.started_at for each in executions if each.started_at is not None]
    failed = [each.error for each in executions if each.error is not None]
    return NodeSummary(
        node=path,
        kind=holder.kind,
        statuses=dict(Counter(each.status for each in copies)),
        attempts=sum(each.attempts for each in copies),
        started_at=min(begun, default=None),
        ended_at=_last_end(executions),
        busy=sum(each.lasted(view.at) or 0 for each in copies),
        costs=costs(sum((view.node_costs.get(each.path, NO_COSTS) for each in executions), start=NO_COSTS)),
        error=error(failed[-1]) if failed else UNSET,
        waiting=sum(len(each.waits) for each in executions),
    )


def _last_end(executions: Iterable[NodeView]) -> int | None:
    ends = [each.ended_at for each in executions]
    return None if None in ends else max((end for end in ends if end is not None), default=None)
