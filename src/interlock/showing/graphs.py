"""Graphs as programs are shown them: what is wrong with one, what it looks like, what it takes and gives."""

from __future__ import annotations

from msgspec import UNSET

from interlock.authoring.dialects.recognising import graph_name_in
from interlock.core.plan import Plan
from interlock.core.values import is_map
from interlock.embedded.graphs import CheckedGraph
from interlock.showing.drawings import drawing
from interlock.showing.problems import places
from interlock.wire.graphs import GraphCheck


def graph_check(checked: CheckedGraph) -> GraphCheck:
    """What came of checking a graph."""
    plan = checked.compiled.plan if checked.is_valid else None
    told = places(checked.problems, checked.subject)
    if plan is None:
        return GraphCheck(graph=_name(checked), valid=False, problems=told)
    return GraphCheck(
        graph=plan.name,
        valid=True,
        problems=told,
        hash=plan.graph_hash,
        drawing=drawing(plan),
        inputs=plan.root.inputs,
        outputs=outputs(plan),
        ours=UNSET if checked.ours is None else checked.ours,
    )


def _name(checked: CheckedGraph) -> str:
    """The name that it says; what cannot be read says none."""
    if isinstance(checked.subject, str):
        return checked.name
    data = checked.subject.data
    return (graph_name_in(data) or "") if is_map(data) else ""


def outputs(plan: Plan) -> list[str]:
    """The names of what a run gives: those that are declared, or the nodes that nothing follows."""
    root = plan.root
    if root.outputs is not None:
        return [name for name, _ in root.outputs]
    return [root.nodes[index].name for index in root.unfollowed]
