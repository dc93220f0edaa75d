"""Instants of schedules in time zones, also on the days on which clocks are changed: as the cron of Debian has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.cron import parse_cron
from interlock.engine.triggers.cron_instants import instants_after

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def micros(text: str) -> int:
    """An instant, from text in UTC."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def told(cron: str, zone: str, after: str, count: int) -> list[str]:
    """The next instants, in UTC."""
    found = islice(instants_after(parse_cron(cron), ZoneInfo(zone), micros(after)), count)
    return [f"{EPOCH + timedelta(microseconds=at):%m-%d %H:%M}" for at in found]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "instants"),
    [
        ("0 3 * * *", BERLIN, "2027-01-30T02:00", ["01-31 02:00", "02-01 02:00"]),
        ("0 3 * * *", "UTC", "2027-01-30T02:00", ["01-30 03:00", "01-31 03:00"]),
        ("0 3 * * *", "Asia/Kathmandu", "2027-01-30T02:00", ["01-30 21:15", "01-31 21:15"]),
        ("30 2 * * *", BERLIN, "2027-03-27T12:00", ["03-28 01:00", "03-29 00:30"]),
        ("0,30 2 * * *", BERLIN, "2027-03-27T12:00", ["03-28 01:00", "03-29 00:00", "03-29 00:30"]),
        ("30 2 * * *", BERLIN, "2027-10-30T12:00", ["10-31 00:30", "11-01 01:30"]),
        ("30 * * * *", BERLIN, "2027-10-31T00:00", ["10-31 00:30", "10-31 01:30", "10-31 02:30"]),
        ("*/30 2 * * *", BERLIN, "2027-03-27T12:00", ["03-29 00:00", "03-29 00:30"]),
        ("*/30 2 * * *", BERLIN, "2027-10-30T12:00", ["10-31 00:00", "10-31 00:30", "10-31 01:00", "10-31 01:30"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2027-10-02T00:00", ["10-02 15:30", "10-03 15:15"]),
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00", ["12-30 10:00", "12-29 22:00"]),
    ],
    ids=[
        "winter", "in UTC", "a quarter of an hour", "skipped", "two in the skipped hour", "repeated", "every hour",
        "often, skipped", "often, repeated", "half an hour", "a day that was skipped",
    ],
)  # fmt: skip
def test_a_schedule_falls_due_when_the_clocks_on_the_wall_say_so(
    cron: str, zone: str, after: str, instants: list[str]
) -> None:
    """What was promised for three at night happens once each night, and neither clocks nor countries change that."""
    assert told(cron, zone, after, len(instants)) == instants


@given(
    st.sampled_from(["*/7 * * * *", "0 0 * * *", "30 1,2,3 * * SUN", "59 23 L * *", "5 */3 * 3,10 *"]),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Havana", "Antarctica/Troll", "UTC"]),
    st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - the strategy wants them without a zone
)
def test_instants_rise_and_beginning_anew_from_any_of_them_gives_the_rest(
    cron: str, zone: str, after: datetime
) -> None:
    """A schedule is asked from where it was last seen: what it says must not depend on when it is asked."""
    expression, place = parse_cron(cron), ZoneInfo(zone)
    start = (after.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

    found = list(islice(instants_after(expression, place, start), 12))

    assert start < found[0]
    assert all(one < other for one, other in pairwise(found))
    assert list(islice(instants_after(expression, place, found[4]), 7)) == found[5:]
