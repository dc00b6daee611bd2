"""Recurrences as people write them: every monday, monthly on the last day, هر دو هفته یک‌بار, or an RRULE."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.dates import not_jalali
from crmcli.domain.datewords import ENGLISH_DAYS, HALVES, NUMBERS, PERSIAN_DAYS, PERSIAN_PERIODS
from crmcli.domain.periods import last_day
from crmcli.domain.recurrence.phrase_words import ordinal, signs_of
from crmcli.domain.recurrence.rule import (
    DAILY,
    LONGEST,
    LONGEST_RULE,
    MONTHLY,
    MOST_COUNT,
    MOST_INTERVAL,
    WEEKLY,
    YEARLY,
    Rule,
    from_the_end_last,
    looks_like_rule,
    read,
    settled,
    write,
)
from crmcli.domain.text import clip, fold
from crmcli.domain.workdays import PLAIN
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from crmcli.domain.calendars import Calendar
    from crmcli.domain.workdays import Workdays

#: Monday to Friday.
WEEK = range(5)
LONGEST_PHRASE = 200

_EXAMPLES = {
    "gregorian": "every year on 12 march, every 3 days until 2026-12-31",
    "jalali": "every year on 12 آذر, هر دو هفته, every 3 days until 1405-10-10",
}
#: Words with two meanings -> what says either.
_TWO_MEANINGS = {
    "biweekly": "every 2 weeks, or every mon,thu",
    "bimonthly": "every 2 months, or monthly on the 1st and 15th",
    "semiweekly": "every mon,thu",
    "semimonthly": "monthly on the 1st and 15th",
    "biannually": "every 6 months, or every 2 years",
    "semiannually": "every 6 months",
    "biennially": "every 2 years",
}
_UNITS = {
    "day": (DAILY, 1), "week": (WEEKLY, 1), "fortnight": (WEEKLY, 2),
    "month": (MONTHLY, 1), "quarter": (MONTHLY, 3), "year": (YEARLY, 1),
}  # fmt: skip


class Item:
    """One of the days that a phrase names: the n-th, of a name, of a month, each None where it is not said."""

    __slots__ = ("month", "name", "number")

    def __init__(self, number: int | None = None, name: str | None = None, month: str | None = None) -> None:
        self.number, self.name, self.month = number, name, month

    def kind(self) -> tuple[bool, bool, bool]:
        return self.number is not None, self.name is not None, self.month is not None


_NUMBER, _NAME, _NUMBERED_NAME = (True, False, False), (False, True, False), (True, True, False)
_DAY_OF_YEAR, _NAME_OF_MONTH = (True, False, True), (True, True, True)
_FREQUENCY = {
    _NUMBER: MONTHLY, _NAME: WEEKLY, _NUMBERED_NAME: MONTHLY, _DAY_OF_YEAR: YEARLY, _NAME_OF_MONTH: YEARLY,
}  # fmt: skip


def examples(calendar: Calendar) -> str:
    """How recurrences can be written: the hint under one that cannot be read."""
    return (
        f"write every monday, every 2 weeks on fri, every weekday, monthly on the last day, {_EXAMPLES[calendar]}, "
        "monthly x10, or an RRULE: FREQ=WEEKLY;BYDAY=MO"
    )


def parse(
    text: str,
    now: datetime,
    *,
    calendar: Calendar = "gregorian",
    week_start: int = 0,
    week: Collection[int] = WEEK,
    workdays: Workdays = PLAIN,
) -> str:
    """Read a phrase or an RRULE and return the canonical text of the recurrence.

    Months and years of a phrase are those of `calendar`, and a month that lacks the day has its last day instead; those
    of an RRULE are as RFC 5545 and RFC 7529 say. `now` is aware; days and periods after "until" are read as
    `periods.last_day` reads them, which counts by `workdays`. `week_start` and `week`, the days of it that are worked,
    count from 0 for Monday; weeks begin on the first where they are counted by twos and more. Raises FieldError, with
    what can be written, for what has no meaning or two, and for what is finer than a day.
    """
    words = fold(text) if len(text) <= LONGEST_RULE else ""
    if looks_like_rule(words):
        return write(read(text, now.tzinfo))
    if not words or len(words) > LONGEST_PHRASE:
        what = f"'{clip(text, 60)}' is not a recurrence" if text.strip() else "a recurrence is missing"
        raise FieldError(what, hint=examples(calendar))
    if without := _without_clock(words):
        parse(without, now, calendar=calendar, week_start=week_start, week=week, workdays=workdays)
        hint = f"write {without}, and give the time of day with the due date, as in --due 'tomorrow 9am'"
        raise FieldError(f"'{clip(text, 60)}' has a time of day, and tasks repeat by days", hint=hint)
    _refuse_known(words, text)
    words, count, until = _without_end(words, now, calendar, week_start, workdays)
    rule = _Reader(text, calendar, week).read(words)
    return write(settled(rule._replace(count=count, until=until, wkst=week_start)))


@cache
def _finer_than_a_day() -> re.Pattern[str]:
    words = r"hourly|hours?|hrs?|\d+h|min|mins|minutes?|\d+min|minutely|every seconds?$|ساعت\S*|دقیقه\S*|ثانیه\S*"
    return re.compile(rf"(?<!\S)(?:{words})(?!\S)")


def _refuse_known(words: str, text: str) -> None:
    """What people write and cannot have, with the reason."""
    if _finer_than_a_day().search(words):
        raise FieldError(
            f"'{clip(text, 60)}' is finer than a day: tasks repeat by days",
            hint="write every day or every 2 days, and give the time of day with the due date",
        )
    for word in words.split():
        if word in _TWO_MEANINGS:
            raise FieldError(f"'{word}' can be read in two ways", hint=f"write {_TWO_MEANINGS[word]}")


@cache
def _clock() -> re.Pattern[str]:
    half = rf"(?: ?(?:[ap]m|{'|'.join(map(re.escape, HALVES))})\.?)"
    clock = rf"(?:at|ساعت) \d\d?(?::\d\d)?{half}?|\d\d?:\d\d{half}?|\d\d?{half}"
    return re.compile(rf"[,،]? ?(?<!\S)(?:{clock})(?!\S)")


def _without_clock(words: str) -> str:
    """What a phrase says without the time of day in it; "" where it has none, or nothing else."""
    if not re.search(r"\d", words):
        return ""
    head = match[1] if (match := _lasting().fullmatch(words)) else words
    without = _clock().sub("", head).strip()
    return "" if without == head else without


@cache
def _counted() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How often a series comes, in English and in Persian."""
    number = rf"\d+|{'|'.join(sorted((word for word in NUMBERS if not word.isascii()), key=len, reverse=True))}"
    return re.compile(r"(.+?)[,،]? (?:(?:for )?(\d+) times?|x ?(\d+)|(\d+) ?x)"), re.compile(
        rf"(.+?)[,،]?( برای| تا| به مدت| به تعداد)? ({number}) (?:بار|مرتبه)"
    )


@cache
def _lasting() -> re.Pattern[str]:
    return re.compile(r"(.+?)[,،]? (?:until|till|til|through|تا) (.+)")


def _how_often(words: str) -> tuple[str, str] | None:
    """The words before how often a series comes, and that, in digits; None where it is not said. هر هفته دو بار is
    twice a week, and no number of weeks."""
    english, persian = _counted()
    if not words.endswith(("بار", "مرتبه")):
        match = english.fullmatch(words)
        return (match[1], match[2] or match[3] or match[4]) if match else None
    match = persian.fullmatch(words)
    if match is None:
        return None
    written = str(NUMBERS.get(match[3], match[3]))
    per_period = match[1].split()[-1] in {"روز", *PERSIAN_PERIODS}
    return None if not match[2] and (per_period or written == "1") else (match[1], written)


def _without_end(
    words: str, now: datetime, calendar: Calendar, week_start: int, workdays: Workdays
) -> tuple[str, int | None, date | None]:
    """The words before the end of a series, how often it comes, and its last day."""
    if counted := _how_often(words):
        head, written = counted
        count = int(written) if len(written) < 9 else 0
        if not 1 <= count <= MOST_COUNT:
            hint = f"write 1 to {MOST_COUNT} times, or no number for a series without an end"
            raise FieldError(f"a series cannot have {clip(written, 20)} days", hint=hint)
        if _lasting().fullmatch(head):
            raise FieldError("the series has two ends", hint="write one of them: x10, or until and a day")
        return head, count, None
    if match := _lasting().fullmatch(words):
        return match[1], None, last_day(match[2], now, calendar, week_start, workdays)
    return words, None, None


_HEAD = r"~?every (?:(?P<interval>other|\d+|#[2-9]|#1\d) )?(?P<unit>day|week|fortnight|month|quarter|year)"


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    """Where in a phrase the frequency stands, the days before or after it; the first that fits counts."""
    return tuple(
        re.compile(form)
        for form in (
            _HEAD,
            rf"(?!\d+ ~)(?P<days>.+?)(?: of)? {_HEAD}",
            r"(?:every )?(?P<days>\d.* of|[#@d].+?)(?: of)? (?P<unit>month|year)",
            rf"{_HEAD} (?P<days>.+)",
            r"every (?P<interval>other) (?P<days>.+)",
            r"every (?!\d+(?: and |$))(?P<days>.+)",  # every 15: days, or the 15th?
        )
    )


@cache
def _items() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?P<number>#-?\d+|\d+)(?: (?P<name>@.))?|(?P<name2>@.)(?: (?P<number2>#-?\d+))?|=(?P<mmdd>\S+))"
        r"(?: %(?P<month>\d+[gj]))?|%(?P<month2>\d+[gj]) (?P<number3>#?\d+)"
    )


class _Reader:
    """A phrase being read, and what its meaning depends on."""

    def __init__(self, text: str, calendar: Calendar, week: Collection[int]) -> None:
        self.text, self.calendar, self.week = text, calendar, week

    def refused(self, hint: str = "", ways: int = 2) -> FieldError:
        what = "can be read in two ways" if hint and ways > 1 else "is not a recurrence"
        return FieldError(f"'{clip(self.text, 60)}' {what}", hint=hint or examples(self.calendar))

    def read(self, words: str) -> Rule:
        signs = signs_of(words)
        if not signs:
            raise self.refused()
        match = next(filter(None, (form.fullmatch(signs) for form in _forms())), None)
        if match is None:
            items = self.items(signs)
            if any(item.kind() != _NAME for item in items):
                raise self.refused()
            return self.rule(WEEKLY, 1, items)
        said = match.groupdict()
        number, unit = said.get("interval") or "1", said.get("unit")
        interval = 2 if number == "other" else int(number.lstrip("#"))
        if not 1 <= interval <= MOST_INTERVAL:
            hint = f"write 1 to {MOST_INTERVAL}: every 2 weeks"
            raise FieldError(f"'{clip(self.text, 60)}' is out of range", hint=hint)
        items = self.items(said["days"]) if said.get("days") else []
        if unit == "quarter" and items:
            quarters = "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"
            raise self.refused(f"write every 3 months on the last day, which counts from the first, or {quarters}")
        freq, times = _UNITS[unit] if unit else (self.frequency(items, interval), 1)
        return self.rule(freq, interval * times, items)

    def frequency(self, items: list[Item], interval: int) -> str:
        """What comes back is said by the days alone: every monday, every 15th, every 12 march."""
        freq = _FREQUENCY.get(items[0].kind(), "")
        if interval > 1 and freq != WEEKLY:
            raise self.refused()
        if len(items) == 1 and items[0].kind() == _NUMBERED_NAME and (items[0].number or 0) > 1:
            raise self.every_nth(items[0])
        return freq

    def every_nth(self, item: Item) -> FieldError:
        """For every 3rd tuesday: of all, or of each month? And for every 3 workdays and weekends, which no rule has."""
        number, persian = item.number or 0, not fold(self.text).isascii()
        days = [(PERSIAN_DAYS if persian else ENGLISH_DAYS)[day] for day in self.named(item)]
        day = (" و " if persian else " and ").join(days)
        advice = [f"هر {number} هفته {day}" if persian else f"every {number} weeks on {day}"]
        if item.name == "@w":
            day = "روز کاری" if persian else "weekday"
            advice = [f"هر {number} روز", f"هر {day}"] if persian else [f"every {number} days", f"every {day}"]
        if number <= 5 and item.name != "@e":
            nth = ordinal(number, persian=persian)
            advice.append(f"{nth} {day} هر ماه" if persian else f"monthly on the {nth} {day}")
        *others, last = advice
        hint = f"write {', '.join(others)}, or {last}" if others else f"write {last}"
        if item.name == "@w":
            return FieldError(f"'{clip(self.text, 60)}' counts working days, and tasks repeat by all days", hint=hint)
        return self.refused(hint, ways=len(advice))

    def items(self, signs: str) -> list[Item]:
        """The days that are named; "first and third monday" has the name once for both."""
        found: list[Item] = []
        for part in signs.split(" and "):
            match = _items().fullmatch(" ".join(sign for sign in part.split() if sign not in ("day", "of")))
            if match is None:
                raise self.refused()
            month = match["month"] or match["month2"]
            number = match["number"] or match["number2"] or match["number3"]
            if match["mmdd"]:
                month, number = f"{int(match['mmdd'][:2])}{self.calendar[0]}", match["mmdd"][3:]
            found.append(Item(int(number.lstrip("#")) if number else None, match["name"] or match["name2"], month))
        for item, after in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
            if item.kind() == _NUMBER and after.kind() in (_NUMBERED_NAME, _NAME_OF_MONTH, _DAY_OF_YEAR):
                item.name, item.month = after.name, after.month
        return found

    def rule(self, freq: str, interval: int, items: list[Item]) -> Rule:
        """The rule of a frequency and the days that are named, which have to be of one kind."""
        rule = Rule(freq, interval, calendar=self.calendar, backward=freq in (MONTHLY, YEARLY))
        if not items:
            return rule
        kind = items[0].kind()
        if any(item.kind() != kind for item in items) or _FREQUENCY.get(kind) != freq:
            raise self.refused()
        numbers = tuple(dict.fromkeys(item.number or 0 for item in items))
        if items[0].month:
            months, calendar = self.months(items)
            rule = rule._replace(months=months, calendar=calendar)
        if kind in (_NUMBER, _DAY_OF_YEAR):
            return self.with_days(rule, numbers)
        return self.with_names(rule, numbers, items)

    def months(self, items: list[Item]) -> tuple[tuple[int, ...], Calendar]:
        """The months of days of the year: of one calendar, with the same day in each."""
        signs = list(dict.fromkeys(item.month or "" for item in items))
        if len({sign[-1] for sign in signs}) > 1 or (len(signs) > 1 and len({item.number for item in items}) > 1):
            raise self.refused()
        calendar = "jalali" if signs[0][-1] == "j" else "gregorian"
        if calendar == "jalali" and self.calendar != "jalali":
            raise not_jalali(self.text)
        months = tuple(sorted(int(sign[:-1]) for sign in signs))
        if not 1 <= months[0] <= months[-1] <= 12:
            raise self.absent()
        return months, calendar

    def with_days(self, rule: Rule, numbers: tuple[int, ...]) -> Rule:
        longest = [LONGEST[rule.calendar][month - 1] for month in rule.months] or [31]
        if not all(number == -1 or 1 <= number <= min(longest) for number in numbers):
            raise self.absent()
        return rule._replace(monthdays=tuple(sorted(numbers, key=from_the_end_last)))

    def with_names(self, rule: Rule, numbers: tuple[int, ...], items: list[Item]) -> Rule:
        if rule.freq != WEEKLY and not all(number == -1 or 1 <= number <= 5 for number in numbers):
            raise self.absent()
        names = {item.name for item in items}
        if rule.freq == WEEKLY or not names & {"@w", "@e"}:
            found = tuple((item.number or 0, day) for item in items for day in self.named(item))
            return rule._replace(weekdays=found)
        if len(names) > 1 or len(rule.months) > 1:
            raise self.refused()
        positions = tuple(sorted(numbers, key=from_the_end_last))
        return rule._replace(weekdays=tuple((0, day) for day in self.named(items[0])), positions=positions)

    def named(self, item: Item) -> list[int]:
        """The days of the week of a name: one, the working days, or all others."""
        if item.name in ("@w", "@e"):
            return [day for day in range(7) if (day in self.week) == (item.name == "@w")]
        return [int((item.name or "@0")[1:])]

    def absent(self) -> FieldError:
        """For the 32nd, the sixth Monday, 30 February, the 0th."""
        return FieldError(
            f"'{clip(self.text, 60)}' names a day that is not there",
            hint="write the 1st to the 31st or the last day, the first to the fifth monday or the last, 28 february",
        )
