"""Days and moments in the further spellings that files have: other programs' zones, counts, ranges, days without a
year."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crmcli.domain import clocks
from crmcli.domain.calendars import make_day, split_day
from crmcli.domain.dates import SHORT_FIRST, JalaliError, full_year, instant_of, parse_when
from crmcli.domain.datewords import MONTHS, WRITTEN_DAYS, WRITTEN_MONTHS, clock_in_front
from crmcli.domain.text import clip, digits, fold, unmarked
from crmcli.domain.types import Instant, show_instant
from crmcli.errors import FieldError
from crmcli.services.imports.nothing import MIDNIGHT_ALONE

if TYPE_CHECKING:
    from crmcli.domain.dates import When
    from crmcli.domain.types import Env

#: A day of eight numbers, the year first.
COMPACT_DAY = re.compile(r"(1[3-9]|2\d)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_COMMA_BEFORE_TIME = re.compile(r"(?<=\d{4}),\s+(?=\d{1,2}:)")
_NAMED_MONTH = re.compile(r"\s*(\d{1,2})(?:\.? |-|\. ?)([^\W\d_]{3,12})\.?[ -](\d{4}|\d{2})(?!\d|:)")
_WORD = re.compile(r"[^\W\d_]+")
#: 1er mai, 1º de mayo, 1-го января.
_ORDINAL = re.compile(r"(?<!\d)(\d\d?)(?:er|\.?[º°]|-?го)(?= )", re.IGNORECASE)
#: What Persian and Russian files say of the year behind it, and the years that it can be said of.
_ERAS = tuple(
    (re.compile(rf"(?<=[\w.]) ?(?:{era})(?= |$)"), re.compile(rf"(?<!\d)(?:{years})\d\d(?!\d)"))
    for era, years in (
        ("هـ?\u200d?\\. ?ش\\.?|هجری شمسی|شمسی|خورشیدی", "1[2-5]"), ("میلادی|г\\.|года", "1[6-9]|2\\d"),
    )
)  # fmt: skip
#: The tenth Jalali month in Latin letters, which is an English word as well.
_DEY = re.compile(r"(?<=\d[ -])day(?=[ -]1[2-5]\d\d(?!\d))", re.IGNORECASE)
_DOTTED_YEAR = re.compile(r"(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.?(?=\s|$)")
#: Donnerstag, den 3. September; le 3 mars; el 3 de marzo
_ARTICLE = re.compile(r"^(?:am|den|der|le|el) (?=\d)", re.IGNORECASE)
#: 3 de marzo de 2026
_OF = re.compile(r"\bde (?=\S)", re.IGNORECASE)
_CLOCK = re.compile(r"\d\d?(?::|\s?[ap]\.?m)", re.IGNORECASE)
#: A number at the end that may be a time as Germans and Turks write it.
_DOTTED = re.compile(r" \d\d?\.\d\d$")
#: A day in full, or a year that is no count of days: the meaning does not depend on when it is read.
_FULL_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?<![\d+])(?:1[2-9]|2[01])\d\d(?!\d| ?[^\W\d_])")
#: A year in full, or a day of eight numbers.
_FULL_YEAR = re.compile(r"\d{4}")
#: Further from now than the next of any days without a year, and no whole number of weeks.
_LONG = timedelta(days=7333)
_MIDNIGHT_ELSEWHERE = re.compile(r"[Tt ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:\d\d)$")
#: A zone behind a time: "UTC", " Z", "+00" of PostgreSQL, " +0000 UTC" of Go.
_ZONE = re.compile(
    r"(:\d\d(?:[.,]\d+)?(?:\s?[AP]\.?M\.?)?)\s*"
    r"(?:(?:UTC|GMT|Z)?\s*([+-]\d\d)(?::?(\d\d))?(?:\s*(?:UTC|GMT))?|(?:UTC|GMT|Z))\s*$",
    re.IGNORECASE,
)
_DECIMALS = re.compile(r"(:\d\d:\d\d)[.,](\d{1,6})\d*")
#: A zone as Notion shows it: "(UTC)", "(GMT+3:30)", "(EST)" in the United States.
_SHOWN_ZONE = re.compile(r"\((?:(?:UTC|GMT)(?:([+-])(\d{1,2})(?::(\d\d))?)?|([ECMP][SD]T))\)\s*$")
#: RFC 5322, 4.3.
_AMERICAN = {
    f"{zone}{half}T": f"-{hours + (half == 'S'):02}"
    for zone, hours in zip("ECMP", (4, 5, 6, 7), strict=True)
    for half in "SD"
}
_ARROW = "→"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds since 1970 in which programs count days: ten digits, from 2001 to 2100.
_SECONDS = range(10**9, 4_102_444_800)
_DAY_AND_HOUR = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")
#: A day of a year that is not said: --03-05 of vCards and Google.
_TWO_NUMBERS = re.compile(r"\s*(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|[12]\d|3[01])\s*")
_SERIAL_DAY = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
#: How many characters a day or time has at the most.
_LONGEST = 100


def depends_on_today(text: str, env: Env) -> bool:
    """Whether the day or moment that a cell names is another one when it is read on another day: Monday, yesterday,
    +2w, a day without its year."""
    if not text.strip() or _FULL_DAY.search(digits(text)):
        return False
    env = env._replace(calendar=named_calendar(text) or env.calendar)
    try:
        return day(text, env) != day(text, env._replace(now=env.now - _LONG))
    except FieldError:
        return False


def without_year(cells: list[str], header: str, env: Env) -> tuple[list[str], dict[int, str]]:
    """A column of days of birth without cells that no day can be told of, and by row what those say: of 05/03, as
    Mailchimp writes it, nobody knows which is the month, and Friday is a day as seen from today."""
    more: dict[int, str] = {}
    for row, cell in enumerate(cells):
        if (len(cell) < 6 and _TWO_NUMBERS.fullmatch(cell)) or depends_on_today(cell, env):
            more[row] = f"{header}: {cell.strip()}"
    return ["" if row in more else cell for row, cell in enumerate(cells)] if more else cells, more


def of_birth(env: Env, years: list[str], months: list[str], days: list[str]) -> tuple[list[str], dict[int, str]]:
    """A column of days of birth from those of their parts, and by row what cells say that make no day with the others:
    "1815", "10 December". What is no date comes as it would be written, for the reader of days to refuse. A year of two
    digits is the latest one that has come, in the calendar of its month's name, else the user's."""
    found, more = [], {}
    for row, parts in enumerate(zip(years, months, days, strict=True)):
        year, month, day = (digits(unmarked(part)).strip().removesuffix(".") for part in parts)
        number, calendar = MONTHS.get(fold(_our_months(month)), (0, env.calendar))
        month = str(number) if number else month
        if len(year) == 2 and year.isdecimal():
            today = split_day(env.now.date(), calendar)
            latest = today[0] - (today[0] - int(year)) % 100
            come = not (month.isdecimal() and day.isdecimal()) or (latest, int(month), int(day)) <= today
            year = str(latest if come else latest - 100)
        whole = "-".join((year.zfill(4), month.zfill(2), day.zfill(2))) if year and month and day else ""
        found.append(whole)
        if whole or not (year or month or day):
            continue
        told = month.isdecimal() and day.isdecimal() and not year and not (number and calendar == "jalali")
        named = _in_leap_year(int(month), int(day)) if told else None
        more[row] = f"{named.day} {named:%B}" if named else "-".join(filter(None, map(str.strip, parts)))
    return found, more


def without_ends(cells: list[str], header: str) -> tuple[list[str], dict[int, str]]:
    """A column of days with the first one of Notion's ranges ("December 3, 2026 → December 5, 2026"), and by row those
    ranges. A zone behind the last time is that of the first, too."""
    more: dict[int, str] = {}
    if _ARROW not in "\n".join(cells):
        return cells, more
    firsts = list(cells)
    for row, cell in enumerate(cells):
        first, _, last = map(str.strip, cell.partition(_ARROW))
        if first and last:
            zone = _SHOWN_ZONE.search(last) if ":" in first and not _SHOWN_ZONE.search(first) else None
            firsts[row], more[row] = f"{first} {zone[0]}" if zone else first, f"{header}: {' '.join(cell.split())}"
    return firsts, more


def counts_seconds(text: str) -> bool:
    """Whether a cell of a column of days can be a count of seconds since 1970: of ten digits, which are no 2026110110
    for a day and its hour."""
    plain = text.strip()
    return len(plain) == 10 and plain.isdecimal() and int(plain) in _SECONDS and not _DAY_AND_HOUR.fullmatch(plain)


def from_seconds(cells: list[str]) -> list[str]:
    """A column of seconds since 1970 as moments of ISO 8601."""
    return [_counted(int(cell) * 1000) if counts_seconds(cell) else cell for cell in map(digits, cells)]


def _counted(milliseconds: int) -> str:
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")


def _in_leap_year(month: int, day: int) -> date | None:
    try:
        return date(2000, month, day)
    except ValueError:
        return None


def day(text: str, env: Env) -> str | None:
    """A day; a time behind it is left out, since other programs write days as midnights."""
    text = _evened(text)
    plain = digits(text)
    if not text or MIDNIGHT_ALONE.fullmatch(plain):
        return None
    if COMPACT_DAY.fullmatch(plain):
        text = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    _refuse_serial(plain)
    return _when(text, env).day.isoformat()


def birth(text: str, env: Env) -> str | None:
    """A day of birth: a year of two digits is the latest one in which that day has come. Raises FieldError."""
    found = day(text, env)
    if found is None or found <= env.now.date().isoformat() or _FULL_YEAR.search(digits(text)):
        return found
    calendar = named_calendar(text) or env.calendar
    year, month, number = split_day(date.fromisoformat(found), calendar)
    try:
        return make_day(year - 100, month, number, calendar).isoformat()
    except ValueError:
        raise FieldError(f"'{clip(text, 40)}' is no day that has come.") from None


def moment(text: str, env: Env) -> str | None:
    """The moment that a cell of a column of days names, None where it names a day. A midnight, here or where the file
    was made, is how other programs write a day. Raises FieldError."""
    text = _evened(text)
    plain = digits(text)
    if not text or COMPACT_DAY.fullmatch(plain):
        return None
    when = _when(text, env)
    if when.time is None or when.time == time() or _MIDNIGHT_ELSEWHERE.search(_zoned(text)):
        return None
    return show_instant(instant_of(when, env.now))


def _evened(text: str) -> str:
    """A cell with single blanks between its words and no marks of direction. Raises FieldError for one that is longer
    than any day or time, so that none costs more than it is worth."""
    text = " ".join(unmarked(text).split())
    if len(text) > _LONGEST:
        raise FieldError(f"'{clip(text, 40)}' is not a day or time.")
    return text


def _when(text: str, env: Env) -> When:
    """A day or time by the strict grammar, in the further spellings that files have: "Jan 3, 2026, 2:15 PM",
    "13-Apr-26", "13. März 2026 um 14.30 Uhr", "2026-11-01 10:00:00 UTC", "Thu, 6 Aug 2026". Raises FieldError, also
    where the day of the week is another one."""
    alone = clocks.read(text)
    if alone and alone.says == clocks.TIME:  # which no cell of a column of days means
        raise FieldError(f"'{clip(text, 40)}' is a time without a day.")
    weekday: int | None = None
    plain = text
    if any(map(str.isalpha, text)) or _DOTTED.search(text):
        whole, behind = clocks.behind(text)
        clock, weekday, plain = _parted(whole)
        plain = f"{plain} {clock}".rstrip() + (f" {behind}" if behind else "")
        plain = _our_months(_OF.sub("", _COMMA_BEFORE_TIME.sub(" ", plain)))
        if named := _NAMED_MONTH.match(plain):
            year = named[3]
            first, calendar = named[1], MONTHS.get(fold(named[2]), (0, ""))[1]
            # Whether 13-آذر-05 is the 13th or the 5th depends on where the column has its years.
            if len(year) == 2 and calendar == "jalali" == env.calendar and env.order != "ymd":
                day, short = (year, first) if env.order.startswith(SHORT_FIRST) else (first, year)
                first, year = day, str(full_year(int(short), "jalali"))
            elif len(year) == 2 and calendar == "gregorian":
                year = str(full_year(int(year), "gregorian"))
            plain = f"{first} {named[2]} {year}{plain[named.end() :]}"
    try:
        when = parse_when(_zoned(plain), env.now, env.calendar, env.order, env.week_start, text, env.workdays)
    except JalaliError as error:
        message = error.message.rstrip(".")
        raise FieldError(f"{message}: --dates jalali reads such a column as Jalali") from None
    if weekday is not None and when.day.weekday() != weekday:
        raise FieldError(f"'{clip(text, 40)}': that day is a {when.day:%A}")
    return when


def _parted(text: str) -> tuple[str, int | None, str]:
    """The time before a date, "" for none; the number of its day of the week, 0 for Monday, None for none; and the date
    itself, without what says which count of years it is of."""
    front = clock_in_front().fullmatch(text)
    clock, text = (front[1], front[2]) if front and any(map(str.isdecimal, front[2])) else ("", text)
    weekday, text = _without_weekday(text)
    text = _ARTICLE.sub("", text)
    for era, years in _ERAS:
        text = era.sub("", text) if years.search(digits(text)) else text
    return clock, weekday, _ORDINAL.sub(r"\1", text)


def _without_weekday(text: str) -> tuple[int | None, str]:
    """The number of the day of the week before a date, or behind a whole one as Turks have it, and the date. Before a
    time alone, as in "fri 14:30", it is the day itself."""
    date_, _, last = text.rpartition(" ")
    if last.isalpha() and (behind := WRITTEN_DAYS.get(fold(last))) is not None and _FULL_DAY.search(digits(date_)):
        return behind, date_
    words = text.split() if text.lstrip()[:1].isalpha() else []
    for count in (1, 2) if words else ():  # پنج شنبه
        date_ = " ".join(words[count:])
        weekday = WRITTEN_DAYS.get(fold(" ".join(words[:count])).strip(" ,،."))
        if weekday is None or not any(map(str.isdecimal, date_)) or _CLOCK.match(date_):
            continue
        if fold(words[0]).strip(".") not in MONTHS or named_calendar(date_):  # mar. is March, or mardi before a month
            return weekday, date_
    return None, text


def date_alone(text: str) -> str:
    """What of a cell is the date, without a time or day of the week before it and marks around it; its year with
    hyphens where it stands in front with dots. No more of the cell is looked at than a date has."""
    text = " ".join(unmarked(text[:_LONGEST]).split())
    return _DOTTED_YEAR.sub(r"\1-\2-\3", _parted(text)[2])


def named_calendar(text: str) -> str:
    """The calendar of the month that a date names, "" where it names none."""
    words = _WORD.findall(_our_months(text[:_LONGEST]))
    return next((found[1] for word in words if (found := MONTHS.get(fold(word)))), "")


def _our_months(text: str) -> str:
    """A date with its month as the grammar of dates names it."""
    return _WORD.sub(lambda word: WRITTEN_MONTHS.get(fold(word[0]), word[0]), _DEY.sub("dey", text))


def _zoned(text: str) -> str:
    """A day and time with its zone as ISO 8601 writes it, with six decimals at the most. 13 digits count milliseconds
    since 1970."""
    plain = text.strip()
    if len(plain) == 13 and plain.isdecimal() and int(plain) // 1000 in _SECONDS:
        return _counted(int(plain))
    if ":" not in text:
        return text
    text = _DECIMALS.sub(r"\1.\2", text)
    if shown := _SHOWN_ZONE.search(text):
        offset = f"{shown[1]}{shown[2]:0>2}:{shown[3] or '00'}" if shown[1] else _AMERICAN.get(shown[4], "UTC")
        text = f"{text[: shown.start()].rstrip()} {offset}"
    found = _ZONE.search(text)
    if not found:
        return text
    return text[: found.start()] + found[1].replace(",", ".") + (f"{found[2]}:{found[3] or '00'}" if found[2] else "Z")


def instant(text: str, env: Env) -> str | None:
    """A moment as it is stored, None for nothing. Raises FieldError."""
    if not text.strip():
        return None
    if len(text) == 24 and text[-1] == "Z" and text[10] == "T":
        return str(Instant().parse(text, env))
    text = _evened(text)
    _refuse_serial(text)
    return show_instant(instant_of(_when(text, env), env.now))


def _refuse_serial(text: str) -> None:
    """Spreadsheets count days from 1900; a file of text does not say that a number is such a count."""
    if _SERIAL_DAY.fullmatch(text):
        day = date(1899, 12, 30) + timedelta(days=int(text[:5]))
        raise FieldError(
            f"'{text}' is no day, unless it is a spreadsheet's count of days ({day.isoformat()}): "
            "give the column the format of a date there and save it again"
        )
