"""How much of a document is read before reading stops: bounds on bytes, depth, aliases and values.

How many nodes a graph may have is a question of the graph, not of its text: `compile` asks it.
"""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """The bounds of one document. Each is a setting of the same name; past one, the problem names it."""

    document_bytes: int = 8 * 1024 * 1024
    depth: int = 64
    """Maps and lists inside one another, those that an alias brings included."""
    alias_expansions: int = 1_000
    values: int = 1_000_000
    """Keys and values in all, counted again wherever an alias repeats them."""
