"""Cron expressions: on which days they fall, and what is said to those that are none."""

from __future__ import annotations

from datetime import date
from itertools import islice

import pytest

from interlock.core.cron import CronProblem, parse_cron


def days(text: str, first: date, count: int) -> list[str]:
    """The first days of an expression from a day on, as people write them."""
    return [f"{day:%a %Y-%m-%d}" for day in islice(parse_cron(text).days_from(first), count)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0 3 * * *", ["Sat 2027-01-30", "Sun 2027-01-31", "Mon 2027-02-01"]),
        ("0 3 L * *", ["Sun 2027-01-31", "Sun 2027-02-28", "Wed 2027-03-31"]),
        ("0 3 29 2 *", ["Tue 2028-02-29", "Sun 2032-02-29", "Fri 2036-02-29"]),
        ("0 3 * * MON-FRI", ["Mon 2027-02-01", "Tue 2027-02-02", "Wed 2027-02-03"]),
        ("0 3 * * 7", ["Sun 2027-01-31", "Sun 2027-02-07", "Sun 2027-02-14"]),
        ("0 3 * * mon#1", ["Mon 2027-02-01", "Mon 2027-03-01", "Mon 2027-04-05"]),
        ("0 3 13 * FRI", ["Fri 2027-02-05", "Fri 2027-02-12", "Sat 2027-02-13"]),
        ("0 3 */2 * MON", ["Mon 2027-02-01", "Mon 2027-02-15", "Mon 2027-03-01"]),
        ("0 3 1 JAN,jul *", ["Thu 2027-07-01", "Sat 2028-01-01", "Sat 2028-07-01"]),
        ("@monthly", ["Mon 2027-02-01", "Mon 2027-03-01", "Thu 2027-04-01"]),
    ],
)
def test_an_expression_falls_on_the_days_that_every_crontab_means_by_it(text: str, told: list[str]) -> None:
    """People bring their expressions along, and nobody reads up on them again."""
    assert days(text, date(2027, 1, 30), 3) == told


def test_lists_ranges_and_steps_are_times_of_the_day() -> None:
    """Each time once and in order, however it was written."""
    cron = parse_cron("50-59/5,0,30 8-10,9 * * *")

    assert (cron.minutes, cron.hours) == ((0, 30, 50, 55), (8, 9, 10))


@pytest.mark.parametrize(
    ("text", "message", "advice", "offset"),
    [
        ("0 25 * * *", "`25` is no hour", "write 0 to 23, or `*`", 2),
        ("0 3 * Foo *", "`FOO` is no month", "write 1 to 12, or JAN to DEC, or `*`", 6),
        ("0 3 * *", "a cron expression has five fields, and this has 4", "write minute, hour, day of month", 0),
        ("0,61 * * * *", "`61` is no minute", "write 0 to 59, or `*`", 2),
        ("0 20-8 * * *", "`20-8` ends before it begins", "write two ranges, `20-23,…`", 2),
        ("5/10 * * * *", "`5/10` has steps and no range", "write where it ends: `5-59/10`", 0),
        ("*/0 * * * *", "`*/0` takes no steps", "write a step of 1 or more", 0),
        ("0 0 30 2 *", "`0 0 30 2 *` never comes: no month has such a day", "choose another day", 4),
        ("0 0 * * MON#6", "`MON#6`: a month has at most five of a weekday", "write `MON#1` to `MON#5`", 8),
        ("@often", "`@often` is no cron expression", "the short ones are @hourly, @daily", 0),
        ("0 3 ? * *", "`?` is no day of the month", "write 1 to 31, or `*`", 4),
    ],
)
def test_what_is_no_expression_is_told_with_its_place_and_what_to_write(
    text: str, message: str, advice: str, offset: int
) -> None:
    """A schedule that is silently another one is found out in the night."""
    with pytest.raises(CronProblem) as problem:
        parse_cron(text)

    assert (problem.value.message, problem.value.offset) == (message, offset)
    assert problem.value.advice.startswith(advice)
