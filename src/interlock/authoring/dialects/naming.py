"""Names of nodes, made of names that other systems allow: `Create Draft` becomes `create_draft`."""

from __future__ import annotations

import re
from typing import Final

from interlock.core.compiling.names import NAME_LENGTH_MAX, wrong_graph_name, wrong_name

_ROOM_FOR_SUFFIX: Final = 20


class NodeNames:
    """The names of one graph's nodes: each is given once. `taken` are those that mean something else there."""

    def __init__(self, *taken: str) -> None:
        self._reserved = frozenset(taken)
        self._given: dict[str, str] = {}

    def give(self, written: str) -> str | None:
        """The name of the node that was called so; None if another one already has it (`clash` tells)."""
        name = self.name_of(written)
        if name in self._given:
            return None
        self._given[name] = written
        return name

    def name_of(self, written: str) -> str:
        """The nearest name that a node can have."""
        name = re.sub(r"[^a-z0-9_]+", "_", written.lower()).strip("_")[: NAME_LENGTH_MAX - _ROOM_FOR_SUFFIX]
        if not name[:1].isalpha():
            name = f"node_{name}".rstrip("_")
        return f"{name}_" if wrong_name(name) is not None or name in self._reserved else name

    def clash(self, written: str, noun: str) -> str:
        """Why something cannot be called so, in words: another one already is, or would be."""
        holder = self._given[self.name_of(written)]
        if holder == written:
            return f"`{written}` is the name of another {noun}"
        return f"`{written}` would be called `{self.name_of(written)}` here, like the {noun} `{holder}`"

    def beside(self, name: str, what: str) -> str:
        """A free name for something that belongs to a node: `tester_emits`."""
        free = wanted = f"{name}_{what}" if name else what
        number = 2
        while free in self._given or free in self._reserved:
            free, number = f"{wanted}_{number}", number + 1
        self._given[free] = free
        return free


def graph_name(written: str) -> str:
    """The name of a graph: as it was written if it can be, or the nearest that can."""
    if wrong_graph_name(written) is None:
        return written
    name = re.sub(r"[^a-z0-9_-]+", "-", written.lower()).strip("-_")[:NAME_LENGTH_MAX]
    return name if name[:1].isalpha() else f"graph-{name}".rstrip("-")[:NAME_LENGTH_MAX]
