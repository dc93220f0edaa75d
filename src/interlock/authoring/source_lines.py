"""The lines of a text, and in which line and column a character stands. Of YAML only its line breaks are known here."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Final, overload

from msgspec import Struct

# YAML 1.2 breaks lines at these and nothing else; `str.splitlines` would break at eight more.
LINE_BREAK: Final = re.compile(r"\r\n?|\n")


class Position(Struct, frozen=True, order=True):
    """A place in a text; line and column count characters from 1."""

    line: int
    column: int


class Range(Struct, frozen=True):
    """A part of a text: from its first character to the place behind its last one."""

    start: Position
    end: Position


class SourceLines(Sequence[str]):
    """The lines of a text without their breaks, found when first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _starts(self) -> array[int]:
        return array("L", [0, *(found.end() for found in LINE_BREAK.finditer(self.text))])

    def position(self, index: int) -> Position:
        """Where the character at `index` of the text stands; beyond the end, where the text ends."""
        index = min(index, len(self.text))
        line = bisect_right(self._starts, index)
        return Position(line, index - self._starts[line - 1] + 1)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, line: int) -> str: ...
    @overload
    def __getitem__(self, line: slice) -> list[str]: ...
    def __getitem__(self, line: int | slice) -> str | list[str]:
        if isinstance(line, slice):
            return [self[number] for number in range(*line.indices(len(self)))]
        number = range(len(self))[line]
        end = self._starts[number + 1] if number + 1 < len(self) else len(self.text)
        return self.text[self._starts[number] : end].rstrip("\r\n")
