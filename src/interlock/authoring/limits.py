"""How much of a document is read before reading stops: bounds on bytes, depth, aliases and values.

How many nodes a graph may have is a question of the graph, not of its text: `compile` asks it.
"""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """The bounds of one document. Past one, the problem says which."""

    document_bytes: int = 8 * 1024 * 1024
    depth: int = 64
    """Maps and lists inside one another, those that an alias brings included."""
    alias_expansions: int = 1_000
    values: int = 1_000_000
    """Keys and values in all, counted again wherever an alias repeats them."""
    are_settings: bool = False
    """Whether people may raise them: of graphs each is a setting of the same name. Other documents have fixed ones."""

    def advice(self, limit: str) -> str:
        """What to do with a document that passes one of them."""
        return f"divide it, or raise the limit `{limit}`" if self.are_settings else "divide it"
