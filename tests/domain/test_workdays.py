"""Working days: weeks that people name, and counting over what is not worked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.dates import parse_day, parse_when
from crmcli.domain.periods import parse_range, parse_span
from crmcli.domain.workdays import PLAIN, Workdays, by_week, read_week, weekly
from crmcli.errors import FieldError

DAYS = st.dates(date(2000, 1, 1), date(2030, 12, 31))
COUNTS = st.integers(-80, 80)
WEEKS = st.frozensets(st.integers(0, 6), min_size=1)
#: Days that are not worked besides, some of them months of them.
OFF = st.frozensets(st.dates(date(2015, 1, 1), date(2016, 12, 31)), max_size=200)


def leaving_out(week: frozenset[int], off: frozenset[date]) -> Workdays:
    """The days of a week without some days."""

    def flags(year: int) -> bytes:
        found = bytearray(by_week(week, year))
        for day in off:
            if day.year == year:
                found[day.timetuple().tm_yday - 1] = 0
        return bytes(found)

    return Workdays(flags)


def walked(week: frozenset[int], off: frozenset[date], day: date, count: int) -> date:
    """Day by day, as one counts on a calendar."""
    step = timedelta(days=-1 if count < 0 else 1)
    left = abs(count)
    day -= step if count == 0 else timedelta()
    for _ in range(max(left, 1)):
        day += step
        while day.weekday() not in week or day in off:
            day += step
    return day


@given(WEEKS, OFF, DAYS, COUNTS)
def test_shifting_is_walking(week: frozenset[int], off: frozenset[date], day: date, count: int) -> None:
    shifted = leaving_out(week, off).shift(day, count)
    assert shifted == walked(week, off, day, count)


@given(WEEKS, OFF, DAYS, COUNTS)
def test_there_and_back_from_a_working_day(week: frozenset[int], off: frozenset[date], day: date, count: int) -> None:
    calendar = leaving_out(week, off)
    start = calendar.shift(day, 0)
    assert calendar.is_workday(start)
    assert calendar.shift(calendar.shift(start, count), -count) == start


@given(WEEKS, OFF, DAYS, DAYS, COUNTS)
def test_who_starts_later_does_not_arrive_earlier(
    week: frozenset[int], off: frozenset[date], one: date, other: date, count: int
) -> None:
    calendar = leaving_out(week, off)
    earlier, later = sorted((one, other))
    assert calendar.shift(earlier, count) <= calendar.shift(later, count)
    assert calendar.shift(one, count) < calendar.shift(one, count + 1) or count in (-1, 0)


@given(WEEKS, OFF, DAYS, COUNTS.filter(bool))
def test_between_counts_what_was_shifted(week: frozenset[int], off: frozenset[date], day: date, count: int) -> None:
    calendar = leaving_out(week, off)
    assert calendar.between(day, calendar.shift(day, count)) == count


@given(WEEKS, OFF, DAYS, st.integers(-400, 400))
def test_between_counts_days_one_by_one(week: frozenset[int], off: frozenset[date], start: date, days: int) -> None:
    calendar = leaving_out(week, off)
    sign = -1 if days < 0 else 1
    passed = [start + timedelta(days=sign * number) for number in range(1, abs(days) + 1)]
    found = calendar.between(start, start + timedelta(days=days))
    assert found == sign * sum(day.weekday() in week and day not in off for day in passed)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        ("2026-11-20", 1, "2026-11-23"), ("2026-11-21", 1, "2026-11-23"), ("2026-11-22", -1, "2026-11-20"),
        ("2026-11-21", 0, "2026-11-23"), ("2026-11-20", 0, "2026-11-20"), ("2026-12-31", 1, "2027-01-01"),
        ("2027-01-01", -1, "2026-12-31"), ("2024-02-28", 1, "2024-02-29"), ("2024-02-28", 2, "2024-03-01"),
        ("2023-02-28", 1, "2023-03-01"), ("2022-12-31", 0, "2023-01-02"),
        ("2024-12-31", 262, "2026-01-01"), ("2026-01-01", -262, "2024-12-31"),
    ],
)  # fmt: skip
def test_known_answers_from_monday_to_friday(day: str, count: int, found: str) -> None:
    assert PLAIN.shift(date.fromisoformat(day), count) == date.fromisoformat(found)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}), ("sat-wed", {5, 6, 0, 1, 2}), ("sat-thu", {5, 6, 0, 1, 2, 3}),
        ("Sunday-Thursday", {6, 0, 1, 2, 3}), ("mon-thu, sat", {0, 1, 2, 3, 5}), ("tue", {1}),
        ("mon-sun", set(range(7))), ("mon-mon", {0}), ("شنبه-چهارشنبه", {5, 6, 0, 1, 2}), ("دوشنبه، سه‌شنبه", {0, 1}),
        ("fri,mon,fri", {0, 4}),
    ],
)  # fmt: skip
def test_weeks_as_people_name_them(text: str, week: set[int]) -> None:
    assert read_week(text) == week


@pytest.mark.parametrize("text", ["mon-fry", "", "mon-", "-fri", "mon,,tue", "mon..fri", "5", "mon-wed-fri", "none"])
def test_what_names_no_week_is_refused(text: str) -> None:
    with pytest.raises(FieldError, match="names no working days of a week") as refused:
        read_week(text)
    assert "sat-wed" in refused.value.hint


def test_a_year_without_a_working_day_is_refused_rather_than_gone_through() -> None:
    idle = Workdays(lambda year: bytes(365) if year == 2027 else by_week({0}, year))
    assert idle.shift(date(2026, 12, 1), 1) == date(2026, 12, 7)
    for ask in (
        lambda: idle.shift(date(2026, 12, 1), 9),
        lambda: idle.shift(date(2028, 1, 5), -9),
        lambda: idle.between(date(2026, 12, 1), date(2028, 1, 1)),
        lambda: idle.is_workday(date(2027, 5, 1)),
    ):
        with pytest.raises(FieldError, match="no day of 2027 is a working day"):
            ask()


def test_counting_ends_where_the_calendar_does() -> None:
    assert PLAIN.shift(date(9999, 12, 30), 1) == date(9999, 12, 31)
    for day, count in ((date(9999, 12, 30), 2), (date(9999, 12, 31), 1), (date(1600, 1, 3), -1)):
        with pytest.raises(OverflowError):
            PLAIN.shift(day, count)
    # 400 years are 20,871 weeks, and the day left out is a Saturday.
    assert PLAIN.between(date(1600, 1, 1), date(9999, 12, 31)) == 21 * 20_871 * 5


def test_a_year_is_asked_for_once_and_only_when_it_matters() -> None:
    asked: list[int] = []

    def flags(year: int) -> bytes:
        asked.append(year)
        return by_week({0, 1, 2, 3, 4}, year)

    calendar = Workdays(flags)
    now = datetime(2026, 12, 28, 10, tzinfo=UTC)
    for text in ("tomorrow", "+3d", "fri", "2026-12-01", "eom", "+2h"):
        parse_when(text, now, workdays=calendar)
    assert asked == []
    assert [parse_day(text, now, workdays=calendar) for text in ("+4wd", "+5wd", "-3wd")] == [
        date(2027, 1, 1), date(2027, 1, 4), date(2026, 12, 23),
    ]  # fmt: skip
    assert asked == [2026, 2027]


@pytest.mark.parametrize("calendar", ["gregorian", "jalali"])
def test_every_way_to_write_days_counts_by_the_week_that_is_given(calendar: str) -> None:
    now = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday
    iran = weekly(read_week("sat-wed"))
    assert parse_day("+1wd", now, calendar, workdays=iran) == date(2026, 11, 28)
    assert parse_day("+۳wd", now, calendar, workdays=iran) == date(2026, 11, 30)
    assert parse_range("..+2wd", now, calendar, workdays=iran) == (None, date(2026, 11, 30))
    assert parse_range("-1wd..+1wd", now, calendar, workdays=iran) == (date(2026, 11, 24), date(2026, 11, 29))
    assert parse_range("+1wd", now, calendar, workdays=iran) == (date(2026, 11, 28), date(2026, 11, 29))
    assert parse_span("+1wd 09:00..+1wd 10:00", now, calendar, workdays=iran) == (
        datetime(2026, 11, 28, 9, tzinfo=UTC),
        datetime(2026, 11, 28, 10, 1, tzinfo=UTC),
    )
