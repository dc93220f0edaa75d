"""The text of an API key: `ilk_<id>_<secret>`, with check digits at its end.

The id finds the key's record and is no secret; the secret is chance alone. The check digits tell a key that was
mistyped or cut off from one that is wrong, without a look into the store: they are no protection. Nothing here knows
which keys there are.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from msgspec import Struct

RandomBytes: TypeAlias = Callable[[int], bytes]
"""So many bytes of chance, fit for secrets."""

PREFIX: Final = "ilk"
"""What every key begins with, so that a search for leaked secrets can find them."""
ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
"""256 bits: nobody guesses them, so one round of a plain hash is enough to keep them by."""

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS: Final = 43
_CHECK_DIGITS: Final = 6
_ID: Final = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}")
_TEXT: Final = re.compile(rf"{PREFIX}_({_ID.pattern})_[0-9A-Za-z]{{{_SECRET_DIGITS + _CHECK_DIGITS}}}")


class KeyParts(Struct, frozen=True):
    """What is read of a key's text: under which id it would be on record, and what its text is recognised by."""

    id: str
    digest: bytes


def new_key_text(random_bytes: RandomBytes) -> str:
    """The text of a new key."""
    secret = _in_digits(int.from_bytes(random_bytes(SECRET_BYTES)), _SECRET_DIGITS)
    unchecked = f"{PREFIX}_{random_bytes(ID_BYTES).hex()}_{secret}"
    return unchecked + _check_digits(unchecked)


def parse_key(text: str) -> KeyParts | Literal["malformed", "mistyped"]:
    """The parts of a key's text, or what is wrong with it. A text of any length is answered at once."""
    read = _TEXT.fullmatch(text)
    if read is None:
        return "malformed"
    if _check_digits(text[:-_CHECK_DIGITS]) != text[-_CHECK_DIGITS:]:
        return "mistyped"
    return KeyParts(read[1], sha256(text.encode()).digest())


def _check_digits(unchecked: str) -> str:
    return _in_digits(zlib.crc32(unchecked.encode()), _CHECK_DIGITS)


def _in_digits(number: int, places: int) -> str:
    digits: list[str] = []
    for _ in range(places):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
