"""Making text of what a file holds, and saying what is wrong with bytes and characters that no document has.

libyaml reads YAML 1.1's line breaks and refuses JSON's surrogate escapes. So the parser is given a *stand-in*: the same
text, character for character, in which whatever it would misread is replaced; what a scalar truly holds is then put
back by `restored`. Everything here is about characters: structure belongs to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from interlock.authoring.limits import Limits
from interlock.core.problems import Problem

_UTF16_OR_32_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROL: Final = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|(?P<half>[\ud800-\udfff])")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
# Allowed in text by YAML 1.2, but line breaks or refused for libyaml.
_MISREAD: Final = re.compile("[\x85\u2028\u2029\ufeff]")
_STAND_IN: Final = "\ufffd"
_STAND_IN_ESCAPE: Final = r"\ufffd"
_CONTROLS_SHOWN_MAX: Final = 20


def decoded(data: bytes | str, limits: Limits) -> tuple[str, Problem | None]:
    """The text of a document, and why it cannot be read at all, if so. A byte order mark of UTF-8 is dropped."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > limits.document_bytes:
        return "", _too_large(len(raw), limits)
    if raw.startswith(_UTF16_OR_32_MARKS):
        return "", Problem(place=(), message="this is UTF-16 or UTF-32, not UTF-8", advice="save the file as UTF-8")
    if (zero := raw.find(b"\0")) >= 0:
        text = raw[:zero].decode("utf-8", "replace")
        message = f"this is not text: the byte at offset {zero} is 0"
        return text, Problem(place=(), message=message, advice="give a YAML or JSON file", offset=len(text))
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), None
    return _from_utf8(raw)


def stand_in(text: str) -> str:
    """The text to parse: equally long, with nothing in it that libyaml would take for something else."""
    text = _CONTROL.sub(_STAND_IN, _MISREAD.sub(_STAND_IN, text))
    return _SURROGATE_ESCAPE.sub(lambda _: _STAND_IN_ESCAPE, text)


def control_characters(text: str) -> Iterator[Problem]:
    """The characters that no document may hold; of very many, the first."""
    for found in islice(_CONTROL.finditer(text), _CONTROLS_SHOWN_MAX):
        code = ord(found[0])
        half = found["half"]
        yield Problem(
            place=(),
            message=f"half of a surrogate pair, U+{code:04X}" if half else f"a control character, U+{code:04X}",
            advice="remove it" if half else f'remove it, or write it as an escape in double quotes: "\\u{code:04x}"',
            offset=found.start(),
        )


def restored(value: str, offsets: Sequence[int], *, text: str, parsed: str) -> str:
    """What a scalar holds, given what it held in the stand-in and where each of its characters stood there.

    Two escapes that are halves of one character (as JSON writes what lies beyond U+FFFF) become that character; a half
    that stands alone remains, and `is_whole` tells.
    """
    characters = [_restored_one(character, at, text, parsed) for character, at in zip(value, offsets, strict=False)]
    return "".join(characters).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def is_whole(value: str) -> bool:
    """Whether text holds no half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _restored_one(character: str, at: int, text: str, parsed: str) -> str:
    if character == parsed[at]:
        return text[at]
    if character == _STAND_IN and text.startswith("\\u", at):
        return chr(int(text[at + 2 : at + 6], 16))
    return character


def _too_large(size: int, limits: Limits) -> Problem:
    return Problem(
        place=(),
        message=f"the document has {size:,} bytes, more than the limit of {limits.document_bytes:,}",
        advice=limits.advice("document_bytes"),
    )


def _from_utf8(raw: bytes) -> tuple[str, Problem | None]:
    try:
        return raw.decode("utf-8").removeprefix("\ufeff"), None
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        message = f"this is not UTF-8: the byte at offset {error.start} is 0x{raw[error.start]:02x}"
        return text, Problem(place=(), message=message, advice="save the file as UTF-8", offset=len(before))
