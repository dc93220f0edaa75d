"""Checking graphs while they are written: `POST /v1/graphs/validate`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsGraphs
from interlock.api.graphs.texts import GivenGraph
from interlock.showing.graphs import graph_check
from interlock.wire.graphs import GraphCheck

router = APIRouter(tags=["graphs"])


@router.post("/graphs/validate", **answers(GraphCheck, "All that is wrong with it, and what it looks like."))
async def validate_graph(body: GivenGraph, desk: ReadsGraphs) -> Response:
    """Check a graph beside all that are known: every problem at once, each with the characters it is about."""
    registry = desk.interlock.registry
    checked = await registry.check(body.given)
    return await registry.apart(lambda: told(graph_check(checked)))
