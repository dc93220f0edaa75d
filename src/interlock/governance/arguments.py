"""What a tool is given, against what a rule says of an argument by name: one of some values, or within bounds.

Values of another type than those that were written are not compared, and what is kept elsewhere is not loaded: of
both nothing can be told. Money and counts are whole numbers; of other numbers only bounds are asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from interlock.core.values import is_map
from interlock.core.verdicts import Movement
from interlock.governance.conditions import Condition, Holds
from interlock.governance.patterns import Patterns, any_matches, pattern

FIELD: Final = "arguments"


class Wanted(Struct, frozen=True):
    """What an argument is to be. Bounds are included."""

    texts: Patterns
    flags: tuple[bool, ...]
    numbers: tuple[int, ...]
    at_least: int | None = None
    at_most: int | None = None


def wanted_values(values: Iterable[str | int | bool]) -> Wanted:
    """One of these values: text may hold stars."""
    listed = list(values)
    return Wanted(
        texts=tuple(pattern(each) for each in listed if isinstance(each, str)),
        flags=tuple(each for each in listed if isinstance(each, bool)),
        numbers=tuple(each for each in listed if type(each) is int),
    )


def argument_is(name: str, wanted: Wanted) -> Condition:
    """A named argument is what was written."""

    def found(movement: Movement) -> object:
        given = movement.arguments
        return given.get(name) if is_map(given) else None

    return Condition(f"{FIELD}.{name}", FIELD, lambda movement: _is(found(movement), wanted), found)


def _is(value: object, wanted: Wanted) -> Holds:
    match value:
        case str():
            return any_matches(wanted.texts, value) if wanted.texts else None
        case bool():
            return value in wanted.flags if wanted.flags else None
        case int():
            return _number_is(value, wanted)
        case float() if math.isfinite(value):
            return _number_is(value, wanted)
        case _:
            return None


def _number_is(number: float, wanted: Wanted) -> Holds:
    if wanted.at_least is None and wanted.at_most is None:
        return number in wanted.numbers if wanted.numbers else None
    is_above = wanted.at_least is None or number >= wanted.at_least
    return is_above and (wanted.at_most is None or number <= wanted.at_most)
