"""The graphs of a tenant, from Python: known by name, drafted, published, compared; and texts checked beside them.

A graph that a checked text names is the one that a run of that name would be of: what was released under it, or else
what the project has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from interlock.core.bundle import read_bundle
from interlock.core.limits import REFERENCE_DEPTH_MAX
from interlock.embedded.compiling_apart import Apart
from interlock.embedded.graphs import CheckedGraph, Graphs
from interlock.embedded.loaded_graphs import LoadedGraphs
from interlock.engine.releasing.releases import released
from interlock.engine.worker import Worker


class GraphRegistry:
    """It works while the client it came from is open."""

    def __init__(self, worker: Worker, graphs: Graphs, apart: Apart) -> None:
        self._engine = worker.engine
        self._graphs = graphs
        self._apart = apart

    async def check(self, given: str | Mapping[str, Any], *, source: str = "graph.yaml") -> CheckedGraph:
        """A text or a document with everything that is wrong with it. `source` is what problems call a text."""
        read = (
            await self._apart.do(partial(self._graphs.read, given, source=source)) if isinstance(given, str) else given
        )
        loaded = LoadedGraphs()
        checked = await self._apart.do(partial(self._graphs.check_given, read, loaded))
        for _ in range(REFERENCE_DEPTH_MAX):
            if not loaded.missing:
                break
            await self._load(loaded)
            checked = await self._apart.do(partial(self._graphs.check_given, read, loaded))
        return checked

    async def _load(self, loaded: LoadedGraphs) -> None:
        """Look up what was asked for and is not at hand."""
        for name in sorted(loaded.missing):
            in_force = (await released(self._engine, name)).in_force
            if in_force is None:
                loaded.keep(name, None, {})
                continue
            content = read_bundle(await self._engine.store.get_bundle(self._engine.tenant, in_force.bundle))
            loaded.keep(name, content.document, content.graphs)
