"""Problems as people read them: each with its line, a caret under the place, and what to do; and as data for programs.

Plain text without colours or cursor movement, whatever the document holds: control characters and those that reorder
text are shown as a replacement. Who prints it may colour it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.authoring.source_lines import Position
from interlock.authoring.yaml_document import Document
from interlock.core.problems import Problem

PROBLEMS_SHOWN_MAX: Final = 50
EXCERPT_CELLS_MAX: Final = 100

# What problems are about: a document with its text, or the name of a graph that has none (built in Python).
Subject: TypeAlias = Document | str

_GUTTER: Final = 5
_WORD: Final = re.compile(r"\w+")


class _Located(Struct, frozen=True):
    """A problem with its position; a graph without a text has none."""

    problem: Problem
    position: Position | None


def render_problems(problems: Iterable[Problem], subject: Subject) -> str:
    """The problems in the order of their lines (of very many, some: errors before warnings), and how many there are."""
    located = _located(problems, subject)
    if not located:
        return ""
    shown = _most_serious(located)
    blocks = [_block(each, subject) for each in shown]
    further = [f"and {len(located) - len(shown)} more"] if len(located) > len(shown) else []
    return "\n".join([*blocks, *further, _count(located)]) + "\n"


def problems_as_json(problems: Iterable[Problem], subject: Subject) -> list[dict[str, Any]]:
    """The same for programs, all of them; `line` and `column` are null where there is no text."""
    return [
        {
            "file": _name(subject),
            "line": each.position.line if each.position else None,
            "column": each.position.column if each.position else None,
            "severity": each.problem.severity,
            "message": each.problem.message,
            "advice": each.problem.advice,
            "place": list(each.problem.place),
        }
        for each in _located(problems, subject)
    ]


# --- Which, and in what order ---------------------------------------------------------------------------------------


def _located(problems: Iterable[Problem], subject: Subject) -> list[_Located]:
    if isinstance(subject, str):
        return [_Located(problem, None) for problem in problems]
    located = [_Located(problem, subject.position(problem)) for problem in problems]
    return sorted(located, key=lambda each: (each.position, each.problem.severity))


def _most_serious(located: Sequence[_Located]) -> list[_Located]:
    errors_first = sorted(range(len(located)), key=lambda index: (located[index].problem.severity != "error", index))
    return [located[index] for index in sorted(errors_first[:PROBLEMS_SHOWN_MAX])]


def _count(located: Sequence[_Located]) -> str:
    errors = sum(each.problem.severity == "error" for each in located)
    counts = {"error": errors, "warning": len(located) - errors}
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for word, count in counts.items() if count)


def _name(subject: Subject) -> str:
    return subject if isinstance(subject, str) else subject.source


# --- One problem ----------------------------------------------------------------------------------------------------


def _block(located: _Located, subject: Subject) -> str:
    problem, position = located.problem, located.position
    where = f"{position.line}:{position.column}" if position else ".".join(map(str, problem.place))
    heading = ":".join(filter(None, [_visible(_name(subject)), _visible(where)]))
    lines = [f"{heading}: {problem.severity}: {_visible(problem.message)}"]
    if position and isinstance(subject, Document) and subject.lines.text:
        lines += _excerpt(subject.lines[position.line - 1], position)
    if problem.advice:
        lines.append(f"{'':{_GUTTER}} {_visible(problem.advice)}")
    return "\n".join(lines)


def _excerpt(line: str, position: Position) -> list[str]:
    """The line, or the part of it around the column, and a caret under the word that stands there."""
    at = position.column - 1
    after = min(_cells(line[at : at + EXCERPT_CELLS_MAX]), EXCERPT_CELLS_MAX // 2)
    start = _reach(reversed(line[max(0, at - EXCERPT_CELLS_MAX) : at]), EXCERPT_CELLS_MAX - after)
    before = line[at - start : at]
    end = at + _reach(line[at : at + EXCERPT_CELLS_MAX], EXCERPT_CELLS_MAX - _cells(before))
    word = _WORD.match(line, at, end)
    cut_before, cut_after = ("…" if at > start else ""), ("…" if end < len(line) else "")
    caret = " " * (_cells(before) + len(cut_before)) + "^" * max(1, _cells(word[0]) if word else 1)
    text = f"{cut_before}{_visible(line[at - start : end])}{cut_after}"
    return [f"{position.line:>{_GUTTER}} | {text}".rstrip(), f"{'':{_GUTTER}} | {caret}"]


def _reach(characters: Iterable[str], cells: int) -> int:
    """How many characters fit into so many cells of a terminal."""
    count = 0
    for count, character in enumerate(characters, start=1):
        cells -= _width(character)
        if cells < 0:
            return count - 1
    return count


# --- Characters in a terminal ---------------------------------------------------------------------------------------


def _visible(text: str) -> str:
    return "".join(map(_shown, text))


def _cells(text: str) -> int:
    return sum(map(_width, text))


def _shown(character: str) -> str:
    """A character as it may be printed: one that moves the cursor or reorders text would show what is not there."""
    if character == "\t":
        return " "
    return "\ufffd" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(_shown(character)) in "WF" else 1
