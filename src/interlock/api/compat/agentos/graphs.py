"""Graphs of AgentOS: registered under their names, and looked at. What is registered is a version that stays."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import Desk, ManagesGraphs, ReadsGraphs
from interlock.embedded.graph_registry import FoundGraph
from interlock.showing.agentos_graphs import agentos_graph, agentos_graph_written
from interlock.wire.agentos import AgentOsGraph, AgentOsRegistered

router = APIRouter(tags=["other systems"])

GraphName = Annotated[str, Path(max_length=200, description="The name of a graph.")]
EXAMPLE: Final = {
    "name": "plan-and-fix",
    "agents": ["planner", "py_fixer"],
    "dag": [{"from": "planner", "to": "py_fixer", "on": ["plan_ready"]}],
}
Document = Annotated[dict[str, Any], Body(examples=[EXAMPLE])]


@router.post("/graphs", **answers(AgentOsRegistered, "Its name means this version from now on."))
async def register_agentos_graph(document: Document, desk: ManagesGraphs) -> Response:
    """Register a graph: `{name, agents, dag}`, or any other shape that is known."""
    registry = desk.interlock.registry
    text = json.dumps(document, indent=2, ensure_ascii=False)
    checked = await registry.check(text, source="the graph")
    published = await registry.publish(await registry.prepare(checked.name, checked), by=desk.caller.name)
    return told(AgentOsRegistered(name=checked.name, version=published.release.version))


@router.get("/graphs/{name}", **answers(AgentOsGraph, "The graph that a run of this name would be of."))
async def get_agentos_graph(name: GraphName, desk: ReadsGraphs) -> Response:
    """One graph: as it was registered, or else as it is."""
    found = await desk.interlock.registry.find(name)
    document = await _registered(desk, found)
    if document is not None and "dag" in document:
        return told(agentos_graph_written(found.named, document))
    return told(agentos_graph(found.named, found.plan, document))


async def _registered(desk: Desk, found: FoundGraph) -> dict[str, Any] | None:
    """The document that was registered; None where what is in force came another way."""
    in_force = found.named.in_force
    if in_force is None:
        return None
    version = await desk.interlock.registry.version(found.named.name, in_force.version)
    if not version.is_as_written:
        return None
    try:
        return msgspec.json.decode(version.text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None  # it was written as YAML
