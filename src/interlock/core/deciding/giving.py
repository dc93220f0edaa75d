"""Inputs as a graph is given them: with its defaults filled in, and judged by what it takes."""

from __future__ import annotations

from typing import Final

from interlock.core.plan import ScopePlan
from interlock.core.problems import nearest
from interlock.core.schemas import with_defaults
from interlock.core.values import Value, is_map


def given(graph: ScopePlan, inputs: Value) -> tuple[Value, list[str]]:
    """The inputs with the graph's defaults, and what is wrong with them."""
    if graph.takes is None or graph.inputs is None:
        return inputs, []
    filled = with_defaults(graph.inputs, inputs)
    return filled, graph.takes.problems(filled, "inputs")


def names_meant(graph: ScopePlan, inputs: Value) -> list[str]:
    """What to write instead of names that the graph does not take; nothing if it takes them all."""
    fields = _fields(graph)
    unknown = [name for name in inputs if name not in fields] if is_map(inputs) else []
    if not unknown or graph.inputs is None or graph.inputs.get("additionalProperties") is not False:
        return []
    meant = [found for name in unknown if (found := nearest(name, fields)) is not None]
    if meant:
        return [f"did you mean {' and '.join(dict.fromkeys(meant))}?"]
    return [f"it takes {', '.join(fields[:_NAMES_TOLD_MAX])}" if fields else "it takes no inputs"]


_NAMES_TOLD_MAX: Final = 20


def _fields(graph: ScopePlan) -> list[str]:
    known = (graph.inputs or {}).get("properties")
    return list(known) if is_map(known) else []
