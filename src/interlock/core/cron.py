"""Cron expressions: read, judged with what is wrong where, and asked on which days and at which times of day they fall.

Five fields (minute, hour, day of month, month, day of week) as every crontab has them, with names, lists, ranges and
steps; `L` is the last day of a month, `MON#1` its first Monday; `@daily` and its like are short for five fields. Where
both days are given, either will do. Time zones are not known here: a local time becomes an instant elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from msgspec import Struct

NEVER_DAYS: Final = 366 * 29
"""For how many days a day is looked for: the 29th of February may be eight years off, and a Monday of those 28."""


class CronProblem(ValueError):
    """Why a text is no cron expression, where in it, and what to write instead."""

    def __init__(self, message: str, advice: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message, self.advice, self.offset = message, advice, offset


class Cron(Struct, frozen=True):
    """When something falls due: times of day on days."""

    source: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    """Of the month; `LAST` is its last."""
    months: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    """0 is Sunday; with the number of the week in the month, 0 for every week."""
    either_day: bool
    """Whether a day of the month and a day of the week are two ways to be meant."""
    follows_clock: bool
    """Whether it is meant as every so often, so that an hour which comes twice counts twice."""

    def falls_on(self, day: date) -> bool:
        """Whether this is one of its days."""
        if day.month not in self.months:
            return False
        is_last = (day + timedelta(days=1)).month != day.month
        by_month = day.day in self.days or (is_last and LAST in self.days)
        weekday = (day.weekday() + 1) % 7
        by_week = not self.weekdays.isdisjoint({(weekday, 0), (weekday, (day.day - 1) // 7 + 1)})
        return by_month or by_week if self.either_day else by_month and by_week

    def days_from(self, first: date) -> Iterator[date]:
        """Its days from one on, in order."""
        for number in range(NEVER_DAYS):
            day = first + timedelta(days=number)
            if self.falls_on(day):
                yield day


LAST: Final = 32


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS: Final = tuple("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())
_WEEKDAYS: Final = tuple("SUN MON TUE WED THU FRI SAT".split())
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)
_FIELDS: Final = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)
_SHORT: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART: Final = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?")
_NTH: Final = re.compile(r"(?P<day>\w+)#(?P<week>\d+)")
_WEEKS_MAX: Final = 5


def parse_cron(text: str) -> Cron:
    """The cron expression that a text is, or a `CronProblem`."""
    written = text.strip()
    if written.startswith("@"):
        if written not in _SHORT:
            raise CronProblem(f"`{written}` is no cron expression", f"the short ones are {', '.join(_SHORT)}")
        written = _SHORT[written]
    found = list(re.finditer(r"\S+", written))
    if len(found) != len(_FIELDS):
        advice = "write minute, hour, day of month, month and day of week: `0 3 * * *` is 3:00 every day"
        raise CronProblem(f"a cron expression has five fields, and this has {len(found)}", advice)
    shift = text.index(written) if written in text else 0
    fields = [(match[0].upper(), match.start() + shift) for match in found]
    minutes, hours, days, months = (
        _values(field, *place) for field, place in zip(_FIELDS[:4], fields[:4], strict=True)
    )
    cron = Cron(
        source=text.strip(),
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=_weekdays(*fields[4]),
        either_day=not fields[2][0].startswith("*") and not fields[4][0].startswith("*"),
        follows_clock=fields[0][0].startswith("*") or fields[1][0].startswith("*"),
    )
    if next(cron.days_from(date(2000, 1, 1)), None) is None:
        raise CronProblem(f"`{cron.source}` never comes: no month has such a day", "choose another day", fields[2][1])
    return cron


def _weekdays(written: str, offset: int) -> frozenset[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for part, start in _parts(written, offset):
        nth = _NTH.fullmatch(part)
        if nth is None:
            found |= {(day % 7, 0) for day in _range(_WEEKDAY, part, start)}
        elif not 1 <= int(nth["week"]) <= _WEEKS_MAX:
            raise CronProblem(f"`{part}`: a month has at most five of a weekday", "write `MON#1` to `MON#5`", start)
        else:
            found.add((_number(_WEEKDAY, nth["day"], start) % 7, int(nth["week"])))
    return frozenset(found)


def _values(field: _Field, written: str, offset: int) -> set[int]:
    found: set[int] = set()
    for part, start in _parts(written, offset):
        found |= {LAST} if field is _DAY and part == "L" else set(_range(field, part, start))
    return found


def _parts(written: str, offset: int) -> Iterator[tuple[str, int]]:
    for part in written.split(","):
        yield part, offset
        offset += len(part) + 1


def _range(field: _Field, part: str, offset: int) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match["low"] == "*" and match["high"]):
        raise _no_value(field, part, offset)
    step = int(match["step"] or 1)
    if step == 0:
        raise CronProblem(f"`{part}` takes no steps", "write a step of 1 or more", offset)
    if match["low"] == "*":
        return range(field.low, field.high + (field is not _WEEKDAY), step)
    low = _number(field, match["low"], offset)
    if match["high"] is None:
        if match["step"]:
            advice = f"write where it ends: `{match['low']}-{field.high}/{step}`"
            raise CronProblem(f"`{part}` has steps and no range", advice, offset)
        return range(low, low + 1)
    high = _number(field, match["high"], offset)
    if high < low:
        raise CronProblem(f"`{part}` ends before it begins", f"write two ranges, `{low}-{field.high},…`", offset)
    return range(low, high + 1, step)


def _number(field: _Field, word: str, offset: int) -> int:
    if word in field.names:
        return field.names.index(word) + field.low
    if not word.isdecimal() or not field.low <= int(word) <= field.high:
        raise _no_value(field, word, offset)
    return int(word)


def _no_value(field: _Field, word: str, offset: int) -> CronProblem:
    named = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return CronProblem(f"`{word}` is no {field.name}", f"write {field.low} to {field.high}{named}, or `*`", offset)
