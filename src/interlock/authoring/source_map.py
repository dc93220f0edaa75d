"""Where every key and value of a document stands in its text, kept as flat arrays and searched only when asked.

Entries stand in the order of the text: a map is followed by key, value, key, value…, each value by what is inside it.
An entry costs about 30 bytes, so positions are nearly free while a document has no problems. Lines and columns are not
known here: places are found as indexes into the text.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

from msgspec import Struct

from interlock.core.problems import Place
from interlock.core.values import Value

Entry: TypeAlias = int


class Span(Struct, frozen=True):
    """What was found for a place: its entry's start and end in the text, its value, and whether it is the place itself.

    `is_exact` is False where the document has no such place, and the nearest thing around it was found instead.
    """

    start: int
    end: int
    value: Value
    is_exact: bool


class SourceMap:
    """Entries are added as they are read, a collection by `open` and, when all in it was added, `close`."""

    def __init__(self) -> None:
        self._starts = array("L")
        self._ends = array("L")
        self._values: list[Value] = []
        self._nexts: dict[Entry, Entry] = {}  # of a collection: the entry behind everything in it
        self._anchored: dict[Entry, Entry] = {}  # of an alias: the entry it stands for
        self._inside: dict[Entry, dict[str | int, Entry]] = {}  # found when first asked for

    def __len__(self) -> int:
        return len(self._values)

    def add(self, start: int, end: int, value: Value) -> Entry:
        """Add a key, a scalar or an alias."""
        self._starts.append(start)
        self._ends.append(end)
        self._values.append(value)
        return len(self._values) - 1

    def add_alias(self, start: int, end: int, value: Value, anchored: Entry | None) -> None:
        """Add an alias; what lies inside it stands where its anchor is."""
        entry = self.add(start, end, value)
        if anchored is not None:
            self._anchored[entry] = anchored

    def open(self, start: int, end: int, collection: Value) -> Entry:
        """Add a map or a list, whose content is added next."""
        return self.add(start, end, collection)

    def close(self, entry: Entry) -> None:
        """All that is in this map or list was added."""
        self._nexts[entry] = len(self._values)

    def first_key_starts(self, entry: Entry) -> dict[str | int, int]:
        """Where each key of a map stands first."""
        return {key: self._starts[value - 1] for key, value in self._inside_of(entry).items()}

    def find(self, place: Place, *, at_key: bool = False, at_anchor: bool = False) -> Span | None:
        """What stands at a place, or nearest to it; None if the document has no entries at all.

        `at_key`: the key is meant. `at_anchor`: of an alias, what it stands for is meant.
        """
        if not self._values:
            return None
        entry = 0
        for depth, step in enumerate(place, start=1):
            inside = self._inside_of(self._anchored.get(entry, entry))
            if step not in inside:
                return self._span(entry, is_exact=False)
            entry = inside[step]
            if at_key and depth == len(place) and isinstance(step, str):
                return self._span(entry - 1, is_exact=True)
        return self._span(self._anchored.get(entry, entry) if at_anchor else entry, is_exact=True)

    def _span(self, entry: Entry, *, is_exact: bool) -> Span:
        return Span(self._starts[entry], self._ends[entry], self._values[entry], is_exact)

    def _inside_of(self, entry: Entry) -> dict[str | int, Entry]:
        """The values in a map by key, or in a list by position. Of a key that is repeated, the first."""
        if entry not in self._inside:
            children = self._children(entry)
            is_list = isinstance(self._values[entry], list)
            self._inside[entry] = dict(enumerate(children)) if is_list else self._by_key(children)
        return self._inside[entry]

    def _by_key(self, children: list[Entry]) -> dict[str | int, Entry]:
        found: dict[str | int, Entry] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            text = self._values[key]
            if isinstance(text, str):  # what cannot be a key was reported, and has no text
                found.setdefault(text, value)
        return found

    def _children(self, entry: Entry) -> list[Entry]:
        children: list[Entry] = []
        child, end = entry + 1, self._nexts.get(entry, entry + 1)
        while child < end:
            children.append(child)
            child = self._nexts.get(child, child + 1)
        return children
