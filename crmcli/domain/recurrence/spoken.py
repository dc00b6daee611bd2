"""A recurrence in the words in which a person would write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crmcli.domain.dates import show_day
from crmcli.domain.datewords import ENGLISH_DAYS, ENGLISH_MONTHS, JALALI_MONTHS
from crmcli.domain.recurrence.phrases import WEEK, parse
from crmcli.domain.recurrence.rule import FREQUENCIES, WEEKLY, Rule, read, write
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Collection

    from crmcli.domain.calendars import Calendar

_UNITS = dict(zip(FREQUENCIES, ("day", "week", "month", "year"), strict=True))
_MONTHS = {"gregorian": ENGLISH_MONTHS, "jalali": JALALI_MONTHS}
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
#: The last day that every phrase may have is absolute, so that what is said does not depend on today.
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def spoken(
    rule: str,
    *,
    calendar: Calendar = "gregorian",
    week_start: int | None = 0,
    week: Collection[int] = WEEK,
) -> str:
    """Return the phrase that `parse`, with the same settings, reads as this rule; the RRULE itself where none does.
    Where nobody knows with which day weeks begin (`week_start` None), they do as in the rule."""
    parts = read(rule)
    text = write(parts)
    week_start = parts.wkst if week_start is None else week_start
    phrase = _phrase(parts, calendar, frozenset(week))
    try:
        same = parse(phrase, _SOME_TIME, calendar=calendar, week_start=week_start, week=week) == text
    except FieldError:
        same = False
    return phrase if same else text


def _phrase(rule: Rule, calendar: Calendar, week: frozenset[int]) -> str:
    """What the rule may be called; parts that no phrase has are left to the comparison."""
    unit = _UNITS[rule.freq]
    words = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    names = frozenset(day for _, day in rule.weekdays)
    if rule.freq == WEEKLY and names:
        days = "weekday" if names == week else _listed([ENGLISH_DAYS[day] for day in sorted(names)])
        words = f"every {days}" if rule.interval == 1 else f"{words} on {days}"
    elif days := _days(rule, names == week):
        words += f" on {days}"
    if rule.count:
        words += f" {rule.count} time{'s' if rule.count > 1 else ''}"
    return f"{words} until {show_day(rule.until, calendar)}" if rule.until else words


def _days(rule: Rule, working: bool) -> str:
    """The days of a month or year: the 1st and 15th, the last friday, 12 march, the first monday of may."""
    months = [_MONTHS[rule.calendar][month - 1] for month in rule.months]
    if rule.weekdays:
        numbers = (
            [(n, "weekday") for n in rule.positions] if working else [(n, ENGLISH_DAYS[d]) for n, d in rule.weekdays]
        )
        named = _listed([f"{_ORDINALS.get(number, '')} {name}" for number, name in numbers])
        return f"the {named} of {_listed(months)}" if months else f"the {named}"
    days = rule.monthdays
    if rule.positions and days:  # the last that there is of several days in a row stands for the last of them
        days = (*days[: len(rule.positions) - 1], days[-1])
    if months:
        return _listed(
            [f"{day} {month}" if day > 0 else f"the last day of {month}" for month in months for day in days]
        )
    return f"the {_listed([_ordinal(day) for day in days])}" if days else ""


def _ordinal(number: int) -> str:
    if number < 0:
        return "last day"
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(words: list[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
