"""Putting a checked graph in force behind its name, and keeping the text that it was written as."""

from __future__ import annotations

from interlock.embedded.graph_texts import keep_text
from interlock.embedded.graphs import CheckedGraph
from interlock.engine.engine import Engine
from interlock.engine.releasing.releases import Published, publish


async def publish_checked(
    engine: Engine, checked: CheckedGraph, *, by: str, why: str, over: int | None = None
) -> Published:
    """Publish a graph that can be run; else `InvalidGraphError`. `over` is the version that has to be in force."""
    plan, bundle = checked.accepted()
    if checked.text is not None:
        await keep_text(engine, bundle.hash, checked.text)
    return await publish(engine, plan, bundle.bytes, by=by, why=why, over=over)
