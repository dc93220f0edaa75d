"""How large a graph may be: bounds that keep compiling it cheap. Each is a setting, and each refusal names its own."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

REFERENCE_DEPTH_MAX: Final = 32
"""How deep graphs may name graphs (rule 25). Part of the language, so no setting."""

PROBLEMS_MAX: Final = 200
"""How many errors of a graph are told: more are not looked for once so many are found."""

PARALLEL_MAX: Final = 1_000
"""How many items of one `each` may be open at a time (rule 23)."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a compilation accepts. The names are those of the settings that raise them."""

    nodes_max: int = 20_000
    """Nodes, counted over all scopes of the graph and of the graphs it names."""
    unfolded_max: int = 100_000
    """Nodes with every named graph written out where it is named: what a run may have to open."""
    depth_max: int = 64
    """How deep `each`, `loop` and blocks may stand in one another."""
    expressions_max: int = 50_000
    """Expressions of one graph that have to be compiled; to pass on a name or a field of it costs nothing."""
    reach_max: int = 1_000_000
    """What all `cancel_rest` and `cancels` of a graph may reach together: it grows with the square of the graph."""
