"""Durations as people write them (`500ms`, `10m`, `1h30m`) and as the machine keeps them: whole microseconds.

Knows no clock: an instant is somebody else's business.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Micros: TypeAlias = int
"""Microseconds: of a time span, or since 1970 in UTC."""

_MICROS_OF: Final[dict[str, Micros]] = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
"""The units, largest first."""

_PART: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)(ms|us|d|h|m|s)")
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+")
DURATION_MAX: Final[Micros] = 100 * 366 * _MICROS_OF["d"]
"""A hundred years: what is longer is meant to be left out."""


class DurationProblem(ValueError):
    """Text that is no duration: says why, and what to write instead."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def parse_duration(written: object) -> Micros:
    """The microseconds of a duration as written, or a `DurationProblem`."""
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        raise DurationProblem(f"{written} has no unit", f"write `{written}s` for seconds, or `{written}m` for minutes")
    if not isinstance(written, str) or not _WHOLE.fullmatch(written):
        raise DurationProblem(
            f"{_shown(written)} is not a duration",
            "write a number and a unit (ms, s, m, h, d), such as `90s` or `1h30m`",
        )
    parts: list[tuple[str, str]] = _PART.findall(written)
    _refuse_disorder([unit for _, unit in parts], written)
    micros = sum(round(float(number) * _MICROS_OF[unit]) for number, unit in parts)
    if not 0 < micros <= DURATION_MAX:
        raise DurationProblem(f"`{written}` is out of range", "a duration is longer than nothing and at most 36600d")
    return micros


def duration_text(micros: Micros) -> str:
    """The one canonical way to write a duration: equal durations give equal text."""
    parts: list[str] = []
    rest = micros
    for unit, size in _MICROS_OF.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _refuse_disorder(units: list[str], written: str) -> None:
    places = [list(_MICROS_OF).index(unit) for unit in units]
    if places != sorted(set(places)):
        raise DurationProblem(
            f"`{written}` names its units out of order or twice",
            "write each unit once, the largest first, as in `1h30m`",
        )


def _shown(written: object) -> str:
    match written:
        case str():
            return f"`{written}`"
        case None:
            return "nothing"
        case bool():
            return "true" if written else "false"
        case dict():
            return "a map"
        case _:
            return "a list"
