"""What is said of columns of days by hand, and how it is said again: their orders and calendars, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.calendars import make_day
from crmcli.domain.dates import SHORT_FIRST, full_year
from crmcli.errors import UsageError
from crmcli.services.imports.by_hand import column_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from crmcli.domain.calendars import Calendar


class Dates(NamedTuple):
    """What is said of columns of days: an order as `Env.order` has it, "jalali" or "gregorian"; "" where nothing is."""

    order: str = ""
    calendar: str = ""

    @property
    def said(self) -> str:
        """It as `--dates` and profiles write it; "" for nothing."""
        order = next((word for word, order in ORDERS.items() if order == self.order), "")
        return "-".join(filter(None, (self.calendar, order)))


#: How people call the orders of day, month and year; the last two have years of two digits in front, full ones behind.
ORDERS = {
    "dmy": "dmy", "mdy": "mdy", "ymd": SHORT_FIRST, "ymd-dmy": f"{SHORT_FIRST} dmy", "ymd-mdy": f"{SHORT_FIRST} mdy",
}  # fmt: skip
#: What can be said of dates by hand.
DATES = {
    "-".join(filter(None, (calendar, word))): Dates(ORDERS.get(word, ""), calendar)
    for calendar in ("", "jalali", "gregorian")
    for word in ("", *ORDERS)
    if calendar or word
}


#: What an order says, in words.
WHICH = {"dmy": "day first", "mdy": "month first", SHORT_FIRST: "year first"}
#: Years below are written with two digits.
_SHORT = 100
#: The places of year, month and day.
_PLACES = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), SHORT_FIRST: (0, 1, 2)}


class Reading(NamedTuple):
    """One way to read days that are three numbers: what is said to have it, and the calendar that they are of then."""

    dates: Dates
    calendar: Calendar

    @property
    def told(self) -> str:
        """The way in words."""
        return WHICH[self.dates.order] + (", Jalali" if self.calendar == "jalali" else "")

    def day(self, *numbers: int) -> date | None:
        """The day of three numbers as they stand; None where it is none."""
        try:
            return make_day(*self._parts(numbers), self.calendar)
        except ValueError:
            return None

    def meaning(self, example: str, *numbers: int) -> str:
        """What becomes of a day that is written so, of these numbers."""
        year, month, day = self._parts(numbers)
        there = self.day(*numbers)
        is_jalali = self.calendar == "jalali"
        besides = "" if there and not is_jalali else f" ({there or 'no day'})"
        return f"{self.told}: {example} is day {day} of month {month} of {year}{besides}"

    def _parts(self, numbers: Sequence[int]) -> tuple[int, int, int]:
        """Year, month and day; a year of two digits is a full one."""
        year, month, day = (numbers[place] for place in _PLACES[self.dates.order])
        return full_year(year, self.calendar) if year < _SHORT else year, month, day


class Told(NamedTuple):
    """What is said by hand of the columns of days: of some by their place, and `plain` of all others."""

    plain: Dates = Dates()
    by_place: Mapping[int, Dates] = {}

    def of(self, place: int) -> Dates:
        """What is said of one column."""
        return self.by_place.get(place, self.plain)


def told_dates(text: str) -> Dates:
    """What one word says of days. Raises UsageError."""
    found = DATES.get(text.strip().lower()) if text else Dates()
    if found is None:
        raise UsageError(
            f"--dates wants dmy, mdy, ymd, jalali or gregorian, not '{text}'",
            "or both, as in jalali-ymd for 05/12/29; ymd-dmy is ymd where years are short, else dmy; of one column:"
            " 'Close date=dmy'",
        )
    return found


def told_columns(header: Sequence[str], plain: str, by_column: Mapping[str, str]) -> Told:
    """What is said of the columns of days of a file with these titles. Raises UsageError."""
    found: dict[int, Dates] = {}
    for title, word in by_column.items():
        place, said = column_of(header, title), told_dates(word)
        if found.setdefault(place, said) != said:
            raise UsageError(f"--dates says two things of column '{header[place]}'", "say one")
    return Told(told_dates(plain), found)


class Settled(NamedTuple):
    """What a file settled of one of its columns of days. `shows` is false for a column without any."""

    header: str
    dates: Dates
    shows: bool = True


def plain_word(columns: Iterable[Settled]) -> str | None:
    """The one word that is right for all these columns: "" where none is needed, None where there is none such. An
    order is no matter to a column that settled none: its days are ISO's or name their months. A calendar is one to all
    but those that show no days."""
    some = [column for column in columns if column.shows]
    orders = {column.dates.order for column in some} - {""}
    calendars = {column.dates.calendar for column in some}
    if len(orders) > 1 or len(calendars) > 1:
        return None
    return Dates("".join(orders), "".join(calendars)).said


def words(columns: Sequence[Settled]) -> Iterator[str]:
    """The words of `--dates` by which a few rows of these columns are read as the whole file was."""
    plain = plain_word(columns)
    if plain is not None:
        yield from [plain] if plain else []
        return
    for column in columns:
        if column.shows and (said := column.dates.said):
            yield f"{column.header}={said}"
