"""Plain data from a text's YAML events, with the place of everything and every problem that was met.

A problem that concerns one value leaves null in its place, and reading goes on; a text that is no YAML, or passes a
limit, ends it. Maps and lists repeated by an alias are shared, but counted as often as they stand in the data.
"""

from __future__ import annotations

from typing import Final

import yaml
from msgspec import Struct

from interlock.authoring.limits import Limits
from interlock.authoring.scalar_offsets import scalar_start, value_offsets
from interlock.authoring.source_lines import SourceLines
from interlock.authoring.source_map import Entry, SourceMap
from interlock.authoring.source_text import control_characters, is_whole, restored, stand_in
from interlock.authoring.yaml_events import Event, yaml_parser
from interlock.authoring.yaml_scalars import (
    CORE_TAG,
    UnreadableScalarError,
    plain_value,
    shortened,
    tagged_value,
    unknown_tag,
)
from interlock.authoring.yaml_syntax import syntax_problem
from interlock.core.problems import Problem, nearest
from interlock.core.values import Value

PROBLEMS_MAX: Final = 1_000
_MERGE_KEY: Final = "<<"


class DocumentData(Struct, frozen=True):
    """What was read. `value` is None where nothing could be read; the problems then say why."""

    value: Value
    source_map: SourceMap
    problems: tuple[Problem, ...]


def read_data(text: str, limits: Limits) -> DocumentData:
    """Read the one document of a text."""
    reader = _DataReader(text, limits)
    value: Value = None
    try:
        for problem in control_characters(text):
            reader.report(problem)
        value = reader.read()
    except _ReadingEndedError as ended:
        reader.problems.append(ended.problem)
    except yaml.MarkedYAMLError as error:
        reader.problems.append(syntax_problem(error, text))
    in_order = sorted(reader.problems, key=lambda problem: problem.offset or 0)
    return DocumentData(value, reader.source_map, tuple(in_order))


class _ReadingEndedError(Exception):
    """A limit was passed: what is behind it is not read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Anchor:
    """A value that aliases repeat: how many entries it has, and how many levels of maps and lists."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.is_complete = False
        self.value: Value = None
        self.size = 0
        self.levels = 0


class _DataReader:
    """Reads events one after the other; holds what has been read so far."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.problems: list[Problem] = []
        self.source_map = SourceMap()
        self._text = text
        self._parsed = stand_in(text)
        self._is_exact = self._parsed == text
        self._next = yaml_parser(self._parsed).get_event
        self._limits = limits
        self._anchors: dict[str, _Anchor] = {}
        self._alias_expansions = 0
        self._repeated = 0  # entries that aliases added
        self._deepest = 0

    def read(self) -> Value:
        """The value of the document; a second document is reported."""
        self._next()  # the stream's start
        if type(self._next()) is yaml.StreamEndEvent:
            return None
        value = self._value(self._next(), depth=1)
        self._next()  # the document's end
        further = self._next()
        start = further.start_mark.index
        if type(further) is yaml.DocumentStartEvent:
            self._report_at(start, "a second document begins here", "keep one document in a file")
        return value

    def report(self, problem: Problem) -> None:
        """Keep a problem; after very many, reading ends."""
        self.problems.append(problem)
        if len(self.problems) >= PROBLEMS_MAX:
            raise _ReadingEndedError(_problem_at(problem.offset or 0, "there are too many problems to go on", ""))

    # --- Values ---------------------------------------------------------------------------------------------------

    def _value(self, event: Event, depth: int) -> Value:
        if type(event) is yaml.AliasEvent:
            return self._alias(event, depth)
        if len(self.source_map) + self._repeated >= self._limits.values:
            raise self._past_limit(event, f"more than {self._limits.values:,} keys and values", "values")
        if event.anchor is not None:
            return self._anchored(event, depth)
        return self._scalar(event) if type(event) is yaml.ScalarEvent else self._collection(event, depth)

    def _scalar(self, event: Event) -> Value:
        start, end = event.start_mark.index, event.end_mark.index
        text: str = event.value if self._is_exact else self._restored(event.value, start, end)
        value: Value = text
        try:
            if event.tag is not None:
                value = tagged_value(text, event.tag)
            elif event.implicit[0]:
                value = plain_value(text)
        except UnreadableScalarError as error:
            self._report_at(scalar_start(self._text, start, end), error.message, error.advice)
            value = None
        self.source_map.add(start, end, value)
        return value

    def _collection(self, event: Event, depth: int) -> Value:
        if depth > self._limits.depth:
            raise self._past_limit(event, f"more than {self._limits.depth} maps and lists inside one another", "depth")
        self._deepest = max(self._deepest, depth)
        is_map = type(event) is yaml.MappingStartEvent
        if event.tag not in {None, "!", CORE_TAG + ("map" if is_map else "seq")}:
            self._report_at(event.start_mark.index, *unknown_tag(event.tag))
        return self._map(event, depth) if is_map else self._list(event, depth)

    def _list(self, event: Event, depth: int) -> list[Value]:
        items: list[Value] = []
        entry = self.source_map.open(event.start_mark.index, event.end_mark.index, items)
        while type(item := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._value(item, depth + 1))
        self.source_map.close(entry)
        return items

    def _map(self, event: Event, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        repeated: list[tuple[str, int]] = []
        entry = self.source_map.open(event.start_mark.index, event.end_mark.index, found)
        while type(key_event := self._next()) is not yaml.MappingEndEvent:
            key = self._key(key_event, depth)
            value = self._value(self._next(), depth + 1)
            if key is None:
                continue
            if key in found:
                repeated.append((key, key_event.start_mark.index))
            else:
                found[key] = value
        self.source_map.close(entry)
        if repeated:
            self._report_repeated(entry, repeated)
        return found

    # --- Keys -----------------------------------------------------------------------------------------------------

    def _key(self, event: Event, depth: int) -> str | None:
        """The text of a key, None if this cannot be one; of a number, true or null what stands there."""
        start, end = event.start_mark.index, event.end_mark.index
        if type(event) is not yaml.ScalarEvent:
            self._report_at(start, "a key must be text, not an alias, a map or a list", "write a name as the key")
            self._value(event, depth + 1)
            return None
        text: str = event.value if self._is_exact else self._restored(event.value, start, end)
        if event.anchor is not None or event.tag is not None:
            self._report_at(start, "a key takes no anchor and no tag", "put it before the value")
        elif event.implicit[0] and text in {_MERGE_KEY, ""}:
            self._report_at(start, *_unusable_key(text))
            self.source_map.add(start, end, None)
            return None
        self.source_map.add(start, end, text)
        return text

    def _report_repeated(self, entry: Entry, repeated: list[tuple[str, int]]) -> None:
        first = self.source_map.first_key_starts(entry)
        lines = SourceLines(self._text)
        for key, start in repeated:
            message = f"`{shortened(key)}` is already a key of this map, in line {lines.position(first[key]).line}"
            self._report_at(start, message, "rename it, or remove one of the two")

    # --- Anchors and aliases --------------------------------------------------------------------------------------

    def _anchored(self, event: Event, depth: int) -> Value:
        anchor = self._anchors[event.anchor] = _Anchor(len(self.source_map))
        size_before = len(self.source_map) + self._repeated
        deepest_before, self._deepest = self._deepest, depth - 1
        is_scalar = type(event) is yaml.ScalarEvent
        anchor.value = self._scalar(event) if is_scalar else self._collection(event, depth)
        anchor.size = len(self.source_map) + self._repeated - size_before
        anchor.levels = self._deepest - (depth - 1)
        self._deepest = max(self._deepest, deepest_before)
        anchor.is_complete = True
        return anchor.value

    def _alias(self, event: Event, depth: int) -> Value:
        start = event.start_mark.index
        anchor = self._anchors.get(event.anchor)
        if anchor is None or not anchor.is_complete:
            self._report_at(start, *self._unusable_alias(event.anchor))
            self.source_map.add(start, event.end_mark.index, None)
            return None
        self._count_expansion(event, anchor, depth)
        self.source_map.add_alias(start, event.end_mark.index, anchor.value, anchor.entry)
        return anchor.value

    def _count_expansion(self, event: Event, anchor: _Anchor, depth: int) -> None:
        limits = self._limits
        self._alias_expansions += 1
        self._repeated += anchor.size
        self._deepest = max(self._deepest, depth - 1 + anchor.levels)
        if self._alias_expansions > limits.alias_expansions:
            raise self._past_limit(event, f"more than {limits.alias_expansions:,} aliases", "alias_expansions")
        if len(self.source_map) + self._repeated > limits.values:
            raise self._past_limit(
                event, f"more than {limits.values:,} keys and values, with what its aliases repeat", "values"
            )
        if self._deepest > limits.depth:
            raise self._past_limit(event, f"more than {limits.depth} maps and lists inside one another", "depth")

    def _unusable_alias(self, name: str) -> tuple[str, str]:
        if name in self._anchors:
            return f"`*{name}` stands inside `&{name}`: the value would contain itself", "write out what is meant"
        meant = nearest(name, self._anchors)
        return (
            f"there is no `&{name}` above",
            f"did you mean `*{meant}`?" if meant else "put text that begins with * in quotes",
        )

    # --- Problems -------------------------------------------------------------------------------------------------

    def _restored(self, value: str, start: int, end: int) -> str:
        """The text of a scalar in which the parser may have seen replacements."""
        if self._text[start:end] == self._parsed[start:end]:
            return value
        offsets = value_offsets(self._parsed, start, end, value)
        if offsets is None:
            self._report_at(start, "a character in this text is not understood here", "put the text in double quotes")
            return value
        text = restored(value, offsets, text=self._text, parsed=self._parsed)
        if not is_whole(text):
            self._report_at(
                start, "this text holds half of a surrogate pair", "write the character itself, or both halves"
            )
        return text

    def _report_at(self, index: int, message: str, advice: str) -> None:
        self.report(_problem_at(index, message, advice))

    def _past_limit(self, event: Event, what: str, limit: str) -> _ReadingEndedError:
        message = f"the document has {what}: reading ended here"
        return _ReadingEndedError(_problem_at(event.start_mark.index, message, self._limits.advice(limit)))


def _unusable_key(text: str) -> tuple[str, str]:
    if text == _MERGE_KEY:
        return "merge keys (`<<`) are not part of YAML 1.2", "write the keys out, or repeat a whole value with an alias"
    return "a key is missing before this `:`", "write a name as the key"


def _problem_at(index: int, message: str, advice: str) -> Problem:
    return Problem(place=(), message=message, advice=advice, offset=index)
