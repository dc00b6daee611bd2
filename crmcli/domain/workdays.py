"""Days that are worked: counted year by year, by a week and by whatever else is known of a year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from crmcli.domain.calendars import GREGORIAN_YEARS, ONE_DAY
from crmcli.domain.datewords import WEEKDAYS
from crmcli.domain.text import clip, fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

#: The working days of a week where nothing else is said.
USUAL_WEEK = "mon-fri"


def read_week(text: str) -> frozenset[int]:
    """The working days of a week, 0 for Monday to 6 for Sunday: mon-fri, sat-wed, mon-thu,sat. A range may run over the
    end of the week. Raises FieldError."""
    found: set[int] = set()
    for part in text.replace("،", ",").split(","):
        first, dash, last = (fold(name) for name in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise FieldError(
                f"'{clip(text, 60)}' names no working days of a week", hint="write mon-fri, sat-wed or mon-thu,sat"
            )
        start = WEEKDAYS[first]
        found.update((start + number) % 7 for number in range((WEEKDAYS[last or first] - start) % 7 + 1))
    return frozenset(found)


def by_week(week: Collection[int], year: int) -> bytes:
    """One byte for each day of a year: 1 where the day of the week is among those, else 0."""
    first = date(year, 1, 1).weekday()
    return (bytes((first + number) % 7 in week for number in range(7)) * 53)[: days_in(year)]


class Workdays:
    """Which days are worked.

    `flags(year)` has one byte for each day of that year, 1 where it is worked, else 0. A year is asked for once, when
    the first of its days matters; what that raises goes through every method. Each of them also raises FieldError for a
    year in which no day is worked.
    """

    def __init__(self, flags: Callable[[int], bytes]) -> None:
        self._flags = flags
        self._years: dict[int, bytes] = {}

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked."""
        return self._year(day.year)[_place(day)] == 1

    def shift(self, day: date, count: int) -> date:
        """The `count`th working day after `day`, before it where `count` is negative; for 0 the day itself or, where it
        is not worked, the next one that is. Raises OverflowError where there is none from 1600 to 9999."""
        year, flags = day.year, self._year(day.year)
        if count < 0:
            left, end = -count, _place(day)
            while (found := flags.count(1, 0, end)) < left:
                left, year = left - found, year - 1
                flags = self._year(year)
                end = len(flags)
            return _nth(year, flags, 0, found - left + 1)
        left, start = max(count, 1), _place(day) + (count > 0)
        while (found := flags.count(1, start)) < left:
            left, year, start = left - found, year + 1, 0
            flags = self._year(year)
        return _nth(year, flags, start, left)

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to `end`, `end` included; less than 0 where `end` is earlier. So
        `between(day, shift(day, n))` is n for every n but 0."""
        if end < start:
            return -self._count(end, start - ONE_DAY)
        return 0 if end == start else self._count(start + ONE_DAY, end)

    def week(self, year: int) -> frozenset[int]:
        """The days of the week, 0 for Monday to 6 for Sunday, that are worked in most weeks of a year."""
        flags, first = self._year(year), date(year, 1, 1).weekday()
        return frozenset((first + n) % 7 for n in range(7) if 2 * flags[n::7].count(1) > len(flags[n::7]))

    def _count(self, first: date, last: date) -> int:
        """Working days from the first to the last day, both included."""
        total = 0
        for year in range(first.year, last.year + 1):
            flags = self._year(year)
            start = _place(first) if year == first.year else 0
            total += flags.count(1, start, _place(last) + 1 if year == last.year else len(flags))
        return total

    def _year(self, year: int) -> bytes:
        if year not in self._years:
            if year not in GREGORIAN_YEARS:
                raise OverflowError
            flags = self._flags(year)
            if 1 not in flags:
                raise FieldError(
                    f"no day of {year} is a working day", hint="see workdays and holidays in 'crm config list'"
                )
            self._years[year] = flags
        return self._years[year]


def weekly(week: Collection[int]) -> Workdays:
    """These days of every week, without holidays."""
    return Workdays(lambda year: by_week(week, year))


def days_in(year: int) -> int:
    """How many days a year has."""
    return _place(date(year, 12, 31)) + 1


def _place(day: date) -> int:
    """How many days of its year are before a day."""
    return day.toordinal() - date(day.year, 1, 1).toordinal()


def _nth(year: int, flags: bytes, start: int, count: int) -> date:
    """The `count`th worked day of a year, counted from 1, from a place in it on."""
    place = start - 1
    for _ in range(count):
        place = flags.index(1, place + 1)
    return date(year, 1, 1) + timedelta(days=place)


#: Monday to Friday, without holidays.
PLAIN = weekly(read_week(USUAL_WEEK))
