"""Where each character of a scalar's value stands in the source, through quotes, escapes, folds and indentation.

The mapping is found by reading the scalar again and is only believed if that reading gives the very value that the
parser gave: so an offset is exact or it is not given. Nothing here decides what a scalar means.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from interlock.authoring.source_lines import LINE_BREAK

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+(?:#[^\r\n]*\s+)*)*")
_FOLD: Final = r"(?P<fold>[ \t]*(?:\r\n?|\n)[ \t\r\n]*) | (?P<blank>[ \t]+)"
_DOUBLE_QUOTED_PIECE: Final = re.compile(
    rf"""{_FOLD} | (?P<text>[^ \t\r\n\\]+)
      | (?P<joined>\\(?:\r\n?|\n)[ \t\r\n]*)
      | (?P<code>\\(?:x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}|U[0-9a-fA-F]{{8}}))
      | (?P<escape>\\.)""",
    re.VERBOSE,
)
_SINGLE_QUOTED_PIECE: Final = re.compile(rf"{_FOLD} | (?P<text>[^ \t\r\n']+) | (?P<quote>''?)", re.VERBOSE)
_PLAIN_PIECE: Final = re.compile(rf"{_FOLD} | (?P<text>[^ \t\r\n]+)", re.VERBOSE)
_ESCAPED: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_BLOCK_HEADER: Final = re.compile(r"[|>]([+\-1-9]{0,2})[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|$)")


class _Line(NamedTuple):
    """A line of a block scalar, as indexes: from `start` to `end`, where its break is, if it has one."""

    start: int
    end: int
    has_break: bool


class _Trail:
    """A value as it is read again, each character with the index it came from."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.indexes = array("L")

    def put(self, character: str, index: int) -> None:
        self.characters.append(character)
        self.indexes.append(index)

    def put_all(self, character: str, indexes: Iterable[int]) -> None:
        for index in indexes:
            self.put(character, index)

    def copy(self, text: str, start: int, end: int) -> None:
        self.characters.extend(text[start:end])
        self.indexes.extend(range(start, end))


def scalar_start(text: str, start: int, end: int) -> int:
    """Where a scalar itself begins, behind its anchor and tag."""
    found = _PROPERTIES.match(text, start, end) if text[start : start + 1] in {"&", "!"} else None
    return found.end() if found else start


def value_offsets(text: str, start: int, end: int, value: str) -> Sequence[int] | None:
    """The index in `text` of each character of a scalar's value, then of its end; None if it cannot be told exactly."""
    start = scalar_start(text, start, end)
    if start + len(value) == end and text.startswith(value, start):
        return range(start, end + 1)
    trail = _read_again(text, start, end, value)
    if "".join(trail.characters) != value:
        return None
    trail.indexes.append(end - 1 if text[start] in "\"'" else end)
    return trail.indexes


def _read_again(text: str, start: int, end: int, value: str) -> _Trail:
    match text[start : start + 1]:
        case '"':
            return _flow_trail(text, _DOUBLE_QUOTED_PIECE.finditer(text, start + 1, end - 1))
        case "'":
            return _flow_trail(text, _SINGLE_QUOTED_PIECE.finditer(text, start + 1, end - 1))
        case "|" | ">" as style if header := _BLOCK_HEADER.match(text, start, end):
            lines = list(_lines(text, header.end(), end))
            indent = _block_indent(text, lines, value)
            return _block_trail(text, lines, indent, folds=style == ">", chomping=header[1])
        case _:
            return _flow_trail(text, _PLAIN_PIECE.finditer(text, start, end))


# --- Plain and quoted scalars ---------------------------------------------------------------------------------------


def _flow_trail(text: str, pieces: Iterable[re.Match[str]]) -> _Trail:
    trail = _Trail()
    for found in pieces:
        match found.lastgroup:
            case "fold":
                _put_fold(trail, found)
            case "quote":
                trail.put("'", found.start())
            case "escape":
                character = found[0].removeprefix("\\")
                trail.put(_ESCAPED.get(character, character), found.start())
            case "code":
                trail.put(chr(int(found[0].lstrip("\\xuU"), 16)), found.start())
            case "joined":
                trail.put_all("\n", _breaks(found)[1:])  # an escaped break is nothing
            case _:
                trail.copy(text, found.start(), found.end())
    return trail


def _put_fold(trail: _Trail, found: re.Match[str]) -> None:
    """One line break is a space; with empty lines behind it, it is nothing and each of them is a line break."""
    breaks = _breaks(found)
    trail.put_all(" ", breaks if len(breaks) == 1 else [])
    trail.put_all("\n", breaks[1:])


def _breaks(found: re.Match[str]) -> list[int]:
    return [found.start() + each.start() for each in LINE_BREAK.finditer(found[0])]


# --- Block scalars --------------------------------------------------------------------------------------------------


def _lines(text: str, start: int, end: int) -> Iterator[_Line]:
    for found in LINE_BREAK.finditer(text, start, end):
        yield _Line(start, found.start(), has_break=True)
        start = found.end()
    if start < end:
        yield _Line(start, end, has_break=False)


def _block_indent(text: str, lines: Sequence[_Line], value: str) -> int:
    """The indentation that is not content, told by how far the first line with text is indented in source and value.

    Counting an indentation indicator would not do: it counts from the parent, which the scalar alone does not tell.
    """
    in_source = next((indent for line in lines if (indent := _indent(text, line)) < line.end - line.start), None)
    if in_source is None:
        return max((line.end - line.start for line in lines), default=0)
    first = value.lstrip("\n")
    return in_source - (len(first) - len(first.lstrip(" ")))


def _indent(text: str, line: _Line) -> int:
    return line.end - line.start - len(text[line.start : line.end].lstrip(" "))


def _block_trail(text: str, lines: Iterable[_Line], indent: int, *, folds: bool, chomping: str) -> _Trail:
    trail = _Trail()
    last_break: int | None = None  # of the last line with text
    last_is_indented = False
    empty: list[int] = []  # the breaks of the empty lines since
    for line in lines:
        start = line.start + min(indent, _indent(text, line))
        if start == line.end:
            empty.extend([line.end] if line.has_break else [])
            continue
        is_indented = text[start] in " \t"
        if folds and last_break is not None and not last_is_indented and not is_indented:
            trail.put_all(" ", [] if empty else [last_break])
        elif last_break is not None:
            trail.put("\n", last_break)
        trail.put_all("\n", empty)
        trail.copy(text, start, line.end)
        last_break, last_is_indented, empty = (line.end if line.has_break else None), is_indented, []
    if last_break is not None and "-" not in chomping:
        trail.put("\n", last_break)
    if "+" in chomping:
        trail.put_all("\n", empty)
    return trail
