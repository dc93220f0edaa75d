"""The order of a graph's own keys: what it is and takes, what limits it, what it does, what it gives.

Each key moves with the comments right above it. Where it is not sure what a comment belongs to, nothing moves. Nodes
keep their order: it is the author's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

import yaml

from interlock.authoring.source_text import stand_in
from interlock.authoring.yaml_events import Token, scanned

GRAPH_KEYS: Final = (
    "graph", "language", "description", "inputs", "secrets", "triggers", "budget", "timeout", "on_failure",
    "nodes", "finally", "outputs",
)  # fmt: skip


class _Section(NamedTuple):
    """A key with the lines that belong to it."""

    key: str
    lines: list[str]


def in_key_order(text: str) -> str:
    """The text of a graph, laid out, with its keys in the language's order; of other documents, as it is."""
    keys = _top_level_keys(scanned(stand_in(text)))
    lines = text.removesuffix("\n").split("\n")
    if "graph" not in keys.values() or not set(keys.values()) <= set(GRAPH_KEYS) or _is_marked(lines):
        return text
    starts = [_section_start(lines, line) for line in keys]
    starts[0] = _behind_header(lines, next(iter(keys)))
    ends = [*starts[1:], len(lines)]
    sections = [_Section(key, lines[start:end]) for key, start, end in zip(keys.values(), starts, ends, strict=True)]
    in_order = sorted(sections, key=lambda section: GRAPH_KEYS.index(section.key))
    if in_order == sections or any(map(_is_ambiguous, sections)):
        return text
    moved = "\n".join(line for section in in_order for line in section.lines).lstrip("\n")
    return "\n".join([*lines[: starts[0]], moved]) + "\n"


def _top_level_keys(tokens: Iterable[Token]) -> dict[int, str]:
    """The keys of a block map in the first column, by line. None if an alias needs its anchor to stand before it."""
    keys: dict[int, str] = {}
    for token, following in pairwise(tokens):
        if type(token) is yaml.AliasToken:
            return {}
        if type(token) is yaml.KeyToken and token.start_mark.column == 0 and type(following) is yaml.ScalarToken:
            keys[token.start_mark.line] = following.value
    return keys


def _is_marked(lines: Iterable[str]) -> bool:
    return any(line.startswith(("---", "...", "%", "?")) for line in lines)


def _section_start(lines: Sequence[str], key_line: int) -> int:
    """The first of the empty lines and comments above a key."""
    start = key_line
    while start and (not lines[start - 1] or lines[start - 1].startswith("#")):
        start -= 1
    return start


def _behind_header(lines: Sequence[str], key_line: int) -> int:
    """Of the first key, comments above an empty line are the document's and stay on top."""
    return max((number + 1 for number in range(key_line) if not lines[number]), default=0)


def _is_ambiguous(section: _Section) -> bool:
    """Whether a comment in the first column stands apart from the key below it, or behind the last."""
    above = list(takewhile(lambda line: not line or line.startswith("#"), section.lines))
    stands_apart = any(line and not following for line, following in pairwise(above))
    return stands_apart or section.lines[-1].startswith("#")
