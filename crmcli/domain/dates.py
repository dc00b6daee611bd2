"""Days and times typed by people: one strict grammar that understands a text in one way or refuses it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crmcli.domain.calendars import (
    GREGORIAN_YEARS,
    JALALI_YEARS,
    MONTHS_IN,
    ONE_DAY,
    add_months,
    iso_day,
    iso_moment,
    make_day,
    period_around,
    split_day,
)
from crmcli.domain.clocks import is_span, offset, time_of
from crmcli.domain.datewords import (
    BEHIND,
    DAYS_WRITTEN,
    EDGES,
    HALVES,
    MONTHS,
    NEAR_DAYS,
    NUMBERS,
    PERSIAN_PERIODS,
    UNITS,
    clock_in_front,
    counted,
    day_examples,
    halves,
    period_edge,
    time_examples,
    which_weekday,
)
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, fold, unmarked
from crmcli.domain.workdays import PLAIN
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from datetime import tzinfo

    from crmcli.domain.calendars import Calendar
    from crmcli.domain.workdays import Workdays

# "ymd" (nothing is assumed), "dmy", "mdy" or SHORT_FIRST: how a column that is imported writes its days
Order = str
#: Years of two digits stand in front: 05/12/29. Behind it, after a blank, is the order of days with full years.
SHORT_FIRST = "yymd"

# The first and the last day of JALALI_YEARS.
_FIRST_JALALI, _LAST_JALALI = date(1821, 3, 21), date(2221, 3, 20)


class When(Struct):
    """A day and, where one was given, a wall-clock time in the reader's time zone.

    `time.fold` is 1 only where an exact instant (an offset, now, +2h) fell into the second pass of a repeated hour.
    """

    day: date
    time: time | None = None


class Setting:
    """What the meaning of a text depends on besides the text; `week_start` is 0 for Monday to 6 for Sunday. `shown` is
    what errors quote, "" for the words that they are about."""

    __slots__ = ("calendar", "now", "order", "shown", "today", "week_start", "workdays")

    def __init__(
        self,
        now: datetime,
        calendar: Calendar = "gregorian",
        order: Order = "ymd",
        week_start: int = 0,
        shown: str = "",
        workdays: Workdays = PLAIN,
    ):
        self.now = now
        self.today = now.date()
        self.calendar = calendar
        self.order = order
        self.week_start = week_start
        self.shown = shown
        self.workdays = workdays


def parse_when(
    text: str,
    now: datetime,
    calendar: Calendar = "gregorian",
    order: Order = "ymd",
    week_start: int = 0,
    shown: str = "",
    workdays: Workdays = PLAIN,
) -> When:
    """Read a day, a time, or both; `now` is aware and carries the reader's time zone.

    A weekday is the next one strictly after today ("next fri" is the same day, "last fri" the latest before today).
    A day and month without a year is the next such day, today included. A time alone is today's. eom, sow ... are
    the last or first day of the month, week ... that today is in. With calendar "jalali" the years 1200 to 1599 are
    Jalali and so are relative months, quarters and years. `order` says how a column of an import writes days
    (12/01/2026, also with two-digit years); by default a text that could be read in two ways is refused. `workdays` is
    asked only where working days are counted (+3wd), and what it raises goes through.
    Raises FieldError, with examples, for everything else; it quotes `shown`, "" for the text itself.
    """
    return read_when(text, Setting(now, calendar, order, week_start, shown or text, workdays))


def parse_day(
    text: str,
    now: datetime,
    calendar: Calendar = "gregorian",
    order: Order = "ymd",
    week_start: int = 0,
    workdays: Workdays = PLAIN,
) -> date:
    """Read a day as `parse_when` does; FieldError where a time is given as well."""
    if len(text) == 10 and calendar != "jalali" and (day := iso_day(text)):
        return day
    when = read_when(text, Setting(now, calendar, order, week_start, text, workdays))
    if when.time is not None:
        raise FieldError(f"A day is wanted here, without a time: '{_quoted(text)}'.", hint=day_examples(calendar))
    return when.day


def parse_instant(
    text: str,
    now: datetime,
    calendar: Calendar = "gregorian",
    order: Order = "ymd",
    week_start: int = 0,
    workdays: Workdays = PLAIN,
) -> datetime:
    """Read a day or time as `parse_when` does and return it in UTC; a day alone means its 00:00 on the wall clock."""
    if 16 <= len(text) <= 24 and calendar != "jalali" and (moment := iso_moment(text)):
        return _utc(moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo))
    return instant_of(read_when(text, Setting(now, calendar, order, week_start, text, workdays)), now)


def instant_of(when: When, now: datetime) -> datetime:
    """Return the instant in UTC of a day and wall-clock time (00:00 when there is none) in the zone of `now`.

    A time that the clocks skip moves forward by what they skip (02:30 becomes 03:30); one that they pass twice is
    the first (RFC 5545 3.3.5 reads them so too).
    """
    return _utc(datetime.combine(when.day, when.time or time(), tzinfo=now.tzinfo))


def _utc(wall: datetime) -> datetime:
    try:
        return wall.astimezone(UTC)
    except OverflowError:
        raise _outside(wall.isoformat()) from None


def spoken_zone(now: datetime) -> str:
    """Whose clocks a moment is on, for whoever reads it elsewhere: `Europe/Berlin`, or what the machine calls them."""
    return str(getattr(now.tzinfo, "key", "") or now.tzname())


def local(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return an aware moment on the clocks of a zone (None: the machine's); in UTC where the clocks there leave the
    calendar, as those further east do at 9999-12-31 23:59."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        return moment.astimezone(UTC)


def describe(when: When, now: datetime, calendar: Calendar = "gregorian") -> str:
    """Return what was understood: 'Fri 2026-11-27 14:30', 'Fri 1405-09-06 14:30' in the Jalali calendar; a note
    follows where the clocks skip or repeat that time."""
    if when.time is None:
        return f"{when.day:%a} {show_day(when.day, calendar)}"
    instant = instant_of(when, now)
    wall = instant.astimezone(now.tzinfo)
    shown = f"{wall:%a} {show_day(wall.date(), calendar)} {wall:%H:%M}"
    if wall.replace(tzinfo=None) != datetime.combine(when.day, when.time):
        return f"{shown} ({when.time:%H:%M} is skipped by the clocks)"
    if wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset():
        return f"{shown} (the {'second' if wall.fold else 'first'} of two)"
    return shown


def show_day(day: date, calendar: Calendar = "gregorian") -> str:
    """Return the day as YYYY-MM-DD of the calendar: 2026-11-27 or 1405-09-06. A day outside the Jalali years that can
    be typed, such as the 9999-12-31 that means "never", is shown as the Gregorian one."""
    if calendar != "jalali" or not _FIRST_JALALI <= day <= _LAST_JALALI:
        return day.isoformat()
    year, month, number = split_day(day, calendar)
    return f"{year:04}-{month:02}-{number:02}"


def relative(day: date, today: date) -> str:
    """Return the day as seen from `today`: 'today', 'tomorrow', 'in 3 days', '5 days ago'."""
    days = (day - today).days
    if -1 <= days <= 1:
        return ("yesterday", "today", "tomorrow")[days + 1]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def read_when(text: str, setting: Setting) -> When:
    """Read a text by the grammar of `parse_when`; for the modules that build on it."""
    words = fold(text)
    if not words:
        raise FieldError("A day or time is missing.", hint=day_examples(setting.calendar))
    try:
        when = _read(words, setting)
    except OverflowError:
        raise _outside(setting.shown or text) from None
    if when is None:
        hint = f"{day_examples(setting.calendar)}\n  {time_examples(setting.calendar)}"
        raise FieldError(f"'{_quoted(setting.shown or text)}' is not a day or time.", hint=hint)
    if when.day.year not in GREGORIAN_YEARS:
        raise _outside(setting.shown or text)
    return when


def _read(words: str, setting: Setting) -> When | None:
    """Read folded text: first what is exact, then a time at the end or in front, then the day beside it."""
    if moment := _counted_clock(words, setting):
        return moment
    if is_span(words):
        shown = _quoted(setting.shown or words)
        raise FieldError(f"'{shown}' is from one time to another.", hint="Write when it begins: fri 9:00.")
    words = halves().sub(lambda half: f" {HALVES[half[1]]}", words)
    if (front := clock_in_front().fullmatch(words)) and read_day(front[2], setting) is not None:
        words = f"{front[2]} {front[1]}"
    match = re.fullmatch(r"(\S+?)t(\d\d?:\d.*)", words)
    words = f"{match[1]} {match[2]}" if match else words
    match = re.fullmatch(
        r"(?:(.*?)(?: -|[,،])? )??(at |ساعت )?(\d\d?)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(?: ?([ap])m)?"
        r"( ?(?:z|utc|gmt)| ?[+-]\d\d:?\d\d)?",
        words,
    )
    if not match or not (match[2] or match[4] or match[7]):
        day = read_day(words, setting)
        return None if day is None else When(day)
    day = read_day(match[1], setting) if match[1] else setting.today
    clock = time_of(int(match[3]), int(match[4] or 0), int(match[5] or 0), match[6] or "", match[7])
    if day is None or clock is None:
        return None
    if not match[8]:
        return When(day, clock)
    return None if not match[1] else _wall(datetime.combine(day, clock, offset(match[8].strip())), setting)


def _wall(instant: datetime, setting: Setting) -> When:
    local = instant.astimezone(setting.now.tzinfo)
    return When(local.date(), local.time())


def is_counted(text: str, setting: Setting) -> bool:
    """Whether a text names a moment by counting from now (now, +2h), not by what a clock shows."""
    return _counted_clock(fold(text), setting) is not None


def _counted_clock(words: str, setting: Setting) -> When | None:
    """now, +90min, -2h: counted in real time, so that a change of the clocks between is no trap."""
    if words in ("now", "الان", "اکنون"):
        return _wall(setting.now, setting)
    shift = _shift(words)
    if shift is None or shift[1] not in ("hour", "minute"):
        return None
    length = timedelta(hours=shift[0]) if shift[1] == "hour" else timedelta(minutes=shift[0])
    return _wall(setting.now.astimezone(UTC) + length, setting)


def _shift(words: str) -> tuple[int, str] | None:
    """'+3d', 'in 3 days', '3 days ago', 'سه روز دیگر' -> signed count and unit."""
    match = counted().fullmatch(words)
    if match is None or bool(match[1]) == bool(match[5]):
        return None
    number = int(match[2]) if match[2] else NUMBERS[match[3]]
    return number * (-1 if match[1] == "-" else BEHIND.get(match[5], 1)), UNITS[match[4]]


def read_day(words: str, setting: Setting) -> date | None:
    """Read folded text as a day; None where it is none, FieldError where it names a day that is not there."""
    today = setting.today
    if words in NEAR_DAYS:
        return today + timedelta(days=NEAR_DAYS[words])
    if (named := which_weekday(words)) is not None:
        return _weekday(named[0], today, last=named[1] == "last")
    if match := period_edge().fullmatch(words):
        unit = match[3] or (EDGES[match[2]] if match[2] else PERSIAN_PERIODS[match[4]])
        first, after = period_around(today, unit, setting.calendar, setting.week_start)
        return first if match[1] == "s" else after - ONE_DAY
    if shift := _shift(words):
        return _shifted_day(*shift, setting)
    return _numeric_day(words, setting) or _named_month_day(words, setting)


def _weekday(wanted: int, today: date, last: bool = False) -> date:
    """The next such day strictly after today, or the latest strictly before it."""
    if last:
        return today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _shifted_day(count: int, unit: str, setting: Setting) -> date | None:
    today = setting.today
    if unit == "workday":
        return setting.workdays.shift(today, count)
    if unit in MONTHS_IN:
        try:
            return add_months(today, count * MONTHS_IN[unit], setting.calendar)
        except ValueError:
            raise OverflowError from None
    if unit in ("hour", "minute"):  # a clock shift, not a day
        return None
    return today + timedelta(days=count * (7 if unit == "week" else 1))


def _numeric_day(words: str, setting: Setting) -> date | None:
    match = re.fullmatch(r"(\d{1,4})([-/]|\. ?)(\d{1,2})\2(\d{1,4})(\.?)", words)
    if not match:
        return None
    first, separator, second, third = match[1], match[2].strip(), match[3], match[4]
    if match[5] and (len(first) < 4 or separator != "."):
        return None
    if len(first) == 4 and len(third) <= 2:
        return exact_day(int(first), int(second), int(third), words, setting)
    order = setting.order
    if order.startswith(SHORT_FIRST) and len(first) == 2 and len(third) <= 2:
        return exact_day(full_year(int(first), setting.calendar), int(second), int(third), words, setting)
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    order = order.removeprefix(SHORT_FIRST).strip() or "ymd"
    if order == "ymd":
        if len(third) == 2:
            return None
        numbers = int(first), int(second)
        day, month = numbers if separator == "." else _settled(*numbers, words, setting)
    else:
        day, month = (int(first), int(second)) if order == "dmy" else (int(second), int(first))
    year = int(third) if len(third) == 4 else full_year(int(third), setting.calendar)
    return exact_day(year, month, day, words, setting)


def _settled(first: int, second: int, words: str, setting: Setting) -> tuple[int, int]:
    """Day and month of a date whose order is not known, where only one order fits."""
    if first > 12 >= second or first == second:
        return first, second
    if second > 12 >= first:
        return second, first
    plain, dotted, _ = DAYS_WRITTEN[setting.calendar]
    shown = _quoted(setting.shown or words)
    raise FieldError(
        f"'{shown}' can be read in two ways: which number is the month?", hint=f"Write {plain} (or {dotted})."
    )


def full_year(year: int, calendar: Calendar) -> int:
    """Century of a two-digit year: 1969 to 2068 as POSIX has it; Jalali 1350 to 1449."""
    if calendar == "jalali":
        return year + (1400 if year < 50 else 1300)
    return year + (2000 if year < 69 else 1900)


#: 1 dec, 1st dec 2026, 1-dec-2026, ۱ آذر سال ۱۴۰۵; dec 1, 2026; 2026 dec 1.
_NAMED_MONTH_DAYS = (
    r"(?P<day>\d\d?)(?:st|nd|rd|th|م| ?ام)?[ -](?P<month>[^\W\d]+)(?: ماه)?(?:(?:, ?|[ -])(?:سال )?(?P<year>\d{4}))?",
    r"(?P<month>[^\W\d]+) (?P<day>\d\d?)(?:st|nd|rd|th)?(?:(?:, ?| )(?P<year>\d{4}))?",
    r"(?P<year>\d{4})[ -](?P<month>[^\W\d]+)(?: ماه)?[ -](?P<day>\d\d?)",
)


def _named_month_day(words: str, setting: Setting) -> date | None:
    """A day whose month is named; without a year it is the next such day, today included."""
    match = next(filter(None, (re.fullmatch(form, words) for form in _NAMED_MONTH_DAYS)), None)
    if match is None:
        return None
    number, name, year = match["day"], match["month"].removesuffix("ماه"), match["year"]
    if name not in MONTHS:
        return None
    month, calendar = MONTHS[name]
    if calendar == "jalali" and setting.calendar != "jalali":
        raise not_jalali(setting.shown or words)
    if year:
        if (int(year) in JALALI_YEARS) != (calendar == "jalali") and setting.calendar == "jalali":
            shown = _quoted(setting.shown or words)
            raise FieldError(f"The month and the year of '{shown}' are of two calendars.", hint=day_examples("jalali"))
        return exact_day(int(year), month, int(number), words, setting)
    this_year = split_day(setting.today, calendar)[0]
    for candidate in range(this_year, this_year + 9):  # 29 February may be eight years away
        try:
            day = make_day(candidate, month, int(number), calendar)
        except ValueError:
            continue
        if day >= setting.today:
            return day
    raise _absent(words, setting)


def exact_day(year: int, month: int, day: int, words: str, setting: Setting) -> date:
    """Return the date of numbers that were typed in full; FieldError, quoting `words`, where there is none."""
    calendar = calendar_of(year, words, setting)
    try:
        return make_day(year, month, day, calendar)
    except ValueError:
        raise _absent(words, setting) from None


def calendar_of(year: int, words: str, setting: Setting) -> Calendar:
    """Return the calendar that a year of four digits belongs to; FieldError where the settings do not allow it."""
    if year in JALALI_YEARS:
        if setting.calendar != "jalali":
            raise not_jalali(setting.shown or words)
        return "jalali"
    if year not in GREGORIAN_YEARS:
        raise _outside(setting.shown or words)
    return "gregorian"


class JalaliError(FieldError):
    """A Jalali date where the calendar is Gregorian."""


def not_jalali(words: str) -> JalaliError:
    """The error for a Jalali date where the calendar is Gregorian."""
    return JalaliError(
        f"'{_quoted(words)}' looks like a Jalali date, but the calendar is Gregorian.",
        hint="For Jalali dates: crm config set calendar jalali",
    )


def _absent(words: str, setting: Setting) -> FieldError:
    hint = day_examples(setting.calendar)
    return FieldError(f"There is no day '{_quoted(setting.shown or words)}' in the calendar.", hint=hint)


def _outside(text: str) -> FieldError:
    return FieldError(f"'{_quoted(text)}' is out of range.", hint="Years run from 1600 to 9999 (Jalali: 1200 to 1599).")


def _quoted(text: str) -> str:
    return clip(" ".join(unmarked(text).split()), 60)
