"""What a scalar of a document means: the YAML 1.2 core schema, less the numbers that a value cannot hold.

So `on`, `yes`, `no`, `1_000` and dates are text, `010` is ten, `0o10` is eight. Infinities, `.nan` and integers beyond
64 bits are refused rather than bent. How the scalar was written (quotes, folding, escapes) is not known here.
"""

from __future__ import annotations

import math
import re
from typing import Final, TypeAlias

from interlock.core.canonical import INT_MAX, INT_MIN

Scalar: TypeAlias = str | int | float | bool | None

CORE_TAG: Final = "tag:yaml.org,2002:"

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST_OF_A_NUMBER_OR_WORD: Final = frozenset("+-.0123456789~nNtTfF")
_DECIMAL: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Longer than any 64-bit integer in any base: beyond it, the digits need not be turned into a number to be refused.
_DIGITS_MAX: Final = 24
_SHOWN_MAX: Final = 40


class UnreadableScalarError(ValueError):
    """A scalar has no value here: says what it is and what to write instead."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def plain_value(text: str) -> Scalar:
    """The value of a scalar without quotes and without a tag."""
    if text and text[0] not in _FIRST_OF_A_NUMBER_OR_WORD:
        return text
    if text in _WORDS:
        return _WORDS[text]
    number = _number(text)
    return text if number is None else number


def tagged_value(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag, in quotes or not: `!!str 12` is text, `!!int "12"` a number."""
    kind = tag.removeprefix(CORE_TAG)
    value = text if kind in {"str", "!"} else plain_value(text)
    match kind, value:
        case (("str" | "!"), _) | ("null", None) | ("bool", bool()) | ("float", float()):
            return value
        case "int", int() if not isinstance(value, bool):
            return value
        case "float", int() if not isinstance(value, bool):
            return float(value)
        case (("null" | "bool" | "int" | "float"), _):
            raise UnreadableScalarError(f"`{shortened(text)}` is not what its tag `!!{kind}` says", "leave out the tag")
        case (("map" | "seq"), _):
            raise UnreadableScalarError(f"the tag `!!{kind}` does not fit a single value", "leave out the tag")
        case _:
            raise UnreadableScalarError(*unknown_tag(tag))


def unknown_tag(tag: str) -> tuple[str, str]:
    """Message and advice for a tag outside the core schema."""
    shown = f"!!{tag.removeprefix(CORE_TAG)}" if tag.startswith(CORE_TAG) else tag
    return f"the tag `{shortened(shown)}` is not known here", "leave it out: a document is plain data"


def _number(text: str) -> int | float | None:
    if _DECIMAL.fullmatch(text):
        return _within_64_bits(text, base=10)
    if _OCTAL_OR_HEX.fullmatch(text):
        return _within_64_bits(text[2:], base=8 if text[1] == "o" else 16)
    if _NOT_FINITE.fullmatch(text):
        raise UnreadableScalarError(f"`{text}` is not a number that a value can hold", "write null, or text in quotes")
    if _FLOAT.fullmatch(text):
        return _finite(text)
    return None


def _within_64_bits(digits: str, *, base: int) -> int:
    significant = digits.lstrip("+-").lstrip("0") or "0"
    if len(significant) <= _DIGITS_MAX:
        number = int(significant, base) * (-1 if digits.startswith("-") else 1)
        if INT_MIN <= number <= INT_MAX:
            return number
    raise UnreadableScalarError(f"`{shortened(digits)}` is an integer beyond 64 bits", "write it as text, in quotes")


def _finite(text: str) -> float:
    number = float(text)
    if math.isfinite(number):
        return number
    raise UnreadableScalarError(f"`{shortened(text)}` is too large for a number", "write it as text, in quotes")


def shortened(text: str) -> str:
    """A text as a message can show it."""
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"
