"""Problems of a document: what is wrong, where in the document, and what to do; gathered, never raised one at a time.

The place is a path of keys and list positions; who read the document knows which line and column that is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

_LENGTHS_APART_MAX: Final = 3
_COMPARED_MAX: Final = 1_000
_TEXT_MAX: Final = 600

Place: TypeAlias = tuple[str | int, ...]


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or (as a warning) that will surprise.

    `at_key`: the key itself is meant, not its value. `offset`: where in the text of the value, in characters.
    """

    place: Place
    message: str
    advice: str = ""
    severity: Literal["error", "warning"] = "error"
    at_key: bool = False
    offset: int | None = None


def shortened(problem: Problem) -> Problem:
    """The problem with what it repeats of the document cut to a length that can be read."""
    return structs.replace(problem, message=_cut(problem.message), advice=_cut(problem.advice))


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX // 2]} … {text[-_TEXT_MAX // 2 :]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant. Of very many words only some are compared: it is a help, not a search."""
    alike = (each for each in known if abs(len(each) - len(word)) <= _LENGTHS_APART_MAX)
    found = difflib.get_close_matches(word, islice(alike, _COMPARED_MAX), n=1, cutoff=0.6)
    return found[0] if found else None
