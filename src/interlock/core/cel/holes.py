"""Finding `${…}` in the texts of a graph, and telling a bare path from an expression.

Looks only far enough to see where an expression ends: braces, strings and comments inside it. Whether it means anything
is for the environment to say.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

from interlock.core.cel.mentions import Chain
from interlock.core.cel.wording import ExpressionProblem


class Literal(NamedTuple):
    """Text that stands for itself (`$${` is already `${`), and where it begins."""

    text: str
    offset: int


class Hole(NamedTuple):
    """What stands between `${` and `}`, and where it begins: just after `${`."""

    source: str
    offset: int


Piece: TypeAlias = Literal | Hole


def split_text(text: str) -> list[Piece]:
    """The text and holes of a string, in order; nothing for the empty string."""
    pieces: list[Piece] = []
    gathered: list[str] = []
    begins = at = 0
    while (opens := text.find("${", at)) >= 0:
        if opens > at and text[opens - 1] == "$":
            gathered.append(text[at : opens - 1] + "${")
            at = opens + 2
            continue
        gathered.append(text[at:opens])
        _add_literal(pieces, gathered, begins)
        ends = _end_of_hole(text, opens)
        pieces.append(Hole(text[opens + 2 : ends], opens + 2))
        gathered = []
        begins = at = ends + 1
    gathered.append(text[at:])
    _add_literal(pieces, gathered, begins)
    return pieces


def bare_path(source: str) -> Chain | None:
    """`a.b.c` and nothing else, as a chain of names; None for any other expression."""
    if not _BARE_PATH.fullmatch(source):
        return None
    chain = tuple(name.strip() for name in source.split("."))
    return None if chain[0] in _NO_ROOTS or not _NO_FIELDS.isdisjoint(chain[1:]) else chain


_NO_FIELDS: Final = frozenset({"in", "true", "false", "null"})
_NO_ROOTS: Final = _NO_FIELDS | frozenset(
    "as break const continue else for function if import let loop namespace package return var void while".split()
)
_BARE_PATH: Final = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*(?:\s*\.\s*[A-Za-z_][A-Za-z0-9_]*)*\s*")
_MARK: Final = re.compile(r"""[{}]|//[^\n]*|([rRbB]{0,2})(\"{3}|'{3}|"|')""")


def _add_literal(pieces: list[Piece], gathered: list[str], begins: int) -> None:
    text = "".join(gathered)
    if text:
        pieces.append(Literal(text, begins))


def _end_of_hole(text: str, opens: int) -> int:
    depth = 0
    at = opens + 2
    while mark := _MARK.search(text, at):
        at = mark.end()
        match mark[0]:
            case "{":
                depth += 1
            case "}" if depth == 0:
                return mark.start()
            case "}":
                depth -= 1
            case _ if mark[2]:
                at = _end_of_string(text, mark.start(2), mark[2], is_raw="r" in mark[1].lower())
            case _:
                pass  # a comment: nothing in it counts
    raise ExpressionProblem("this `${` is not closed", opens, "end it with `}`, or write `$${` for the text `${`")


def _end_of_string(text: str, begins: int, quote: str, *, is_raw: bool) -> int:
    at = begins + len(quote)
    while at < len(text):
        if text[at] == "\\" and not is_raw:
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    raise ExpressionProblem("the text that begins here is not closed", begins, f"end it with {quote}")
