"""Graphs as AgentOS told them: agents, and edges that fire on types of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from interlock.core.plan import AgentWork, Edge, Node, Plan, ScopePlan, ToolWork
from interlock.embedded.known_graphs import NamedGraph
from interlock.wire.agentos import AgentOsAgent, AgentOsEdge, AgentOsGraph

_EVENTS: Final[Mapping[str, str]] = {"succeeded": "node_done", "failed": "error"}
"""How nodes end, in their words."""
_ON_SUCCESS: Final = ["node_done"]


def agentos_graph(named: NamedGraph, plan: Plan | None, document: dict[str, Any] | None) -> AgentOsGraph:
    """A graph of ours, as far as it can be told so: its own nodes, and how they follow on each other."""
    scope = None if plan is None else plan.root
    return AgentOsGraph(
        name=named.name,
        description=named.description,
        version=_version(named),
        agents=[] if scope is None else [_agent(node) for node in scope.nodes],
        dag=[] if scope is None else list(_edges(scope)),
        document=document,
    )


def agentos_graph_written(named: NamedGraph, document: Mapping[str, Any]) -> AgentOsGraph:
    """A graph that was registered in their shape, as it was written."""
    return AgentOsGraph(
        name=named.name,
        description=named.description,
        version=_version(named),
        agents=[_agent_written(each) for each in document["agents"]],
        dag=[_edge_written(each) for each in document["dag"]],
        document=dict(document),
    )


def _version(named: NamedGraph) -> int | None:
    return None if named.in_force is None else named.in_force.version


def _agent(node: Node) -> AgentOsAgent:
    match node.work:
        case AgentWork(agent=name) | ToolWork(tool=name):
            what = f"{node.kind} {name}"
        case _:
            what = node.kind
    return AgentOsAgent(name=node.name, kind=what, description=node.description)


def _edges(scope: ScopePlan) -> Iterator[AgentOsEdge]:
    for node in scope.nodes:
        for edge in node.edges:
            yield _edge(scope, edge)


def _edge(scope: ScopePlan, edge: Edge) -> AgentOsEdge:
    target = scope.nodes[edge.target]
    return AgentOsEdge(
        from_=scope.nodes[edge.source].name,
        to=target.name,
        on=_ON_SUCCESS if edge.on is None else sorted(_EVENTS.get(word, word) for word in edge.on),
        join=target.join.how,
    )


def _agent_written(agent: str | Mapping[str, Any]) -> AgentOsAgent:
    if isinstance(agent, str):
        return AgentOsAgent(name=agent, kind="agent", description="")
    return AgentOsAgent(name=agent["name"], kind="agent", description=agent.get("description", ""))


def _edge_written(edge: Mapping[str, Any]) -> AgentOsEdge:
    join = edge.get("join")
    return AgentOsEdge(
        from_=edge["from"],
        to=edge["to"],
        on=list(edge.get("on") or _ON_SUCCESS),
        join=join if isinstance(join, str) else "any" if join is None else f"quorum of {join.get('quorum')}",
    )
