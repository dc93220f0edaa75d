"""Compares what a page shows with what a command really prints.

An ellipsis stands for anything, alone on a line for any lines. The ids of runs and effects are new each time: one that
is shown stands, from there on, for the one that really was printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ID = re.compile(r"\b(?=[a-z]*[0-9])(?=[0-9]*[a-z])(?:[0-9a-f]{32}|[0-9a-z]{12})\b")
"""What runs and effects are called; on our pages always with letters and digits, so that no word is taken for one."""

_SPECIAL = re.compile(rf"(…|{ID.pattern})")


def matches(printed: str, shown: str) -> bool:
    """Whether a command printed what the page shows. Spaces at the ends of lines do not count."""
    return ids_in(printed, shown, {}) is not None


def ids_in(printed: str, shown: str, known: Mapping[str, str]) -> dict[str, str] | None:
    """What the ids on the page really are, those known before included; None if the page shows something else."""
    seen: set[str] = set()
    pattern = "".join(_pattern_of_line(line.rstrip(), known, seen) for line in shown.splitlines())
    text = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    found = re.fullmatch(pattern, text)
    return None if found is None else {**known, **{name[1:]: really for name, really in found.groupdict().items()}}


def with_real_ids(command: str, known: Mapping[str, str]) -> str:
    """The command as it is typed here."""
    return ID.sub(lambda shown: known.get(shown[0], shown[0]), command)


def _pattern_of_line(line: str, known: Mapping[str, str], seen: set[str]) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return "".join(_pattern_of(part, known, seen) for part in _SPECIAL.split(line)) + r"\n"


def _pattern_of(part: str, known: Mapping[str, str], seen: set[str]) -> str:
    if part == "…":
        return ".*?"
    if not ID.fullmatch(part):
        return re.escape(part)
    if part in known:
        return re.escape(known[part])
    if part in seen:
        return f"(?P=_{part})"
    seen.add(part)
    return f"(?P<_{part}>[0-9a-z]+)"
