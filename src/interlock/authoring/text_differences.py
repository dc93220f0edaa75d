"""In which lines two texts differ, as hunks with some lines around them.

What is alike at the beginning and the end is never compared line by line, and of what is left only so much: texts that
have little in common are told as one hunk that replaces the other, instead of taking minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct

from interlock.authoring.source_lines import SourceLines

AROUND: Final = 3
COMPARED_MAX: Final = 4_000_000
"""How many pairs of lines are compared at most."""


class Hunk(Struct, frozen=True, kw_only=True):
    """Lines that follow one another, each with what became of it: ` ` kept, `-` gone, `+` new."""

    before: int
    """The number of its first line in the earlier text, and in the later one."""
    after: int
    lines: tuple[str, ...]


def hunks_between(before: str, after: str) -> Iterator[Hunk]:
    """Every part in which the texts differ, in their order."""
    old, new = _lines_of(before), _lines_of(after)
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    from_start = max(0, start - AROUND)
    from_end = max(0, end - AROUND)
    old_part, new_part = old[from_start : len(old) - from_end], new[from_start : len(new) - from_end]
    if len(old_part) * len(new_part) > COMPARED_MAX:
        lines = (*_marked("-", old_part), *_marked("+", new_part))
        yield Hunk(before=from_start + 1, after=from_start + 1, lines=lines)
        return
    for group in SequenceMatcher(None, old_part, new_part, autojunk=False).get_grouped_opcodes(AROUND):
        if any(kind != "equal" for kind, *_ in group):
            _, at_old, _, at_new, _ = group[0]
            lines = tuple(line for each in group for line in _lines(each, old_part, new_part))
            yield Hunk(before=from_start + at_old + 1, after=from_start + at_new + 1, lines=lines)


def _lines_of(text: str) -> list[str]:
    """Its lines; a break at the end begins none."""
    lines = SourceLines(text)[:]
    return lines if lines[-1] else lines[:-1]


def _lines(code: tuple[str, int, int, int, int], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    kind, old_start, old_end, new_start, new_end = code
    if kind == "equal":
        yield from _marked(" ", old[old_start:old_end])
        return
    yield from _marked("-", old[old_start:old_end])
    yield from _marked("+", new[new_start:new_end])


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    return (mark + line for line in lines)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same at the beginning."""
    count = 0
    for mine, theirs in zip(old, new, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
