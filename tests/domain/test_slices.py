"""Spans cut into weeks, months, quarters and years, in both calendars and any fiscal year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.slices import MOST, UNITS, Cutting, around, compared, cut, label
from crmcli.errors import UsageError

PLAIN, JALALI, APRIL = Cutting(), Cutting("jalali", 5), Cutting(fiscal_month=4)
HOWS = st.builds(Cutting, st.sampled_from(["gregorian", "jalali"]), st.integers(0, 6), st.integers(1, 12))
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "unit", "how", "expected"),
    [
        (date(2026, 11, 24), "day", PLAIN, "2026-11-24 2026-11-24..2026-11-25"),
        (date(2026, 11, 24), "week", PLAIN, "2026-11-23 2026-11-23..2026-11-30"),
        (date(2026, 11, 24), "week", JALALI, "1405-08-30 2026-11-21..2026-11-28"),
        (date(2026, 11, 24), "month", JALALI, "1405-09 2026-11-22..2026-12-22"),
        (date(2026, 11, 24), "quarter", PLAIN, "2026-q4 2026-10-01..2027-01-01"),
        (date(2026, 11, 24), "quarter", APRIL, "2026/27-q3 2026-10-01..2027-01-01"),
        (date(2026, 3, 31), "quarter", APRIL, "2025/26-q4 2026-01-01..2026-04-01"),
        (date(2026, 3, 31), "year", APRIL, "2025/26 2025-04-01..2026-04-01"),
        (date(2026, 3, 20), "year", JALALI, "1404 2025-03-21..2026-03-21"),
        (date(2099, 7, 1), "year", Cutting(fiscal_month=7), "2099/00 2099-07-01..2100-07-01"),
    ],
)
def test_the_unit_around_a_day(day: date, unit: str, how: Cutting, expected: str) -> None:
    first, after = around(day, unit, how)
    assert f"{label(first, unit, how)} {first}..{after}" == expected


def test_a_span_that_is_no_whole_one_has_parts_at_its_ends() -> None:
    found = cut(date(2026, 1, 15), date(2026, 3, 10), "month", PLAIN)
    assert [(one.label, str(one.first), str(one.after)) for one in found] == [
        ("2026-01", "2026-01-15", "2026-02-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2026-03", "2026-03-01", "2026-03-10"),
    ]


@pytest.mark.parametrize(
    ("span", "with_", "how", "expected"),
    [
        ("2026-11-01 2026-12-01", "previous", PLAIN, "2026-10-01 2026-11-01"),
        ("2026-10-01 2027-01-01", "previous", PLAIN, "2026-07-01 2026-10-01"),
        ("2026-03-01 2026-04-01", "previous", PLAIN, "2026-02-01 2026-03-01"),
        ("2026-11-16 2026-11-23", "previous", PLAIN, "2026-11-09 2026-11-16"),
        ("2026-11-01 2026-11-25", "previous", PLAIN, "2026-10-08 2026-11-01"),
        ("2026-11-22 2026-12-22", "previous", JALALI, "2026-10-23 2026-11-22"),
        ("2024-02-01 2024-03-01", "last-year", PLAIN, "2023-02-01 2023-03-01"),
        ("2025-02-01 2025-03-01", "last-year", PLAIN, "2024-02-01 2024-03-01"),
        ("2024-02-20 2024-03-01", "last-year", PLAIN, "2023-02-20 2023-03-01"),
        ("2024-02-20 2024-02-29", "last-year", PLAIN, "2023-02-20 2023-03-01"),
        ("2026-11-16 2026-11-23", "last-year", PLAIN, "2025-11-16 2025-11-23"),
    ],
)
def test_what_a_span_is_compared_with(span: str, with_: str, how: Cutting, expected: str) -> None:
    first, after = map(date.fromisoformat, span.split())
    assert " ".join(map(str, compared(first, after, with_, how))) == expected


def test_too_many_slices_are_refused() -> None:
    with pytest.raises(UsageError, match="more than 1,000 days"):
        cut(date(2020, 1, 1), date(2026, 1, 1), "day", PLAIN)
    assert len(cut(date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=MOST), "day", PLAIN)) == MOST


@given(DAYS, st.integers(0, 900), st.sampled_from(UNITS), HOWS)
def test_slices_are_the_span_without_a_gap(first: date, days: int, unit: str, how: Cutting) -> None:
    after = first + timedelta(days=days)
    found = cut(first, after, unit, how)
    assert [one.first for one in found] == ([first, *(one.after for one in found)][:-1] if found else [])
    assert (found[-1].after if found else first) == after
    assert len({one.label for one in found}) == len(found)
    for one in found:
        begins, ends = around(one.first, unit, how)
        assert begins <= one.first < one.after <= ends


@given(DAYS, st.sampled_from(UNITS), HOWS, st.integers(-30, 30))
def test_units_follow_each_other(day: date, unit: str, how: Cutting, shift: int) -> None:
    assert around(day, unit, how, shift)[1] == around(day, unit, how, shift + 1)[0]
    first, _ = around(day, unit, how)
    assert compared(*around(day, unit, how), "previous", how)[1] == first


@given(DAYS, st.sampled_from(("month", "quarter", "year")), HOWS)
def test_the_one_before_a_whole_one_is_a_whole_one(day: date, unit: str, how: Cutting) -> None:
    assert compared(*around(day, unit, how), "previous", how) == around(day, unit, how, -1)
    if unit != "year":
        return
    assert compared(*around(day, unit, how), "last-year", how) == around(day, unit, how, -1)
