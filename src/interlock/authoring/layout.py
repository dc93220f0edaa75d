"""The layout of a text: two blanks a level, one between things in brackets, at most one empty line. Only blanks change.

Blanks behind a key and before a comment stay: with them people line values up in columns.

The new indentation follows what the old one meant, as the parser's tokens tell it. Text that goes on over several lines
(blocks, quotes, brackets) moves with the key it belongs to, as one piece. Whether the outcome still says the same is
checked by whoever asked for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import yaml
from msgspec import Struct

from interlock.authoring.source_text import stand_in
from interlock.authoring.yaml_events import Token, scanned

_STEP: Final = 2
_OPENING: Final = frozenset({yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken})
_CLOSING: Final = frozenset({yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken})


class _Edit(NamedTuple):
    """Blanks to put in the place of those from `start` to `end`."""

    start: int
    end: int
    blanks: str


class _Level(NamedTuple):
    """A block map or list that is open: the column of its keys or dashes, as it was and as it shall be.

    An *unindented* list has its dashes right under the key of its map; no token says where it begins or ends.
    """

    kind: Literal["map", "list", "unindented list"]
    old: int
    new: int

    @property
    def shift(self) -> int:
        """How far it moves to the right."""
        return self.new - self.old


class _Footing(Struct, frozen=True):
    """A key or a dash: it gives a place to its line and to what follows; with the levels open there, its own last."""

    index: int
    levels: tuple[_Level, ...]


class _Line(NamedTuple):
    """A line by its indexes; `text` is where the first of it stands that is no blank."""

    number: int
    start: int
    text: int
    end: int


def laid_out(text: str) -> str:
    """The text in the canonical layout, with the same things in the same order. Lines end in a line feed alone."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parsed = stand_in(text)
    tokens = list(scanned(parsed))
    continued = _continued_lines(parsed, tokens)
    lines = list(_lines(text))
    edits = [
        *_indentations(text, lines, _footings(parsed, tokens), continued),
        *_gaps(text, tokens),
        *_line_ends(text, lines, continued),
    ]
    return _with_single_empty_lines(_applied(text, edits), continued)


# --- What the tokens tell -------------------------------------------------------------------------------------------


def _footings(text: str, tokens: Iterable[Token]) -> list[_Footing]:
    """The keys and dashes of block maps and lists, in order."""
    found: list[_Footing] = []
    levels: list[_Level] = []
    brackets = 0
    for token in tokens:
        index, column = token.start_mark.index, token.start_mark.column
        brackets += (type(token) in _OPENING) - (type(token) in _CLOSING)
        match token:
            case _ if brackets:
                continue
            case yaml.BlockMappingStartToken():
                levels.append(_Level("map", column, _inner_column(levels)))
            case yaml.BlockSequenceStartToken():
                levels.append(_Level("list", column, _inner_column(levels)))
            case yaml.BlockEndToken():
                _end_unindented(levels)
                levels.pop()
            case yaml.BlockEntryToken():
                if levels[-1].kind == "map":
                    levels.append(_Level("unindented list", column, _inner_column(levels)))
                found.append(_Footing(index, tuple(levels)))
            case yaml.KeyToken():
                _end_unindented(levels)
                found.append(_Footing(index, tuple(levels)))
            case yaml.ValueToken() if _begins_line(text, index):  # of a key that was written with a question mark
                _end_unindented(levels)
                found.append(_Footing(index, tuple(levels)))
            case _:
                continue
    return found


def _inner_column(levels: Sequence[_Level]) -> int:
    return levels[-1].new + _STEP if levels else 0


def _end_unindented(levels: list[_Level]) -> None:
    if levels[-1].kind == "unindented list":
        levels.pop()


def _begins_line(text: str, index: int) -> bool:
    return not text[text.rfind("\n", 0, index) + 1 : index].strip()


def _continued_lines(text: str, tokens: Iterable[Token]) -> dict[int, bool]:
    """The numbers of the lines in which a scalar goes on, and whether blanks are content there: in a block they are."""
    continued: dict[int, bool] = {}
    for token in tokens:
        if type(token) is yaml.ScalarToken:
            written = text[token.start_mark.index : token.end_mark.index]
            is_block = not token.plain and written.startswith(("|", ">"))
            first = token.start_mark.line + 1
            continued |= dict.fromkeys(
                range(first, first + _content_of(written, is_block=is_block).count("\n")), is_block
            )
    return continued


def _content_of(written: str, *, is_block: bool) -> str:
    """A scalar as written, without what follows its last line; empty lines behind a block count where it says so."""
    if not is_block:
        return written
    header = written.partition("\n")[0].partition("#")[0]
    return written.removesuffix("\n") if "+" in header else written.rstrip("\n")


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for number, line in enumerate(text.split("\n")):
        yield _Line(number, start, start + len(line) - len(line.lstrip(" \t")), start + len(line))
        start += len(line) + 1


# --- Where blanks change --------------------------------------------------------------------------------------------


def _indentations(
    text: str, lines: Iterable[_Line], footings: Sequence[_Footing], continued: Mapping[int, bool]
) -> Iterator[_Edit]:
    indexes = [footing.index for footing in footings]
    for line in lines:
        is_block = continued.get(line.number, False)
        if line.start == line.end or (line.text == line.end and not is_block) or "\t" in text[line.start : line.text]:
            continue
        position = bisect_left(indexes, line.text)
        before = footings[position - 1] if position else None
        after = footings[position] if position < len(footings) else None
        column = line.text - line.start
        wanted = column + (before.levels[-1].shift if before else 0)
        if line.number not in continued:
            if after and after.index == line.text:
                wanted = after.levels[-1].new
            elif text.startswith("#", line.text):
                wanted = _comment_column(column, before, after)
        yield _Edit(line.start, line.text, " " * max(0, wanted))


def _comment_column(column: int, before: _Footing | None, after: _Footing | None) -> int:
    """A comment stays in line with what it stood in line with: what follows, or else a level that is open above."""
    if after and after.levels[-1].old == column:
        return after.levels[-1].new
    open_above = before.levels if before else ()
    in_line = next((level for level in reversed(open_above) if level.old == column), None)
    if in_line:
        return in_line.new
    return column + (before.levels[-1].shift if before else 0)


def _gaps(text: str, tokens: Iterable[Token]) -> Iterator[_Edit]:
    """Blanks between two things in one line: behind a dash, and inside brackets."""
    brackets = 0
    for left, right in pairwise(token for token in tokens if token.end_mark.index > token.start_mark.index):
        brackets += (type(left) in _OPENING) - (type(left) in _CLOSING)
        start, end = left.end_mark.index, right.start_mark.index
        wanted = _gap_in_brackets(left, right) if brackets else " " if type(left) is yaml.BlockEntryToken else None
        if wanted is not None and not text[start:end].strip(" \t"):
            yield _Edit(start, end, wanted)


def _gap_in_brackets(left: Token, right: Token) -> str | None:
    """None where blanks stay as they are: around what is empty, and behind tags, anchors and question marks."""
    match left, right:
        case ((yaml.FlowSequenceStartToken() | yaml.FlowMappingStartToken()), _):
            return ""
        case yaml.ValueToken(), (yaml.FlowEntryToken() | yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken()):
            return None
        case ((yaml.FlowEntryToken() | yaml.ValueToken()), (yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken())):
            return ""
        case ((yaml.FlowEntryToken() | yaml.ValueToken()), _):
            return " "
        case (
            (yaml.ScalarToken() | yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken()),
            (yaml.FlowEntryToken() | yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken() | yaml.ValueToken()),
        ):
            return ""
        case _:
            return None


def _line_ends(text: str, lines: Iterable[_Line], continued: Mapping[int, bool]) -> Iterator[_Edit]:
    for line in lines:
        if not continued.get(line.number, False) and line.number + 1 not in continued:
            yield _Edit(line.start + len(text[line.start : line.end].rstrip(" \t")), line.end, "")


# --- The outcome ----------------------------------------------------------------------------------------------------


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits):
        pieces += [text[at : edit.start], edit.blanks]
        at = edit.end
    return "".join([*pieces, text[at:]])


def _with_single_empty_lines(text: str, continued: Mapping[int, bool]) -> str:
    """At most one empty line between others, none at either end, and a line feed behind the last."""
    kept: list[str] = [""]
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines):
        if line or kept[-1] or number in continued:
            kept.append(line)
    # The line feed behind a block is content: where it is missing, it stays away.
    ends_in_block = continued.get(len(lines) - 1, False)
    if not ends_in_block:
        return "\n".join(kept[1:]).rstrip("\n") + "\n"
    return "\n".join(kept[1:]) + ("\n" if text.endswith("\n") else "")
