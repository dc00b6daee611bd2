"""Days counted from another day: known answers, and what holds of every offset."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from crmcli.domain.offsets import shifted
from crmcli.domain.types import Env, Offset
from crmcli.domain.workdays import PLAIN, Workdays, read_week, weekly
from crmcli.errors import FieldError
from tests.support.books import NOW

#: Far enough from both ends of the calendar for every offset that can be typed in days, weeks and months.
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))
COUNTS = st.integers(-400, 400)
SATURDAY = date(2026, 11, 21)


def at(day: date, offset: str, calendar: str = "gregorian", workdays: Workdays = PLAIN) -> date:
    return shifted(day, offset, calendar=calendar, workdays=workdays)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "offset", "found"),
    [
        ("2026-11-21", "0d", "2026-11-21"),
        ("2026-11-21", "3d", "2026-11-24"),
        ("2026-11-21", "-3d", "2026-11-18"),
        ("2026-11-21", "2w", "2026-12-05"),
        ("2026-11-21", "-1w", "2026-11-14"),
        ("2026-01-31", "1m", "2026-02-28"),
        ("2028-01-31", "1m", "2028-02-29"),
        ("2026-03-31", "-1m", "2026-02-28"),
        ("2026-12-15", "13m", "2028-01-15"),
        ("2028-02-29", "1y", "2029-02-28"),
        ("2028-02-29", "-4y", "2024-02-29"),
        ("2026-11-20", "1wd", "2026-11-23"),  # a Friday
        ("2026-11-21", "0wd", "2026-11-23"),
        ("2026-11-23", "0wd", "2026-11-23"),
        ("2026-11-21", "5wd", "2026-11-27"),
        ("2026-11-21", "-1wd", "2026-11-20"),
        ("2026-11-23", "-5wd", "2026-11-16"),
    ],
)
def test_known_days(day: str, offset: str, found: str) -> None:
    assert at(date.fromisoformat(day), offset).isoformat() == found


@pytest.mark.parametrize(
    ("day", "offset", "found"),
    [
        ((1405, 6, 31), "1m", (1405, 7, 30)),  # Shahrivar has 31 days, Mehr 30
        ((1405, 7, 30), "5m", (1405, 12, 29)),  # Esfand 29 in a common year
        ((1403, 12, 30), "1y", (1404, 12, 29)),  # 1403 is a leap year
        ((1405, 1, 1), "-1m", (1404, 12, 1)),
        ((1405, 8, 30), "2w", (1405, 9, 14)),
    ],
)
def test_months_are_those_of_the_users_calendar(
    day: tuple[int, int, int], offset: str, found: tuple[int, int, int]
) -> None:
    assert at(JalaliDate(*day).to_gregorian(), offset, "jalali") == JalaliDate(*found).to_gregorian()


def test_a_week_that_ends_on_wednesday() -> None:
    iran = weekly(read_week("sat-wed"))
    assert at(date(2026, 11, 25), "1wd", workdays=iran) == date(2026, 11, 28)  # Wednesday, Saturday
    assert at(date(2026, 11, 27), "0wd", workdays=iran) == date(2026, 11, 28)  # Friday


@given(DAYS, COUNTS, st.sampled_from(["d", "w"]))
def test_days_and_weeks_go_there_and_back(day: date, count: int, unit: str) -> None:
    there = at(day, f"{count}{unit}")
    assert there - day == timedelta(days=count * (7 if unit == "w" else 1))
    assert at(there, f"{-count}{unit}") == day


@given(DAYS, st.integers(-60, 60), st.sampled_from(["gregorian", "jalali"]))
def test_months_keep_the_day_or_end_the_month(day: date, count: int, calendar: str) -> None:
    found = at(day, f"{count}m", calendar)
    assert at(day, f"{12 * count}m", calendar) == at(day, f"{count}y", calendar)
    was, now = (
        (d.year, d.month, d.day)
        for d in ((day, found) if calendar == "gregorian" else (JalaliDate(day), JalaliDate(found)))
    )
    assert (now[0] * 12 + now[1]) - (was[0] * 12 + was[1]) == count
    after = found + timedelta(days=1)
    assert now[2] == was[2] or (
        now[2] < was[2] and (after.day if calendar == "gregorian" else JalaliDate(after).day) == 1
    )


@given(DAYS, st.integers(-80, 80))
def test_working_days_are_counted_by_the_working_days(day: date, count: int) -> None:
    assert at(day, f"{count}wd") == PLAIN.shift(day, count)


@given(st.sampled_from(["", "+", "-"]), st.integers(0, 9999), st.sampled_from(["d", "weeks", "m", "year", "wd"]))
def test_what_can_be_typed_can_be_counted_or_is_refused(sign: str, count: int, unit: str) -> None:
    stored = Offset().parse(f"{sign}{count}{unit}", Env(datetime.fromisoformat(NOW)))
    try:
        found = at(SATURDAY, stored)
    except FieldError:
        assert count > 300  # no offset of days, weeks, months or years within three centuries leaves the calendar
    else:
        later = (found > SATURDAY) - (found < SATURDAY)
        expected = 0 if not count else -1 if sign == "-" else 1
        assert later == expected or (not count and unit == "wd")


@pytest.mark.parametrize(("day", "offset"), [("9999-12-31", "1d"), ("1600-01-01", "-1d"), ("9999-06-01", "1y")])
def test_the_ends_of_the_calendar(day: str, offset: str) -> None:
    with pytest.raises(FieldError, match="out of range"):
        at(date.fromisoformat(day), offset)
