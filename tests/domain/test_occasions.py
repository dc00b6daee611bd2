"""Days of the year: how they are typed, and when they come again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.calendars import split_day
from crmcli.domain.occasions import Yearly, read
from crmcli.domain.types import Env
from crmcli.errors import FieldError

ENV = Env(datetime(2026, 11, 23, 12, tzinfo=UTC))
JALALI = ENV._replace(calendar="jalali")


@pytest.mark.parametrize(
    ("env", "typed", "found", "shown"),
    [
        (ENV, "06-15", Yearly(date(2000, 6, 15), known=False), "06-15"),
        (ENV, "--06-15", Yearly(date(2000, 6, 15), known=False), "06-15"),
        (ENV, "15 june", Yearly(date(2000, 6, 15), known=False), "06-15"),
        (ENV, "02-29", Yearly(date(2000, 2, 29), known=False), "02-29"),
        (ENV, "2019-06-15", Yearly(date(2019, 6, 15)), "2019-06-15"),
        (ENV, "15 June 2019", Yearly(date(2019, 6, 15)), "2019-06-15"),
        (JALALI, "03-25", Yearly(date(2020, 6, 14), "jalali", known=False), "03-25 jalali"),
        (JALALI, "۲۵ خرداد", Yearly(date(2020, 6, 14), "jalali", known=False), "03-25 jalali"),
        (JALALI, "30 اسفند", Yearly(date(2021, 3, 20), "jalali", known=False), "12-30 jalali"),
        (JALALI, "1398-03-25", Yearly(date(2019, 6, 15), "jalali"), "1398-03-25"),
        (JALALI, "2019-06-15", Yearly(date(2019, 6, 15)), "2019-06-15"),
        (JALALI, "15 june", Yearly(date(2000, 6, 15), known=False), "06-15"),
    ],
)
def test_a_day_is_read_in_the_calendar_that_it_is_written_in(env: Env, typed: str, found: Yearly, shown: str) -> None:
    assert read(typed, env) == found
    assert read(typed, env).shown == shown


@pytest.mark.parametrize(
    ("env", "typed"),
    [
        (ENV, ""), (ENV, "tomorrow"), (ENV, "13-01"), (ENV, "02-30"), (ENV, "next fri"), (ENV, "june"),
        (ENV, "25 خرداد"), (ENV, "1398-03-25"), (JALALI, "12-31"), (JALALI, "1404-12-30"),
    ],
)  # fmt: skip
def test_what_is_no_day_of_the_year_is_refused(env: Env, typed: str) -> None:
    with pytest.raises(FieldError):
        read(typed, env)


def days(day: Yearly, first: str, last: str) -> list[str]:
    return [on.isoformat() for on in day.within(date.fromisoformat(first), date.fromisoformat(last))]


def test_a_day_that_a_year_has_not_is_the_last_of_its_month() -> None:
    leap = read("2020-02-29", ENV)
    assert days(leap, "2021-01-01", "2024-12-31") == ["2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]
    esfand = read("1399-12-30", JALALI)
    # 1403 and 1408 are leap years: their Esfand has 30 days.
    assert days(esfand, "2024-03-01", "2026-12-31") == ["2024-03-19", "2025-03-20", "2026-03-20"]
    assert [split_day(on, "jalali")[1:] for on in esfand.within(date(2024, 1, 1), date(2026, 12, 31))] == [
        (12, 29), (12, 30), (12, 29),
    ]  # fmt: skip


def test_a_range_over_new_year_has_both_years() -> None:
    assert days(read("12-31", ENV), "2026-12-30", "2028-01-02") == ["2026-12-31", "2027-12-31"]
    assert days(read("01-01", ENV), "2026-12-30", "2027-01-01") == ["2027-01-01"]
    assert days(read("01-01", JALALI), "2027-03-20", "2027-03-22") == ["2027-03-21"]


@pytest.mark.parametrize("day", [Yearly(date(1980, 12, 25)), Yearly(date(1980, 12, 25), "jalali")])
def test_the_end_of_all_days_has_none(day: Yearly) -> None:
    assert days(day, "9999-12-01", "9999-12-31") == []
    assert len(days(day, "2990-01-01", "9999-12-31")) == 10


def test_years_are_counted_where_the_year_is_known() -> None:
    wedding = read("2019-06-15", ENV)
    assert [wedding.years(on) for on in wedding.within(date(2018, 1, 1), date(2021, 12, 31))] == [None, 1, 2]
    assert read("06-15", ENV).years(date(2030, 6, 15)) is None
    assert read("1398-03-25", JALALI).years(date(2027, 6, 15)) == 8


@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["gregorian", "jalali"]),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_it_comes_once_in_every_year(day: date, calendar: str, first: date) -> None:
    found = list(Yearly(day, calendar, known=False).within(first, date(first.year + 9, first.month, 1)))
    assert found == sorted(set(found))
    years = [split_day(on, calendar)[0] for on in found]
    assert years == list(range(years[0], years[0] + len(years)))
    own = split_day(day, calendar)[1:]
    assert all(split_day(on, calendar)[1:] == own or own[1] > 28 for on in found)
    assert len(found) in (8, 9, 10)
