"""Graphs as programs are shown them: what is wrong with one, what it looks like, what it takes and gives."""

from __future__ import annotations

from msgspec import UNSET

from interlock.core.plan import Plan
from interlock.embedded.graphs import CheckedGraph
from interlock.showing.drawings import drawing
from interlock.showing.problems import places
from interlock.wire.graphs import GraphCheck


def graph_check(checked: CheckedGraph) -> GraphCheck:
    """What came of checking a graph."""
    plan = checked.compiled.plan if checked.is_valid else None
    told = places(checked.problems, checked.subject)
    if plan is None:
        return GraphCheck(graph=checked.name, valid=False, problems=told)
    return GraphCheck(
        graph=checked.name,
        valid=True,
        problems=told,
        hash=plan.graph_hash,
        drawing=drawing(plan),
        inputs=plan.root.inputs,
        outputs=outputs(plan),
        ours=UNSET if checked.ours is None else checked.ours,
    )


def outputs(plan: Plan) -> list[str]:
    """The names of what a run gives: those that are declared, or the nodes that nothing follows."""
    root = plan.root
    if root.outputs is not None:
        return [name for name, _ in root.outputs]
    return [root.nodes[index].name for index in root.unfollowed]
