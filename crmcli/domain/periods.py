"""Periods typed by people for filters and reports: months, quarters, ranges of days and spans."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crmcli.domain import durations
from crmcli.domain.calendars import ONE_DAY, add_months, month_start, numbered_quarter, period_around, split_day
from crmcli.domain.dates import (
    Setting,
    When,
    calendar_of,
    instant_of,
    is_counted,
    not_jalali,
    parse_day,
    read_when,
)
from crmcli.domain.datewords import MONTHS, PERSIAN_PERIODS, SIDES, day_examples
from crmcli.domain.text import clip, fold
from crmcli.domain.workdays import PLAIN
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.calendars import Calendar
    from crmcli.domain.workdays import Workdays

#: calendar -> a year of it, and what else can be written there alone
YEARS = {"gregorian": (2026, "2026-W50, "), "jalali": (1405, "")}
SHIFTS = {"last": -1, "this": 0, "next": 1}
#: Some years have a word of their own in Persian.
OWN_YEARS = {fold("امسال"): "this year", fold("پارسال"): "last year"}


def examples(calendar: Calendar) -> str:
    """How periods can be written: the hint under one that cannot be read."""
    year, more = YEARS[calendar]
    return (
        f"Write a day, this-month, last-week, next-quarter, q1, {year}-q1, {more}{year}-12, {year}, "
        f"or a range: {year}-01..{year}-03, ..today, {year}-01-05.."
    )


def parse_range(
    text: str, now: datetime, calendar: Calendar = "gregorian", week_start: int = 0, workdays: Workdays = PLAIN
) -> tuple[date | None, date | None]:
    """Read a period or a range `FROM..TO` as [start, end): first day and the day after the last.

    An open side is None, and so is the end after 9999-12-31, the last of all days. TO is meant inclusively (`..today`
    has today in it, `2026-01..2026-03` all of March).
    A month or quarter without a year is this year's; `week_start` (0 Monday to 6 Sunday) is for this-week, last-week
    and next-week, while 2026-W50 is ISO 8601's, which starts on a Monday. Raises FieldError, also for a range that ends
    before it starts.
    """
    setting = Setting(now, calendar, "ymd", week_start, workdays=workdays)
    before, dots, after = text.partition("..")
    if not dots:
        return _period(text, setting)
    start = _period(before, setting)[0] if before.strip() else None
    end = _period(after, setting)[1] if after.strip() else None
    _check_sides(start, end, text, setting)
    return start, end


def last_day(
    text: str, now: datetime, calendar: Calendar = "gregorian", week_start: int = 0, workdays: Workdays = PLAIN
) -> date:
    """Read a day, or a period that stands for its last one: 2030, dec, the end of march 2027, next week. A month or
    quarter without a year is the next one, this one included. Raises FieldError, also for a time."""
    setting = Setting(now, calendar, "ymd", week_start, workdays=workdays)
    words = re.sub("^(?:(?:the )?end of|پایان|اخر) ", "", fold(text))
    period = _named_period(words, text, setting)
    if period is None:
        return parse_day(text, now, calendar, week_start=week_start, workdays=workdays)
    if period[1] <= setting.today and (words in MONTHS or re.fullmatch("q[1-4]", words)):
        setting.today = add_months(setting.today, 12, setting.calendar)
        period = _named_period(words, text, setting) or period
    return period[1] - ONE_DAY


def parse_span(
    text: str, now: datetime, calendar: Calendar = "gregorian", week_start: int = 0, workdays: Workdays = PLAIN
) -> tuple[datetime | None, datetime | None]:
    """Read a range as `parse_range` does, with times as well, as the instants [start, end) in UTC.

    Days begin at 00:00 in the zone of `now`. A time as TO is meant with its whole minute, as a day is with its whole
    day, and a time alone is from there to the end of its minute; a moment counted from now (..now, ..+2h) is itself
    the end, and alone it is the minute that begins there. `FROM for LENGTH` (fri 14:30 for 45m) counts real time from
    the start.
    """
    setting = Setting(now, calendar, "ymd", week_start, workdays=workdays)
    before, dots, after = text.partition("..")
    if dots:
        start = _edge(before, setting)[0] if before.strip() else None
        end = _edge(after, setting)[1] if after.strip() else None
        _check_sides(start, end, text, setting)
        return start, end
    start_text, word, length = text.rpartition(" for ")
    if word:
        begin = _edge(start_text, setting)[0]
        try:
            end = begin + timedelta(minutes=durations.parse(length))
        except OverflowError:
            raise _unreadable(text, setting) from None
        if end == begin:
            raise FieldError(f"'{clip(text, 60)}' is no time at all.", hint="Write how long: for 45m, for 1h30.")
        return begin, end
    begin, end = _edge(text, setting)
    return begin, begin + timedelta(minutes=1) if end == begin else end


def _check_sides(start: date | None, end: date | None, text: str, setting: Setting) -> None:
    if text.strip() == "..":
        raise FieldError("The range has neither a start nor an end.", hint=examples(setting.calendar))
    if start is not None and end is not None and end <= start:
        raise FieldError(f"The range '{clip(text, 60)}' ends before it starts.", hint="Write the earlier side first.")


def _edge(text: str, setting: Setting) -> tuple[datetime, datetime | None]:
    """Start and end of one side of a span: midnights for days and periods; a time runs to the end of its minute, and
    a moment counted from now has no length."""
    period: tuple[date, date | None] | None = _named_period(fold(text), text, setting)
    if period is None:
        when = read_when(text, setting)
        if when.time is not None:
            instant = instant_of(when, setting.now)
            return instant, instant if is_counted(text, setting) else _end_of_minute(instant)
        period = _one_day(when.day)
    first, after = period
    return (
        instant_of(When(first, time()), setting.now),
        None if after is None else instant_of(When(after, time()), setting.now),
    )


def _end_of_minute(instant: datetime) -> datetime | None:
    """None after the last minute of all."""
    try:
        return instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
    except OverflowError:
        return None


def _period(text: str, setting: Setting) -> tuple[date, date | None]:
    """Start and end of a period or of a day."""
    period = _named_period(fold(text), text, setting)
    if period is not None:
        return period
    when = read_when(text, setting)
    if when.time is not None and fold(text) != "now":
        hint = examples(setting.calendar)
        raise FieldError(f"Days are wanted here, without a time: '{clip(text, 60)}'.", hint=hint)
    return _one_day(when.day)


def _one_day(day: date) -> tuple[date, date | None]:
    """A day and the one after it; other systems write "never" as the last of all days, which has none after it."""
    return day, None if day == date.max else day + ONE_DAY


def _named_period(words: str, text: str, setting: Setting) -> tuple[date, date] | None:
    """A period longer than a day, or None where the text may be a day."""
    if len(words) > 40 or words.startswith(("+", "-")):
        return None
    try:
        return _relative_period(words, setting) or _numbered_period(words, setting) or _month_by_name(words, setting)
    except (ValueError, OverflowError):
        if re.fullmatch(r"9999(-?q4|-12)?", words):
            hint = "Write it from its first day on, such as 9999-01-01.."
            raise FieldError(f"'{words}' runs to the end of the calendar.", hint=hint) from None
        raise _unreadable(text, setting) from None


def _relative_period(words: str, setting: Setting) -> tuple[date, date] | None:
    match = re.fullmatch(r"(this|last|next)[ -](week|month|quarter|year)", _from_persian(words))
    if not match:
        return None
    return period_around(setting.today, match[2], setting.calendar, setting.week_start, SHIFTS[match[1]])


def _from_persian(words: str) -> str:
    """A period in two Persian words, as هفته بعد or این هفته, in English; anything else as it is."""
    parts = OWN_YEARS.get(words, words).replace("\u200c", "").split()
    if len(parts) == 2:
        side, unit = parts if parts[0] in SIDES else parts[::-1]
        unit = unit if unit in PERSIAN_PERIODS else unit.removesuffix("ی")  # هفته‌ی بعد
        if side in SIDES and unit in PERSIAN_PERIODS:
            return f"{SIDES[side]} {PERSIAN_PERIODS[unit]}"
    return OWN_YEARS.get(words, words)


def _numbered_period(words: str, setting: Setting) -> tuple[date, date] | None:
    if match := re.fullmatch(r"(?:سال )?(\d{4})", words):
        year = int(match[1])
        calendar = calendar_of(year, words, setting)
        return month_start(year, 1, calendar), month_start(year, 13, calendar)
    if match := re.fullmatch(r"(\d{4})[-/](\d\d?)", words):
        return _month(int(match[1]), int(match[2]), calendar_of(int(match[1]), words, setting))
    if match := re.fullmatch(r"q([1-4])(?:[ -](\d{4}))?|(\d{4})[ -]?q([1-4])", words):
        quarter, year_text = int(match[1] or match[4]), match[2] or match[3]
        if not year_text:
            year = split_day(setting.today, setting.calendar)[0]
            return numbered_quarter(year, quarter, setting.calendar)
        return numbered_quarter(int(year_text), quarter, calendar_of(int(year_text), words, setting))
    if match := re.fullmatch(r"(\d{4})-?w(\d\d?)", words):
        if calendar_of(int(match[1]), words, setting) == "jalali":
            raise ValueError
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + timedelta(weeks=1)
    return None


def _month_by_name(words: str, setting: Setting) -> tuple[date, date] | None:
    """dec, dec 2026, آذر ۱۴۰۵."""
    name, _, year_text = words.partition(" ")
    if name not in MONTHS or not re.fullmatch(r"(\d{4})?", year_text):
        return None
    month, calendar = MONTHS[name]
    if calendar == "jalali" and setting.calendar != "jalali":
        raise not_jalali(words)
    if not year_text:
        return _month(split_day(setting.today, calendar)[0], month, calendar)
    if calendar_of(int(year_text), words, setting) != calendar:
        raise ValueError
    return _month(int(year_text), month, calendar)


def _month(year: int, month: int, calendar: Calendar) -> tuple[date, date]:
    if not 1 <= month <= 12:
        raise ValueError
    return month_start(year, month, calendar), month_start(year, month + 1, calendar)


def _unreadable(text: str, setting: Setting) -> FieldError:
    hint = f"{examples(setting.calendar)}\n  {day_examples(setting.calendar)}"
    return FieldError(f"There is no period '{clip(text, 60)}' in the calendar.", hint=hint)
