"""Days of the year that belong to somebody: read as people write them, and when they come again.

A day comes every year in the calendar in which it is kept: 15 June, or 25 Khordad. Where a year has it not, 29 February
or 30 Esfand, it is the last day of that month. A day of which nobody knows the year is kept in a leap year.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from crmcli.domain.calendars import JALALI_YEARS, Calendar, add_months, make_day, split_day
from crmcli.domain.dates import parse_day, show_day
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, digits, fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.domain.types import Env

#: The last day on which anything comes.
LAST = date(2999, 12, 31)
#: The leap years in which days without a year are kept.
LEAP = {"gregorian": 2000, "jalali": 1399}
HINTS = {
    "gregorian": "write 06-15, '15 june' or, where the year is known, 2019-06-15",
    "jalali": "write 03-25, '25 خرداد' or, where the year is known, 1398-03-25",
}
_MONTH_DAY = re.compile(r"(?:--)?(\d{1,2})[-/](\d{1,2})")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_WRITTEN = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)( jalali)? +(.+)", re.ASCII)


class Yearly(Struct):
    """A day of the year in a calendar; the year of `day` means something where it is `known`."""

    day: date
    calendar: Calendar = "gregorian"
    known: bool = True

    @property
    def shown(self) -> str:
        """As people write it: 2019-06-15, in the Jalali calendar 1398-03-25; without its year 06-15, 03-25 jalali."""
        text = show_day(self.day, self.calendar)
        return text if self.known else text[5:] + (" jalali" if self.calendar == "jalali" else "")

    def within(self, first: date, last: date) -> Iterator[date]:
        """The days from `first` to `last`, both included, on which it comes; none before the day itself, and none after
        2999, where calendars come to an end."""
        own = split_day(self.day, self.calendar)[0]
        begin, end = (split_day(min(day, LAST), self.calendar)[0] for day in (first, last))
        for year in range(max(begin, own) if self.known else begin, end + 1):
            day = add_months(self.day, 12 * (year - own), self.calendar)
            if first <= day <= last:
                yield day

    def years(self, on: date) -> int | None:
        """How many years it is then; None where the year is not known, and for the day itself."""
        count = split_day(on, self.calendar)[0] - split_day(self.day, self.calendar)[0]
        return count if self.known and count > 0 else None


def written(some: Iterable[tuple[str, Yearly]]) -> str:
    """Names and days as one text, a line for each: `2019-06-15 wedding`, `03-25 jalali anniversary`."""
    return "\n".join(f"{day.shown} {' '.join(name.split())}" for name, day in some)


def read_written(text: str) -> Iterator[tuple[str, Yearly]]:
    """The names and days of such a text. Raises FieldError."""
    for line in filter(None, map(str.strip, text.split("\n"))):
        found = _WRITTEN.fullmatch(line)
        if found is None:
            raise FieldError(f"'{clip(line, 60)}' is no day of the year with its name", hint="write 06-15 birthday")
        year, month, day, jalali, name = found.groups()
        calendar: Calendar = "jalali" if jalali or (year and int(year) in JALALI_YEARS) else "gregorian"
        try:
            on = make_day(int(year or LEAP[calendar]), int(month), int(day), calendar)
        except ValueError:
            raise FieldError(f"there is no day '{clip(line, 60)}'", hint=HINTS[calendar]) from None
        yield name, Yearly(on, calendar, known=bool(year))


def read(text: str, env: Env) -> Yearly:
    """A day as it is typed: `06-15`, `15 june`, `2019-06-15`; where the calendar is Jalali `03-25`, `25 خرداد`,
    `1398-03-25`, and a Gregorian day by its year or the name of its month. Raises FieldError."""
    words = fold(digits(text)).strip()
    year = _YEAR.search(words)
    if year:
        day = parse_day(words, env.now, env.calendar, env.order, env.week_start)
        jalali = env.calendar == "jalali" and int(year[0]) in JALALI_YEARS
        return Yearly(day, "jalali" if jalali else "gregorian")
    if found := _MONTH_DAY.fullmatch(words):
        try:
            own = env.calendar if env.calendar == "jalali" else "gregorian"
            return Yearly(make_day(LEAP[own], int(found[1]), int(found[2]), own), own, known=False)
        except ValueError:
            raise FieldError(f"there is no day {words}", hint=HINTS[own]) from None
    return _named(words, text, env)


def _named(words: str, text: str, env: Env) -> Yearly:
    """A day without a year whose month is named, in the calendar that the month is of."""
    for calendar in ("jalali", "gregorian") if env.calendar == "jalali" else ("gregorian",):
        try:
            day = parse_day(f"{words} {LEAP[calendar]}", env.now, env.calendar, env.order, env.week_start)
        except FieldError:
            continue
        return Yearly(day, calendar, known=False)
    hint = HINTS["jalali" if env.calendar == "jalali" else "gregorian"]
    raise FieldError(f"'{clip(text, 60)}' is no day of the year", hint=hint)
