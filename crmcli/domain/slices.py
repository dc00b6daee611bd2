"""Spans of days cut into weeks, months, quarters or years for reports, and the span that another is compared with.

A span is [first day, day after the last). Years and quarters begin in the month in which the fiscal year does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.calendars import ONE_DAY, add_months, month_start, period_around, split_day
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from crmcli.domain.calendars import Calendar

UNITS = ("day", "week", "month", "quarter", "year")
#: What a span can be compared with.
PREVIOUS, LAST_YEAR = "previous", "last-year"
COMPARED = (PREVIOUS, LAST_YEAR)
#: More slices than these nobody reads, and each costs a report a question of its own.
MOST = 1000
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


class Slice(NamedTuple):
    """A part of a span: its label, its first day and the day after its last. Where the span begins or ends within a
    unit, its first and last slices are no whole ones."""

    label: str
    first: date
    after: date


class Cutting(NamedTuple):
    """How days are counted: the calendar, the first day of the week (0 Monday to 6 Sunday) and the month of that
    calendar, 1 to 12, in which the fiscal year begins."""

    calendar: Calendar = "gregorian"
    week_start: int = 0
    fiscal_month: int = 1


def around(day: date, unit: str, how: Cutting, shift: int = 0) -> tuple[date, date]:
    """The span of the unit around a day; `shift` counts units onward."""
    if unit not in ("quarter", "year"):
        return period_around(day, unit, how.calendar, how.week_start, shift)
    year, month, _ = split_day(day, how.calendar)
    length = MONTHS_IN[unit]
    since = (month - how.fiscal_month) % 12  # months of the fiscal year that are over
    begins = month - since % length + shift * length
    return month_start(year, begins, how.calendar), month_start(year, begins + length, how.calendar)


def cut(first: date, after: date, unit: str, how: Cutting) -> list[Slice]:
    """The slices of a span, the earliest first. Raises UsageError where there are more than a report can have."""
    found: list[Slice] = []
    while first < after:
        if len(found) == MOST:
            raise UsageError(f"that is more than {MOST:,} {unit}s", "take a shorter span, or longer parts of it")
        begins, ends = around(first, unit, how)
        found.append(Slice(label(begins, unit, how), first, min(ends, after)))
        first = ends
    return found


def label(first: date, unit: str, how: Cutting) -> str:
    """What a unit that begins on a day is called: 2026-11-23 (a day, a week by its first), 2026-11, 2026-q4, 2026; a
    fiscal year that is no calendar year has both in its name, as 2026/27."""
    if unit in ("day", "week"):
        return "-".join(f"{part:02d}" for part in split_day(first, how.calendar))
    year, month, _ = split_day(first, how.calendar)
    if unit == "month":
        return f"{year}-{month:02d}"
    since = (month - how.fiscal_month) % 12
    begins = year if month >= how.fiscal_month else year - 1
    name = str(begins) if how.fiscal_month == 1 else f"{begins}/{(begins + 1) % 100:02d}"
    return name if unit == "year" else f"{name}-q{since // 3 + 1}"


def compared(first: date, after: date, with_: str, how: Cutting) -> tuple[date, date]:
    """The span that one is compared with: `last-year` the same days of the year before; `previous` the one of the same
    length that ends where this begins, in months where it is whole months, else in days."""
    if with_ == LAST_YEAR:
        return add_months(first, -12, how.calendar), _same_end(after, -12, how)
    months = _months(first, after, how)
    if months:
        return add_months(first, -months, how.calendar), first
    return first - (after - first), first


def _same_end(after: date, months: int, how: Cutting) -> date:
    """The day after the last, so many months on: that after the same last day, of a whole month that after its last."""
    if _begins_month(after, how):
        return add_months(after, months, how.calendar)
    return add_months(after - ONE_DAY, months, how.calendar) + ONE_DAY


def _begins_month(day: date, how: Cutting) -> bool:
    return split_day(day, how.calendar)[2] == 1


def _months(first: date, after: date, how: Cutting) -> int:
    """How many whole months a span is; 0 where it is none."""
    if not (_begins_month(first, how) and _begins_month(after, how)):
        return 0
    (year, month, _), (to_year, to_month, _) = split_day(first, how.calendar), split_day(after, how.calendar)
    return (to_year - year) * 12 + to_month - month
