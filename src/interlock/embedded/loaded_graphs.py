"""Released graphs at hand while another is compiled: compiling asks for graphs by name, and reads no store.

So what it asks for and nobody has loaded is noted, to be loaded before it is compiled once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

GraphDocument: TypeAlias = Mapping[str, Any]


class LoadedGraphs:
    """What was loaded so far, and the names that are still to be looked up."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._released: dict[str, GraphDocument | None] = {}
        self._inside: dict[str, GraphDocument] = {}

    def keep(self, name: str, document: GraphDocument | None, inside: Mapping[str, GraphDocument]) -> None:
        """Keep what a name means, None if nothing was released under it; and the graphs inside that one's bundle."""
        self._released[name] = document
        self._inside |= inside
        self.missing.discard(name)

    def before(self, known: Callable[[], Mapping[str, GraphDocument]]) -> Mapping[str, GraphDocument]:
        """What is released comes before what is known otherwise; what only stands inside a bundle comes last.

        What is known is only asked for where it is needed.
        """
        return _Looked(self, known)

    def find(self, name: str) -> GraphDocument | None:
        """What is released under a name; a name that was not looked up yet is noted."""
        if name not in self._released:
            self.missing.add(name)
        return self._released.get(name)

    def inside(self, name: str) -> GraphDocument:
        """What stands under a name in a bundle that was loaded; `KeyError` if nothing does."""
        return self._inside[name]

    def names(self) -> Iterator[str]:
        """The names of everything that was loaded."""
        yield from (name for name, document in self._released.items() if document is not None)
        yield from self._inside


class _Looked(Mapping[str, GraphDocument]):
    def __init__(self, loaded: LoadedGraphs, known: Callable[[], Mapping[str, GraphDocument]]) -> None:
        self._loaded = loaded
        self._known = known

    def __getitem__(self, name: str) -> GraphDocument:
        found = self._loaded.find(name)
        if found is not None:
            return found
        try:
            return self._known()[name]
        except KeyError:
            return self._loaded.inside(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._loaded.names(), *self._known()]))

    def __len__(self) -> int:
        return sum(1 for _ in self)
