"""Years, months and days in the calendar a user counts in: Gregorian or Jalali."""

from __future__ import annotations

from datetime import date, datetime, timedelta

# "jalali" or "gregorian", as the setting has it
Calendar = str

JALALI_YEARS = range(1200, 1600)
GREGORIAN_YEARS = range(1600, 10000)
ONE_DAY = timedelta(days=1)
#: The first day of the week as the setting has it -> its number, 0 for Monday to 6 for Sunday.
WEEK_STARTS = {"monday": 0, "saturday": 5, "sunday": 6}


def split_day(day: date, calendar: Calendar) -> tuple[int, int, int]:
    """Return year, month and day of the month of `day` in `calendar`."""
    if calendar != "jalali":
        return day.year, day.month, day.day
    from persiantools.jdatetime import JalaliDate

    jalali = JalaliDate(day)
    return jalali.year, jalali.month, jalali.day


def make_day(year: int, month: int, day: int, calendar: Calendar) -> date:
    """Return the date of a year, month and day of `calendar`; ValueError when there is none."""
    if calendar != "jalali":
        return date(year, month, day)
    from persiantools.jdatetime import JalaliDate

    return JalaliDate(year, month, day).to_gregorian()


def month_start(year: int, month: int, calendar: Calendar) -> date:
    """Return the first day of a month; `month` may run past 1..12 and then counts into other years."""
    years, month0 = divmod(month - 1, 12)
    return make_day(year + years, month0 + 1, 1, calendar)


def add_months(day: date, months: int, calendar: Calendar) -> date:
    """Return the same day of the month `months` later (earlier when negative), or that month's last day.

    31 January plus one month is 28 or 29 February.
    """
    year, month, number = split_day(day, calendar)
    start = month_start(year, month + months, calendar)
    last = month_start(year, month + months + 1, calendar) - ONE_DAY
    return min(start + timedelta(days=number - 1), last)


def period_around(day: date, unit: str, calendar: Calendar, week_start: int = 0, shift: int = 0) -> tuple[date, date]:
    """Return first day and day after the last of the day, week, month, quarter or year around `day`.

    `shift` counts periods onward (-1: the one before); `week_start` is 0 for Monday to 6 for Sunday.
    """
    if unit == "day":
        return day + shift * ONE_DAY, day + (shift + 1) * ONE_DAY
    if unit == "week":
        first = day - timedelta(days=(day.weekday() - week_start) % 7) + timedelta(weeks=shift)
        return first, first + timedelta(weeks=1)
    year, month, _ = split_day(day, calendar)
    length = MONTHS_IN[unit]
    first_month = (month - 1) // length * length + 1 + shift * length
    return month_start(year, first_month, calendar), month_start(year, first_month + length, calendar)


MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def numbered_quarter(year: int, quarter: int, calendar: Calendar) -> tuple[date, date]:
    """Return first day and day after the last of quarter 1..4 of a year."""
    return month_start(year, 3 * quarter - 2, calendar), month_start(year, 3 * quarter + 1, calendar)


def iso_day(text: str) -> date | None:
    """The day of a plain YYYY-MM-DD: the one shape that long imports consist of; None sends it on to the grammar."""
    if (
        text[4] == "-" == text[7]
        and text.isascii()
        and text[:4].isdigit()
        and text[5:7].isdigit()
        and text[8:].isdigit()
    ):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if day.year in GREGORIAN_YEARS else None
    return None


def iso_moment(text: str) -> datetime | None:
    """The moment of YYYY-MM-DDThh:mm, with :ss, with Z, with .mmmZ: what exports write, read the short way."""
    shape = text[10] in "T " and text[13] == ":" and text.isascii() and iso_day(text[:10])
    if not shape or (len(text) > 16 and text[16] != ":"):
        return None
    if len(text) not in (16, 19) and not (text[-1] == "Z" and (len(text) == 20 or text[19] == ".")):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
