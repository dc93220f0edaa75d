"""Graphs built in Python. They read like those in YAML and come to the same document, so to the same graph hash.

    from interlock import graph

    g = graph("release", inputs={"pr": "integer"})
    test = g.tool("test", "run_tests", input={"pr": g.inputs.pr})
    g.gate("quality", test.failed == 0)
    g.outputs(report=test.report)

Building runs nothing, and refuses only what one line can tell; the rest is told when the graph is checked or run.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Unpack

from interlock.authoring.building.expressions import Home
from interlock.authoring.building.node_keys import GraphKeys, Value
from interlock.authoring.building.scopes import Scope, give_outputs
from interlock.authoring.building.written import refuse_unknown, written_keys
from interlock.authoring.errors import BuildError
from interlock.core.compiling.json_data import JsonMap
from interlock.core.compiling.names import wrong_graph_name


def graph(name: str, **keys: Unpack[GraphKeys]) -> GraphBuilder:
    """A graph to which nodes are added; it is given to `Interlock.run` as it is."""
    refuse_unknown("graph", keys, GraphKeys.__optional_keys__)
    if (wrong := wrong_graph_name(name)) is not None:
        raise BuildError(f"{wrong[0]}: {wrong[1]}")
    home = Home(name)
    return GraphBuilder(home, {"graph": name, **written_keys(keys, home), "nodes": {}})


class GraphBuilder(Scope):
    """A graph under construction: its nodes, what it gives, and what runs at its end."""

    def __init__(self, home: Home, document: JsonMap) -> None:
        super().__init__(home, document, "nodes")
        self._document = document

    @property
    def name(self) -> str:
        """The name by which other graphs call it: `g.graph("proof", proof.name)`."""
        return self._home.graph

    @property
    def finally_(self) -> Scope:
        """The nodes that run once at the end, whatever happened; they see `g.run.status`."""
        return Scope(self._home, self._document, "finally")

    def outputs(self, /, **values: Value) -> None:
        """What a run gives. Left out, it gives the values of the nodes that nothing follows."""
        give_outputs(self._document, values, self._home)

    def document(self) -> dict[str, Any]:
        """The graph as it stands, as the data that a file would hold."""
        return deepcopy(self._document)
