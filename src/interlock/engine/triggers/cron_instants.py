"""The instants at which a cron expression falls due in a time zone, also where its clocks are put forward or back.

A fixed time of day that the clocks skip falls due when they have been put forward; one that comes twice counts once,
the first time. What is meant as every so often (minutes or hours with `*`) goes by the clock on the wall: it falls out
in an hour that is skipped, and counts twice in one that is repeated. So does the cron of Debian.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, dropwhile
from zoneinfo import ZoneInfo

from interlock.core.cron import Cron
from interlock.core.plan import Micros

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def instants_after(cron: Cron, zone: ZoneInfo, after: Micros) -> Iterator[Micros]:
    """Every instant behind `after` at which it falls due, in order. There may be none, if its days have run out."""
    # Clocks may be put back over midnight, so what is behind an instant may stand on the day before.
    first = _local(after, zone).date() - _DAY
    days = (_instants_on(cron, zone, day) for day in cron.days_from(first))
    return dropwhile(lambda instant: instant <= after, chain.from_iterable(days))


def _local(instant: Micros, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def _instants_on(cron: Cron, zone: ZoneInfo, day: date) -> Iterator[Micros]:
    midnight = datetime.combine(day, time(), tzinfo=zone)
    times = (midnight + timedelta(hours=hour, minutes=minute) for hour in cron.hours for minute in cron.minutes)
    if midnight.utcoffset() == (midnight + _DAY).utcoffset():
        return map(_instant, times)
    found = (instant for local in times for instant in _instants_of(local, follows_clock=cron.follows_clock))
    return iter(sorted(set(found)))


def _instants_of(local: datetime, *, follows_clock: bool) -> list[Micros]:
    """When a local time comes on a day on which the clocks are changed: never, once or twice."""
    first, second = local.replace(fold=0), local.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return [_instant(first)]
    if _is_skipped(first):
        return [] if follows_clock else [_change_between(second, first)]
    return [_instant(first), _instant(second)] if follows_clock else [_instant(first)]


def _is_skipped(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)


def _change_between(before: datetime, after: datetime) -> Micros:
    """The minute in which the clocks are put forward, between two readings of a time that they skip."""
    zone, low, high = after.tzinfo, before.astimezone(UTC), after.astimezone(UTC)
    behind = high.astimezone(zone).utcoffset()
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == behind else (middle, high)
    return _instant(high)


def _instant(moment: datetime) -> Micros:
    return (moment - _EPOCH) // timedelta(microseconds=1)
