"""Secrets struck out of what is told: of text, of values, and of text that comes piece by piece.

Which texts are secret is for whoever makes a redaction to know. One that was changed before it is told (encoded, cut,
reversed) is not recognised.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Final, TypeAlias

from interlock.core.values import Value, is_list, is_map

Tell: TypeAlias = Callable[[str], None]

STRUCK_OUT: Final = "***"
TOLD_FROM_TEXT_MIN: Final = 4
"""Shorter secrets cannot be told from other text: with `7` struck out, no number would be left."""


class Redaction:
    """Strikes some secrets out, however they are spelled."""

    __slots__ = ("_spelled",)

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: a secret that contains another must not leave its other half behind.
        spelled = {spelling for secret in secrets for spelling in _spellings(secret)}
        self._spelled = sorted(spelled, key=lambda text: (-len(text), text))

    @property
    def longest(self) -> int:
        """How long the longest spelling of a secret is."""
        return len(self._spelled[0]) if self._spelled else 0

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._spelled:
            text = text.replace(secret, STRUCK_OUT)
        return text

    def value(self, value: Value) -> Value:
        """The value without secrets, in keys as well."""
        if not self._spelled:
            return value
        if isinstance(value, str):
            return self.text(value)
        if is_list(value):
            return [self.value(item) for item in value]
        if is_map(value):
            struck = {self.text(key): self.value(item) for key, item in value.items()}
            return {key: struck[key] for key in sorted(struck)}
        return value

    @contextmanager
    def in_pieces(self, tell: Tell | None) -> Generator[Tell | None]:
        """While a text comes piece by piece, and somebody is told it: what tells it without secrets."""
        if tell is None or not self._spelled:
            yield tell
            return
        pieces = StruckPieces(self, tell)
        try:
            yield pieces.take
        finally:
            pieces.end()

    def safe_length(self, text: str) -> int:
        """How much of a text may be told before it goes on: no secret begins there and ends later."""
        length = min((_begins_at(text, secret) for secret in self._spelled), default=len(text))
        while (begins := self._begins_across(text, length)) < length:
            length = begins
        return length

    def _begins_across(self, text: str, place: int) -> int:
        """Where the first secret begins that lies on both sides of a place; the place, if there is none."""
        found = (text.find(each, max(0, place - len(each) + 1), place + len(each) - 1) for each in self._spelled)
        return min((begins for begins in found if begins >= 0), default=place)


_IN_A_ROW_MAX: Final = 64
"""So many secrets in a row are struck out one by one; more are struck out as one."""


class StruckPieces:
    """A text that is told piece by piece: a secret is struck out of it also where pieces cut it in two."""

    __slots__ = ("_held", "_redaction", "_tell")

    def __init__(self, redaction: Redaction, tell: Tell) -> None:
        self._redaction = redaction
        self._tell = tell
        self._held = ""
        """What may be the beginning of a secret: it waits for what follows."""

    def take(self, piece: str) -> None:
        """Tell as much as may be told now."""
        text = self._held + piece
        length = self._redaction.safe_length(text)
        self._held = text[length:]
        self._tell_struck(text[:length])
        if len(self._held) > _IN_A_ROW_MAX * self._redaction.longest:
            # Nothing but secrets, each of which overlaps the next: to look through it with each piece would take ever
            # longer.
            self._held = ""
            self._tell(STRUCK_OUT)

    def end(self) -> None:
        """Nothing follows: tell the rest."""
        rest, self._held = self._held, ""
        self._tell_struck(rest)

    def _tell_struck(self, text: str) -> None:
        if text:
            self._tell(self._redaction.text(text))


NOTHING_SECRET: Final = Redaction([])


def _spellings(text: str) -> set[str]:
    """How a secret stands in text: as it is, without the end of its line, and as errors quote it."""
    quoted = {repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return ({text, text.strip()} | quoted) - {""}


def _begins_at(text: str, secret: str) -> int:
    """Where a secret begins that the text breaks off in; the text's length, if it breaks off in none."""
    begins = max(0, len(text) - len(secret) + 1)
    while (begins := text.find(secret[0], begins)) >= 0:
        if secret.startswith(text[begins:]):
            return begins
        begins += 1
    return len(text)
