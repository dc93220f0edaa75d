"""Checking graphs while they are written: `POST /v1/graphs/validate`."""

from __future__ import annotations

from typing import Any, Self

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import Body
from interlock.api.desks import Desk, ReadsGraphs
from interlock.showing.graphs import graph_check
from interlock.wire.graphs import GraphCheck

router = APIRouter(tags=["graphs"])

TEXT: str = "graph: hello\nnodes:\n  greet: {value: hello}\n"


class GivenGraph(Body):
    """A graph, as a text or as a document: one of the two."""

    text: str | None = Field(default=None, description="YAML or JSON, in any dialect that is read.", examples=[TEXT])
    document: dict[str, Any] | None = Field(default=None, description="The same as JSON; its problems have no lines.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.text is None) == (self.document is None):
            raise ValueError("give either a text or a document")
        return self

    @property
    def given(self) -> str | dict[str, Any]:
        """What was given."""
        return self.text if self.text is not None else self.document or {}


@router.post("/graphs/validate", **answers(GraphCheck, "All that is wrong with it, and what it looks like."))
async def validate_graph(body: GivenGraph, desk: ReadsGraphs) -> Response:
    """Check a graph beside all that are known: every problem at once, each with the characters it is about."""
    return told(await checked(desk, body.given))


async def checked(desk: Desk, given: str | dict[str, Any]) -> GraphCheck:
    """What came of checking it."""
    return graph_check(await desk.interlock.registry.check(given))
