"""Problems of a document: what is wrong, where in the document, and what to do; gathered, never raised one at a time.

The place is a path of keys and list positions; who read the document knows which line and column that is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

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


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
