"""Which version of a graph is run: the released one behind its name, or the draft that a file or the project holds.

A file is a draft, and so is a document. A bare name means what was released under it; only where nothing was, or where
a draft is asked for, it means the graph of that name that is known here.
"""

from __future__ import annotations

from typing import Final

from interlock.core.plan import Plan
from interlock.embedded.graphs import CheckedGraph, Graphs, GraphSource, Named, is_graph_name
from interlock.engine.engine import Engine
from interlock.engine.errors import NoReleaseError
from interlock.engine.releasing.releases import released


async def plan_to_run(engine: Engine, graphs: Graphs, source: GraphSource, *, draft: bool) -> Plan:
    """The plan that a new run is pinned to; its bundle is kept."""
    named = _named(source)
    if named is not None and not draft:
        history = await released(engine, named.name)
        meant = history.in_force if named.version is None else history.version(named.version)
        if meant is not None:
            return await engine.plan_of(meant.bundle)
        if named.version is not None:
            raise NoReleaseError(named.name, version=named.version)
    plan, bundle = graphs.check(source).accepted()
    await engine.keep_bundle(plan, bundle.bytes)
    return plan


def _named(source: GraphSource) -> Named | None:
    """A source that is the name of a graph."""
    if isinstance(source, Named):
        return source
    return Named(str(source)) if is_graph_name(source) else None


async def plan_to_move_to(engine: Engine, graphs: Graphs, meant: str | CheckedGraph, *, graph: str) -> Plan:
    """The plan that `meant` names for a run of `graph`: a version's number, a hash, a graph's name or file, or a graph.

    A hash is a bundle's, or of what was released of the graph also the beginning of one, as lists show it.
    """
    if isinstance(meant, CheckedGraph):
        return await plan_to_run(engine, graphs, meant, draft=True)
    if meant.isdecimal() and len(meant) < _HASH_DIGITS:
        history = await released(engine, graph)
        version = history.version(int(meant))
        if version is None:
            raise NoReleaseError(graph, version=int(meant))
        return await engine.plan_of(version.bundle)
    if _HASH_SHOWN <= len(meant) <= _HASH_DIGITS and set(meant) <= set("0123456789abcdef"):
        shown = (await released(engine, graph)).of_hash(meant)
        if shown is not None or len(meant) == _HASH_DIGITS:
            return await engine.plan_of(meant if shown is None else shown.bundle)
    return await plan_to_run(engine, graphs, meant, draft=False)


_HASH_DIGITS: Final = 64
_HASH_SHOWN: Final = 12
"""How much of a hash lists show: it is what people copy."""
