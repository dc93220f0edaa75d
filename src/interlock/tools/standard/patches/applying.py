"""Applying a file's patch to its text: every hunk, or none.

A hunk fits where all its old lines stand. If that is not where its header says, it may be anywhere after the hunk
before it, as long as there is one such place only. Nothing is matched loosely.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from interlock.tools.standard.patches.diff import BadPatch, FilePatch, Hunk

LOOKED_FOR_MAX: Final = 100
"""So many hunks of a file may stand elsewhere: each is looked for in all of it."""
_SHOWN_MAX: Final = 80


def patched(patch: FilePatch, before: str | None) -> str | None:
    """The text of the file afterwards; None is no file, before and after. `BadPatch` names a hunk that does not fit."""
    if patch.old_path is None and before is not None:
        raise BadPatch(f"the patch makes `{patch.path}`, which is there already: patch what it holds instead")
    if patch.old_path is not None and before is None:
        raise BadPatch(f"the patch changes `{patch.old_path}`, and there is no such file")
    after = _Application(patch, before or "").result()
    if patch.new_path is not None:
        return after
    if after:
        raise BadPatch(f"the patch takes `{patch.path}` away, but not all that is in it: its hunk must hold every line")
    return None


class _Application:
    """One file being patched, hunk after hunk."""

    def __init__(self, patch: FilePatch, text: str) -> None:
        self._patch = patch
        self._text = text
        self._lines = _lines_of(text)
        self._starts = _starts_of(self._lines)
        self._after_line_end = f"\n{text}"
        """With a line end before it, what is found after one begins a line, and its place is that of the line."""
        self._looked_for = 0
        self._made: list[str] = []
        self._done = 0
        """How much of the old text is behind us."""
        self._shift = 0
        """By how many lines the last hunk stood lower than its header says."""

    def result(self) -> str:
        for hunk in self._patch.hunks:
            start = self._place_of(hunk)
            self._made += [self._text[self._done : start], hunk.new]
            self._done = start + len(hunk.old)
        return "".join(self._made) + self._text[self._done :]

    def _place_of(self, hunk: Hunk) -> int:
        wanted = self._line_wanted(hunk)
        start = self._starts[wanted] if 0 <= wanted < len(self._starts) else None
        if start is not None and start >= self._done and self._fits(hunk, start):
            return start
        if not hunk.old:
            raise self._misfit(hunk, f"it adds lines at line {wanted + 1}, and the file has {len(self._lines)}")
        places = self._other_places(hunk)
        if len(places) == 1:
            self._shift += self._line_at(places[0]) - wanted
            return places[0]
        if places:
            told = " and ".join(str(self._line_at(place) + 1) for place in places)
            raise self._misfit(
                hunk, f"its lines stand at lines {told}, and not where it says: give more lines around it"
            )
        raise self._misfit(hunk, self._difference(hunk, wanted))

    def _line_wanted(self, hunk: Hunk) -> int:
        """Where its header says it stands, counted from 0. A hunk without old lines names the line it comes after."""
        return hunk.old_start + self._shift - (1 if hunk.old else 0)

    def _fits(self, hunk: Hunk, start: int) -> bool:
        """Whether its old lines stand there as whole lines."""
        end = start + len(hunk.old)
        if not self._text.startswith(hunk.old, start):
            return False
        return hunk.old.endswith("\n") or not hunk.old or end == len(self._text)

    def _other_places(self, hunk: Hunk) -> list[int]:
        """The first places at which it would fit: more than two would say no more."""
        self._looked_for += 1
        if self._looked_for > LOOKED_FOR_MAX:
            raise self._misfit(hunk, f"more than {LOOKED_FOR_MAX} hunks are not where they say: make the patch anew")
        if not hunk.old.endswith("\n"):
            end = len(self._text) - len(hunk.old)
            return [end] if end >= self._done and self._after_line_end.endswith(f"\n{hunk.old}") else []
        first = self._after_line_end.find(f"\n{hunk.old}", self._done)
        if first < 0:
            return []
        second = self._after_line_end.find(f"\n{hunk.old}", first + 1)
        return [first] if second < 0 else [first, second]

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _difference(self, hunk: Hunk, wanted: int) -> str:
        """The first line that is not what the hunk says it is."""
        if hunk.new and hunk.new in self._text:
            return "what it makes is there already, so it was probably applied before"
        there = self._lines[max(wanted, 0) : max(wanted, 0) + len(hunk.lines)]
        said = _lines_of(hunk.old)
        pairs = zip_longest(there[: len(said)], said, fillvalue=None)
        differing = ((number, *pair) for number, pair in enumerate(pairs) if pair[0] != pair[1])
        number, found, written = next(differing, (0, None, None))
        if found is None and written is None:
            return "it stands above the hunk before it: put the hunks in the order of the file"
        line = max(wanted, 0) + number + 1
        if found is None:
            return f"it goes on with {_shown(written)} where the file ends, after line {line - 1}"
        return f"line {line} is {_shown(found)}, and the patch has {_shown(written)} there{_hint(found, written)}"

    def _misfit(self, hunk: Hunk, problem: str) -> BadPatch:
        where = f"hunk {hunk.number} of `{self._patch.path}` (line {hunk.at_line} of the patch)"
        return BadPatch(f"{where} does not fit, and nothing was changed: {problem}")


def _lines_of(text: str) -> list[str]:
    """The lines with their ends. Only a line feed ends a line."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _starts_of(lines: Sequence[str]) -> list[int]:
    """Where each line begins, and where the text ends."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _hint(found: str, written: str | None) -> str:
    if written is None:
        return ""
    if found.rstrip("\r\n") == written.rstrip("\r\n"):
        return ", with another line end"
    return ", which differs in white space alone" if found.split() == written.split() else ""


def _shown(line: str | None) -> str:
    if line is None:
        return "nothing more"
    told = line.rstrip("\n")
    return repr(told if len(told) <= _SHOWN_MAX else f"{told[:_SHOWN_MAX]}…")
