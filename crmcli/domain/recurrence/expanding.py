"""Which days a recurrence falls on: its periods (days, weeks, months or years of a calendar) one by one.

Days are proleptic Gregorian ordinals here (`date.toordinal`; 1 is a Monday), so that weeks and lengths are sums.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from crmcli.domain.calendars import month_start, split_day
from crmcli.domain.recurrence.rule import DAILY, MONTHLY, WEEKLY, months_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.domain.calendars import Calendar
    from crmcli.domain.recurrence.rule import Rule

#: calendar -> the last day that it counts here: of all days, and of the Jalali years that people can type.
LAST = {"gregorian": date.max.toordinal(), "jalali": date(2221, 3, 20).toordinal()}
#: How many of its periods a year has: so many hundred without a single day, and no more is looked for.
_A_YEAR = {DAILY: 366, WEEKLY: 53, MONTHLY: 12}


def days_from(rule: Rule, anchor: int, since: int) -> Iterator[int]:
    """The days of a series from `since` on, ascending; its intervals count from the period of `anchor`.

    The rule names its days (`series.anchored`). COUNT is not looked at. Ends with UNTIL, with the calendar, and where
    a century goes by without a day.
    """
    last = LAST[rule.calendar]
    if rule.until is not None:
        last = min(last, rule.until.toordinal())
    if since > last:
        return
    period, final = period_of(rule, since), period_of(rule, last)
    period += (period_of(rule, anchor) - period) % rule.interval
    patience = 100 * _A_YEAR.get(rule.freq, 1) + 8 * rule.interval
    fruitless = period + patience
    while period <= min(final, fruitless):
        for day in days_in(rule, period):
            if since <= day <= last:
                yield day
                fruitless = period + patience
        period += rule.interval


def period_of(rule: Rule, day: int) -> int:
    """The number of the period of a rule that a day is in; the next period's is one more."""
    if rule.freq == DAILY:
        return day
    if rule.freq == WEEKLY:
        return (day - 1 - rule.wkst) // 7
    year, month, _ = split(day, rule.calendar)
    return 12 * year + month - 1 if rule.freq == MONTHLY else year


def split(day: int, calendar: Calendar) -> tuple[int, int, int]:
    """Year, month and day of the month; those of the last day of a calendar for the days after it."""
    return split_day(date.fromordinal(min(day, LAST[calendar])), calendar)


def days_in(rule: Rule, period: int) -> list[int]:
    """All days of one period, ascending."""
    if rule.freq == DAILY:
        days: Iterable[int] = _limited(rule, [period])
    elif rule.freq == WEEKLY:
        start = 7 * period + 1 + rule.wkst
        days = _limited(rule, [start + (day - rule.wkst) % 7 for _, day in rule.weekdays])
    elif rule.freq == MONTHLY:
        span = _month(rule.calendar, period)
        days = _in_spans(rule, [span], [span]) if period % 12 + 1 in months_of(rule) else []
    else:
        days = _in_year(rule, period)
    found = sorted(days)
    if not rule.positions:
        return found
    chosen = {n - 1 if n > 0 else len(found) + n for n in rule.positions if abs(n) <= len(found)}
    return [found[n] for n in sorted(chosen)]


def _limited(rule: Rule, days: list[int]) -> list[int]:
    """Those days that are in the months, and on the days of the month and week, that a rule is limited to."""
    if rule.weekdays:
        names = {day for _, day in rule.weekdays}
        days = [day for day in days if (day - 1) % 7 in names]
    if not (rule.months or rule.monthdays):
        return days
    found = []
    for day in days:
        year, month, _ = split(day, rule.calendar)
        span = _month(rule.calendar, 12 * year + month - 1)
        if month in months_of(rule) and (not rule.monthdays or day in _numbered(rule, rule.monthdays, span)):
            found.append(day)
    return found


def _in_spans(rule: Rule, spans: list[tuple[int, int]], counted: list[tuple[int, int]]) -> set[int]:
    """The days of months by number and by name; the second Tuesday is that of each span in `counted`."""
    if not rule.weekdays:
        return {day for span in spans for day in _numbered(rule, rule.monthdays, span)}
    named = {day for span in counted for day in _named(rule, span)}
    if rule.monthdays:
        named &= {day for span in spans for day in _numbered(rule, rule.monthdays, span)}
    return named


def _in_year(rule: Rule, year: int) -> set[int]:
    months = [_month(rule.calendar, 12 * year + month - 1) for month in months_of(rule)]
    whole = _year(rule.calendar, year)
    counted = months if rule.months else [whole]
    if rule.monthdays or rule.weekdays:
        days = _in_spans(rule, months, counted)
    else:
        days = {day for first, length in counted for day in range(first, first + length)}
    if rule.yeardays:
        days &= _numbered(rule, rule.yeardays, whole)
    if rule.weeks:
        days &= {day for near in (year - 1, year, year + 1) for day in _in_weeks(rule, near)}
    return days


def _numbered(rule: Rule, numbers: tuple[int, ...], span: tuple[int, int]) -> set[int]:
    """The days of a month or year by their numbers, from its end where they are negative."""
    first, length = span
    if rule.backward:
        numbers = tuple(min(number, length) for number in numbers)
    return {first + (n - 1 if n > 0 else length + n) for n in numbers if abs(n) <= length}


def _named(rule: Rule, span: tuple[int, int]) -> Iterator[int]:
    """The days of the week in a month or year: all, or the n-th, from its end where n is negative."""
    first, length = span
    after = first + length
    for number, name in rule.weekdays:
        same = range(first + (name - first + 1) % 7, after, 7)
        if not number:
            yield from same
        elif abs(number) <= len(same):
            yield same[number - 1 if number > 0 else number]


def _in_weeks(rule: Rule, year: int) -> Iterator[int]:
    """The days of numbered weeks; the first week is the one with four days in the year (ISO 8601, for every WKST)."""
    first = _first_week(rule, year)
    count = (_first_week(rule, year + 1) - first) // 7
    for number in rule.weeks:
        if abs(number) <= count:
            start = first + 7 * (number - 1 if number > 0 else count + number)
            yield from range(start, start + 7)


def _first_week(rule: Rule, year: int) -> int:
    fourth = _year(rule.calendar, year)[0] + 3
    return fourth - (fourth - 1 - rule.wkst) % 7


def _year(calendar: Calendar, year: int) -> tuple[int, int]:
    first, (last, length) = _month(calendar, 12 * year)[0], _month(calendar, 12 * year + 11)
    return first, last + length - first


@lru_cache(maxsize=2048)
def _month(calendar: Calendar, number: int) -> tuple[int, int]:
    """First day and length of a month, which is numbered 12 a year."""
    first = _first_of_month(calendar, number)
    return first, _first_of_month(calendar, number + 1) - first


def _first_of_month(calendar: Calendar, number: int) -> int:
    """Months that would come after the last begin on the day after the last."""
    try:
        return month_start(number // 12, number % 12 + 1, calendar).toordinal()
    except (ValueError, OverflowError):
        return LAST["gregorian"] + 1
