"""A recurrence as its parts, read from the text of an RRULE and written as the one text that all equal rules have."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from crmcli.domain.calendars import GREGORIAN_YEARS
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from datetime import tzinfo
    from typing import Any

    from crmcli.domain.calendars import Calendar

DAILY, WEEKLY, MONTHLY, YEARLY = FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SCALES: dict[str, Calendar] = {"GREGORIAN": "gregorian", "PERSIAN": "jalali"}
#: calendar -> how many days its months have at least, and at most
SHORTEST = {
    "gregorian": (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
    "jalali": (31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 29),
}
LONGEST = {
    "gregorian": (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
    "jalali": (31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 30),
}
MOST_INTERVAL, MOST_COUNT = 9999, 99999
#: A rule that names every day of a year has so many characters.
LONGEST_RULE = 2000
EXAMPLES = "write it as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO, FREQ=MONTHLY;BYMONTHDAY=-1 or FREQ=DAILY;COUNT=10"


class Rule(Struct):
    """The parts of an RRULE that are about days.

    `weekdays` are (which of the period, 0 for all of them; day of the week, 0 for Monday). `wkst` is 0 for Monday to 6
    for Sunday. `backward` means that a day that a month lacks is its last one (SKIP=BACKWARD of RFC 7529).
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    yeardays: tuple[int, ...] = ()
    monthdays: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()
    wkst: int = 0
    calendar: Calendar = "gregorian"
    backward: bool = False


#: Parts that are lists of numbers -> the field, the least and the greatest number, whether they count from the end too
_NUMBERS = {
    "BYMONTH": ("months", 12, False),
    "BYWEEKNO": ("weeks", 53, True),
    "BYYEARDAY": ("yeardays", 366, True),
    "BYMONTHDAY": ("monthdays", 31, True),
    "BYSETPOS": ("positions", 366, True),
}
_BY = (*_NUMBERS, "BYDAY")
_KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "RSCALE", "SKIP", *_BY}
_OF_THE_CLOCK = {"HOURLY", "MINUTELY", "SECONDLY", "BYHOUR", "BYMINUTE", "BYSECOND"}


def looks_like_rule(words: str) -> bool:
    """Whether folded text is meant as an RRULE, not as a phrase."""
    return re.match(r"rrule\b|[a-z]+ ?=", words) is not None


@lru_cache(maxsize=512)
def read(text: str, zone: tzinfo | None = None) -> Rule:
    """Read an RRULE, with its name in front or without, in any case and order; `zone` is where a moment that ends the
    series becomes a day (None: UTC). FieldError, with what to write instead, for what RFC 5545 and RFC 7529 forbid,
    for what is finer than a day, and for days that no month has."""
    words = fold(text) if len(text) <= LONGEST_RULE else ""
    parts = _parts(re.sub(r"^rrule ?:? ?", "", words), text)
    values: dict[str, Any] = {"freq": _frequency(parts.get("FREQ", ""))}
    for name, (field, most, from_end) in _NUMBERS.items():
        if name in parts:
            values[field] = _numbers(name, parts[name], most, from_end)
    if "BYDAY" in parts:
        values["weekdays"] = _weekdays(parts["BYDAY"])
    if "INTERVAL" in parts:
        values["interval"] = _number("INTERVAL", parts["INTERVAL"], MOST_INTERVAL)
    if "COUNT" in parts:
        values["count"] = _number("COUNT", parts["COUNT"], MOST_COUNT)
    if "UNTIL" in parts:
        values["until"] = _until(parts["UNTIL"], zone)
    if "WKST" in parts:
        values["wkst"] = _chosen("WKST", parts["WKST"], dict(zip(WEEKDAY_CODES, range(7), strict=True)), "WKST=MO")
    if "RSCALE" in parts:
        values["calendar"] = _chosen("RSCALE", parts["RSCALE"], SCALES, "RSCALE=PERSIAN, or leave it out")
    if "SKIP" in parts:
        hint = "SKIP=BACKWARD (the last day of a month that lacks the day), or leave it out (the month is passed over)"
        values["backward"] = _chosen("SKIP", parts["SKIP"], {"OMIT": False, "BACKWARD": True}, hint)
    rule = Rule(**values)
    _check(rule, parts)
    return settled(rule)


def _parts(words: str, text: str) -> dict[str, str]:
    """NAME -> VALUE, both in capitals."""
    parts: dict[str, str] = {}
    for part in words.upper().strip("; ").split(";"):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not value:
            raise FieldError(f"'{clip(text, 60)}' is not a recurrence rule", hint=EXAMPLES)
        if name in _OF_THE_CLOCK:
            raise _of_the_clock(name)
        if name not in _KNOWN:
            raise FieldError(f"'{clip(name, 30)}' is no part of a recurrence rule", hint=EXAMPLES)
        if name in parts:
            raise FieldError(f"{name} is given twice", hint=f"write it once, its values with commas. {EXAMPLES}")
        parts[name] = value
    return parts


def _of_the_clock(name: str) -> FieldError:
    return FieldError(
        f"{name} is finer than a day: tasks repeat by days",
        hint="leave it out, and give the time of day with the due date. Finest is FREQ=DAILY",
    )


def _frequency(value: str) -> str:
    if value in _OF_THE_CLOCK:
        raise _of_the_clock(value)
    if value not in FREQUENCIES:
        what = f"FREQ={clip(value, 30)} is not known" if value else "the recurrence rule has no FREQ"
        raise FieldError(what, hint=f"FREQ is DAILY, WEEKLY, MONTHLY or YEARLY. {EXAMPLES}")
    return value


def _number(name: str, value: str, most: int) -> int:
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else 0
    if not 1 <= number <= most:
        raise FieldError(
            f"{name}={clip(value, 30)} is out of range", hint=f"write a whole number from 1 to {most}: {name}=2"
        )
    return number


def _numbers(name: str, value: str, most: int, from_end: bool) -> tuple[int, ...]:
    found = set()
    for item in value.split(","):
        number = int(item) if re.fullmatch(r" ?[+-]?[0-9]{1,3} ?", item) else 0
        if not 1 <= abs(number) <= most or (number < 0 and not from_end):
            counted = f", or -1 (the last) to -{most}" if from_end else ""
            hint = f"write whole numbers from 1 to {most}{counted}, with commas: {name}=1"
            raise FieldError(f"{name}={clip(value, 30)} is out of range", hint=hint)
        found.add(number)
    return tuple(sorted(found, key=from_the_end_last))


def from_the_end_last(number: int) -> tuple[bool, int]:
    """The order in which days and positions are written: 1, 15, -2, -1."""
    return number < 0, number


def _weekdays(value: str) -> tuple[tuple[int, int], ...]:
    found = []
    for item in value.split(","):
        match = re.fullmatch(r" ?([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU) ?", item)
        number = int(match[1] or 0) if match else 0
        if not match or (match[1] and not 1 <= abs(number) <= 53):
            hint = "write MO, TU, WE, TH, FR, SA, SU, or 2TU for the second and -1FR for the last: BYDAY=MO,TH"
            raise FieldError(f"BYDAY={clip(value, 30)} has a day that is not known", hint=hint)
        found.append((number, WEEKDAY_CODES.index(match[2])))
    return tuple(found)


def _until(value: str, zone: tzinfo | None) -> date:
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", value)
    try:
        if match is None or int(value[:4]) not in GREGORIAN_YEARS:
            raise ValueError
        moment = datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007
        return moment.replace(tzinfo=UTC).astimezone(zone or UTC).date() if match[3] else moment.date()
    except (ValueError, OverflowError):
        raise FieldError(
            f"UNTIL={clip(value, 30)} is not a day", hint="write the last day as UNTIL=20261231 (year, month, day)"
        ) from None


def _chosen(name: str, value: str, choices: dict[str, Any], instead: str) -> Any:
    if value not in choices:
        raise FieldError(f"{name}={clip(value, 30)} is not known here", hint=f"write {instead}")
    return choices[value]


#: What RFC 5545 3.3.10 forbids beside a FREQ -> what to write instead
_FORBIDDEN = (
    (("BYWEEKNO",), (DAILY, WEEKLY, MONTHLY), "weeks of the year need FREQ=YEARLY: FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"),
    (("BYYEARDAY",), (DAILY, WEEKLY, MONTHLY), "days of the year need FREQ=YEARLY: FREQ=YEARLY;BYYEARDAY=100"),
    (("BYMONTHDAY",), (WEEKLY,), "days of the month need FREQ=MONTHLY: FREQ=MONTHLY;BYMONTHDAY=15"),
)


def _check(rule: Rule, parts: dict[str, str]) -> None:
    """What is right by itself, and not together."""
    for names, frequencies, hint in _FORBIDDEN:
        if rule.freq in frequencies and any(name in parts for name in names):
            raise FieldError(f"{names[0]} has no meaning with FREQ={rule.freq}", hint=hint)
    if rule.count and rule.until:
        raise FieldError("COUNT and UNTIL both end the series", hint="write one of them: COUNT=10 or UNTIL=20261231")
    if rule.positions and not any(name in parts for name in _BY if name != "BYSETPOS"):
        raise FieldError(
            "BYSETPOS chooses among the days of another part, and there is none",
            hint="name them: FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 is the last of these in the month",
        )
    if rule.backward and "RSCALE" not in parts:
        raise FieldError("SKIP needs RSCALE (RFC 7529)", hint="write RSCALE=GREGORIAN or RSCALE=PERSIAN in front")
    numbered = any(number for number, _ in rule.weekdays)
    if numbered and (rule.freq in (DAILY, WEEKLY) or rule.weeks):
        hint = "numbered days need a month or year: FREQ=MONTHLY;BYDAY=2TU; in weeks write BYDAY=TU"
        raise FieldError("BYDAY has a number, and there is no month or year to count in", hint=hint)
    if numbered and rule.freq == MONTHLY and all(abs(number) > 5 for number, _ in rule.weekdays):
        hint = "write 1 to 5, or -1 (the last) to -5: BYDAY=2TU"
        raise FieldError("no month has so many days of that name", hint=hint)
    longest = max(LONGEST[rule.calendar][month - 1] for month in months_of(rule))
    if rule.monthdays and not rule.backward and all(abs(day) > longest for day in rule.monthdays):
        hint = f"write a day from 1 to {longest}, or BYMONTHDAY=-1 for the last"
        raise FieldError("no month of BYMONTH has the day of BYMONTHDAY", hint=hint)


def settled(rule: Rule) -> Rule:
    """The one of all rules with these days that we keep: nothing in it that changes nothing, and RFC 5545 alone where
    that can say it, because calendars understand no more."""
    weekdays = tuple(sorted(set(rule.weekdays), key=lambda day: (from_the_end_last(day[0]), day[1])))
    rule = rule._replace(weekdays=weekdays)
    if rule.freq == DAILY and rule.interval == 1 and weekdays and not (rule.monthdays or rule.positions):
        rule = rule._replace(freq=WEEKLY)
    if not (rule.months or rule.monthdays or rule.freq in (MONTHLY, YEARLY)):
        rule = rule._replace(calendar="gregorian", backward=False)
    weeks_matter = rule.weeks or (rule.freq == WEEKLY and (rule.positions or (rule.interval > 1 and len(weekdays) > 1)))
    if rule.wkst and not weeks_matter:
        rule = rule._replace(wkst=0)
    return _without_skip(rule) if rule.backward else rule


def months_of(rule: Rule) -> tuple[int, ...]:
    """The months that a rule may fall into, 1 to 12."""
    return rule.months or tuple(range(1, 13))


def needs_day(rule: Rule) -> bool:
    """Whether the first day of the series is to say on which days of its months it falls."""
    return rule.freq in (MONTHLY, YEARLY) and not (rule.monthdays or rule.weekdays or rule.yeardays or rule.weeks)


def _without_skip(rule: Rule) -> Rule:
    """The same days without SKIP=BACKWARD, where that changes nothing or RFC 5545 can say it: the last of the days
    28 to 31 that the month has."""
    if needs_day(rule):
        return rule
    shortest = min(SHORTEST[rule.calendar][month - 1] for month in months_of(rule))
    low = tuple(day for day in rule.monthdays if day <= shortest)
    high = tuple(day for day in rule.monthdays if day > shortest)
    if not high and 366 not in rule.yeardays:
        return rule._replace(backward=False)
    one_month = rule.freq == MONTHLY or (rule.freq == YEARLY and len(rule.months) == 1)
    alone = not (rule.weekdays or rule.positions or rule.yeardays or rule.weeks or any(day < 0 for day in low))
    if rule.calendar != "gregorian" or not one_month or not alone or len(high) != 1:
        return rule
    days = sorted({*low, *range(shortest, high[0] + 1)})
    return rule._replace(monthdays=tuple(days), positions=(*range(1, len(low) + 1), -1), backward=False)


def write(rule: Rule) -> str:
    """The canonical text of a settled rule: RSCALE, FREQ, INTERVAL, the end, the BY parts by size, WKST, SKIP."""
    scale = next(name for name, calendar in SCALES.items() if calendar == rule.calendar)
    parts = [f"RSCALE={scale}"] if rule.backward or rule.calendar != "gregorian" else []
    parts.append(f"FREQ={rule.freq}")
    if rule.interval > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.count:
        parts.append(f"COUNT={rule.count}")
    if rule.until:
        parts.append(f"UNTIL={rule.until:%Y%m%d}")
    for name, (field, _, _) in _NUMBERS.items():
        if name != "BYSETPOS" and (numbers := getattr(rule, field)):
            parts.append(f"{name}={','.join(map(str, numbers))}")
    if rule.weekdays:
        names = [f"{number or ''}{WEEKDAY_CODES[day]}" for number, day in rule.weekdays]
        parts.append(f"BYDAY={','.join(names)}")
    if rule.positions:
        parts.append(f"BYSETPOS={','.join(map(str, rule.positions))}")
    if rule.wkst:
        parts.append(f"WKST={WEEKDAY_CODES[rule.wkst]}")
    if rule.backward:
        parts.append("SKIP=BACKWARD")
    return ";".join(parts)
