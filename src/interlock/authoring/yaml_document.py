"""Reading a document: YAML 1.2 (and so JSON) to plain data that remembers where everything in it stands.

A document is data alone: no merge keys, no tags beyond the core schema, keys are text. What the data means (a graph,
inputs, settings) is not known here. Reading never raises: what is wrong is a problem of the `Document`, so that it can
be shown together with what `compile` finds in the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from interlock.authoring.limits import Limits
from interlock.authoring.scalar_offsets import scalar_start, value_offsets
from interlock.authoring.source_lines import Position, Range, SourceLines
from interlock.authoring.source_map import SourceMap
from interlock.authoring.source_text import decoded
from interlock.authoring.yaml_data import read_data
from interlock.core.problems import Place, Problem
from interlock.core.values import Value

DEFAULT_LIMITS: Final = Limits()
_WORD: Final = re.compile(r"\w+|.?")


class Document:
    """What was read from one text: its data, its problems, and where in the text a place of the data stands.

    `data` is None where nothing could be read. Where problems left it usable, what they concern is null or left out.
    A value that aliases repeat is one object in several places: do not change it.
    """

    def __init__(
        self, source: str, text: str, data: Value, problems: tuple[Problem, ...], source_map: SourceMap
    ) -> None:
        self.source = source
        self.data = data
        self.problems = problems
        self.lines = SourceLines(text)
        self._source_map = source_map
        self._offsets: dict[int, Sequence[int] | None] = {}

    def locate(self, place: Place, *, at_key: bool = False, offset: int | None = None) -> Position:
        """The line and column of a value, of its key, or of a character of its text.

        `offset` counts characters of the value, whatever quotes, escapes and folds the text has; at the place `()` it
        counts characters of the whole text. Where the document has no such place, the nearest around it is given.
        """
        return self.lines.position(self._index(place, at_key=at_key, offset=offset))

    def position(self, problem: Problem) -> Position:
        """The line and column of a problem."""
        return self.locate(problem.place, at_key=problem.at_key, offset=problem.offset)

    def range_of(self, problem: Problem) -> Range:
        """The characters a problem is about: a key, a scalar, the word at an offset, or how a collection begins."""
        start = self._index(problem.place, at_key=problem.at_key, offset=problem.offset)
        return Range(self.lines.position(start), self.lines.position(self._end(problem, start)))

    def _end(self, problem: Problem, start: int) -> int:
        word = _WORD.match(self.lines.text, start)
        assert word is not None, "the pattern also matches nothing"
        span = self._source_map.find(problem.place, at_key=problem.at_key)
        is_in_text = problem.offset is not None and not problem.at_key
        if span is None or is_in_text or not span.is_exact:
            return word.end()
        return max(word.end(), start + len(self.lines.text[start : span.end].rstrip()))

    def _index(self, place: Place, *, at_key: bool, offset: int | None) -> int:
        if not place and offset is not None:
            return offset
        in_text = offset is not None and not at_key
        span = self._source_map.find(place, at_key=at_key, at_anchor=in_text)
        if span is None:
            return 0
        if in_text and span.is_exact and isinstance(span.value, str):
            return self._index_in_text(span.start, span.end, span.value, offset or 0)
        return scalar_start(self.lines.text, span.start, span.end)

    def _index_in_text(self, start: int, end: int, value: str, offset: int) -> int:
        if start not in self._offsets:
            self._offsets[start] = value_offsets(self.lines.text, start, end, value)
        indexes = self._offsets[start]
        return scalar_start(self.lines.text, start, end) if indexes is None else indexes[min(offset, len(indexes) - 1)]


def read_document(text: bytes | str, *, source: str = "graph.yaml", limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read a document that has to be a map: a graph, inputs, settings. `source` is what problems call the text."""
    document = read_value(text, source=source, limits=limits)
    if isinstance(document.data, dict) or (document.data is None and document.problems):
        return document
    document.problems += (Problem(place=(), message=_not_a_map(document.data), advice="write `key: value`"),)
    document.data = None
    return document


def read_value(text: bytes | str, *, source: str = "value", limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read a document that may be any value: an answer, one input given on the command line."""
    readable, unreadable = decoded(text, limits)
    if unreadable is not None:
        return Document(source, readable, None, (unreadable,), SourceMap())
    read = read_data(readable, limits)
    return Document(source, readable, read.value, read.problems, read.source_map)


def _not_a_map(data: Value) -> str:
    match data:
        case None:
            found = "the document holds nothing"
        case list():
            found = "the document is a list"
        case _:
            found = "the document is a single value"
    return f"{found}, where a map of keys and values is expected"
