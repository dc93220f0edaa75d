"""Inputs as a graph is given them: with its defaults filled in, and judged by what it takes."""

from __future__ import annotations

from interlock.core.plan import ScopePlan
from interlock.core.schemas import with_defaults
from interlock.core.values import Value


def given(graph: ScopePlan, inputs: Value) -> tuple[Value, list[str]]:
    """The inputs with the graph's defaults, and what is wrong with them."""
    if graph.takes is None or graph.inputs is None:
        return inputs, []
    filled = with_defaults(graph.inputs, inputs)
    return filled, graph.takes.problems(filled, "inputs")
