"""The words that the date grammar knows, English and Persian, and those that files have beside them, in the folded
form in which they are looked up; and the examples that it gives."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from crmcli.domain.calendars import Calendar

ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PERSIAN_DAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنج‌شنبه", "جمعه", "شنبه", "یکشنبه")
ENGLISH_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
JALALI_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
WEEKDAYS = (
    {name: number for number, name in enumerate(ENGLISH_DAYS)}
    | {name[:3]: number for number, name in enumerate(ENGLISH_DAYS)}
    | {"tues": 1, "wednes": 2, "thur": 3, "thurs": 3}
    | {fold(name): number for number, name in enumerate(PERSIAN_DAYS)}
    | {fold(name.replace("\u200c", " ")): number for number, name in enumerate(PERSIAN_DAYS)}
    | {"سشنبه": 1, "پنجشنبه": 3}
)
MONTHS: dict[str, tuple[int, Calendar]] = {}
for _number, _name in enumerate(ENGLISH_MONTHS, 1):
    MONTHS[_name] = MONTHS[_name[:3]] = (_number, "gregorian")
MONTHS["sept"] = (9, "gregorian")
for _number, _name in enumerate(JALALI_MONTHS, 1):
    MONTHS[fold(_name)] = (_number, "jalali")
#: Months as German, French, Spanish, Turkish and Russian files write them, and the Jalali ones as Afghans call them and
#: in Latin letters -> as this grammar does: whoever types one gets no guess.
WRITTEN_MONTHS = {
    fold(_name): _ours
    for _ours, _words in zip(
        (*ENGLISH_MONTHS, *JALALI_MONTHS),
        (
            "januar jan jänner janvier janv enero ene ocak oca января январь янв",
            "februar feber février févr fév febrero şubat şub февраля февраль фев февр",
            "märz mär mrz mars marzo mart марта март мар", "avril avr abril abr nisan nis апреля апрель апр",
            "mai mayo mayıs мая май", "juni juin junio haziran haz июня июнь июн",
            "juli juillet juil julio temmuz tem июля июль июл", "août agosto ago ağustos ağu августа август авг",
            "septembre septiembre eylül eyl сентября сентябрь сен сент",
            "oktober okt octobre octubre ekim eki октября октябрь окт",
            "novembre noviembre kasım kas ноября ноябрь ноя нояб",
            "dezember dez décembre diciembre dic aralık ara декабря декабрь дек",
            "farvardin حمل hamal", "ordibehesht ثور sawr", "khordad جوزا jawza", "tir سرطان saratan", "mordad اسد asad",
            "shahrivar سنبله sunbula", "mehr میزان mizan", "aban عقرب aqrab", "azar قوس qaws", "dey جدی jadi",
            "bahman دلو dalw", "esfand حوت hut",
        ),
        strict=True,
    )
    for _name in _words.split()
}  # fmt: skip
#: Days of the week that files write before a date, in those languages too.
WRITTEN_DAYS = WEEKDAYS | {
    fold(_name): _number
    for _words in (
        "montag dienstag mittwoch donnerstag freitag samstag sonntag", "mo di mi do fr sa so",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lunes martes miércoles jueves viernes sábado domingo",
        "lun mar mer jeu ven sam dim", "lun mar mié jue vie sáb dom",
        "pazartesi salı çarşamba perşembe cuma cumartesi pazar",
        "понедельник вторник среда четверг пятница суббота воскресенье", "пн вт ср чт пт сб вс",
    )
    for _number, _name in enumerate(_words.split())
}  # fmt: skip
#: Halves of the day behind a time -> as this grammar writes them.
HALVES = dict.fromkeys(("ق.ظ", "قبل از ظهر", "صبح", "a.m"), "am")
HALVES |= dict.fromkeys(("ب.ظ", "بعد از ظهر", "بعدازظهر", "عصر", "p.m"), "pm")
NEAR_DAYS = {"today": 0, "tomorrow": 1, "tom": 1, "yesterday": -1}
NEAR_DAYS |= {fold("امروز"): 0, fold("فردا"): 1, fold("دیروز"): -1, fold("پس‌فردا"): 2, fold("پس فردا"): 2}
# so- and eo-: first and last day of the period we are in
EDGES = {"w": "week", "m": "month", "q": "quarter", "y": "year"}
#: Periods by their names; Persian ones stand first, and then which one.
PERSIAN_PERIODS = {fold("هفته"): "week", fold("ماه"): "month", fold("فصل"): "quarter", fold("سال"): "year"}
SIDES = {
    fold(_name): _side
    for _side, _words in {"next": "بعد آینده آتی", "last": "قبل گذشته پیش", "this": "جاری این"}.items()
    for _name in _words.split()
}
UNITS = {
    "d": "day", "day": "day", "days": "day",
    "w": "week", "wk": "week", "week": "week", "weeks": "week",
    "m": "month", "mo": "month", "month": "month", "months": "month",
    "q": "quarter", "quarter": "quarter", "quarters": "quarter",
    "y": "year", "yr": "year", "year": "year", "years": "year",
    "wd": "workday", "workday": "workday", "workdays": "workday",
    "h": "hour", "hr": "hour", "hour": "hour", "hours": "hour",
    "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute",
    fold("روز"): "day", fold("روز کاری"): "workday", **PERSIAN_PERIODS, fold("ساعت"): "hour", fold("دقیقه"): "minute",
}  # fmt: skip
#: What stands behind a number of units -> the direction in which they are counted.
BEHIND = {"ago": -1, fold("پیش"): -1, fold("قبل"): -1, fold("بعد"): 1, fold("دیگر"): 1, fold("دیگه"): 1}
#: Numbers in words, one to thirty.
NUMBERS: dict[str, int] = {}
for _words, _twenty, _thirty, _links in (
    (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty",
        "twenty", "thirty", ("-", " "),
    ),
    (
        "یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده بیست",
        "بیست", "سی", (" و ",),
    ),
):  # fmt: skip
    _ones = _words.split()
    NUMBERS |= {fold(_name): _number for _number, _name in enumerate(_ones, 1)} | {fold(_thirty): 30}
    for _link in _links:
        NUMBERS |= {fold(_twenty + _link + _name): 20 + _number for _number, _name in enumerate(_ones[:9], 1)}
#: calendar -> how a day is written in it, in three ways
DAYS_WRITTEN = {
    "gregorian": ("2026-12-01", "1.12.2026", "1 dec 2026"),
    "jalali": ("1405-09-10", "10.9.1405", "10 آذر 1405"),
}
_HALVES = "|".join(map(re.escape, HALVES))


def day_examples(calendar: Calendar) -> str:
    """How days can be written: the hint under one that cannot be read."""
    first, second, third = DAYS_WRITTEN[calendar]
    return f"Write today, tomorrow, fri, last fri, +3d, -2w, +1m, +3wd, eom, {first}, {second} or {third}."


def time_examples(calendar: Calendar) -> str:
    """How times can be written: what may stand under the days."""
    day = DAYS_WRITTEN[calendar][0]
    return f"A time may follow the day: tomorrow 9am, fri 14:30, {day}T14:30; or stand alone: 14:30, +2h, now."


@cache
def halves() -> re.Pattern[str]:
    """Halves of a day behind a time, in other words than am and pm."""
    return re.compile(rf"(?<=\d) ?({_HALVES})\.?(?= |$)")


@cache
def clock_in_front() -> re.Pattern[str]:
    """A time and the day behind it: 14:30 tomorrow, at 9 tomorrow, 14:30 - 2026-12-01."""
    half = rf"(?: ?(?:[ap]m|{_HALVES})\.?)?"
    clock = rf"(?:(?:at|ساعت) )?\d\d?:\d\d(?::\d\d)?{half}|(?:at|ساعت) \d\d?{half}"
    return re.compile(rf"({clock})(?: -|[,،])? (.+)", re.IGNORECASE | re.DOTALL)


@cache
def counted() -> re.Pattern[str]:
    """A number of units: what stands in front of it, the number in digits or in words, the unit, what stands behind."""
    units, words, behind = (
        "|".join(map(re.escape, sorted(some, key=len, reverse=True))) for some in (UNITS, NUMBERS, BEHIND)
    )
    return re.compile(rf"([+-]|in )?(?:(\d{{1,6}}) ?|({words}) )({units})(?: ({behind}))?")


@cache
def period_edge() -> re.Pattern[str]:
    """The first or last day of the period that we are in: som, eom, end of month, پایان ماه; آخر هفته is a weekend."""
    last, weekend = fold("آخر"), fold("آخر هفته")
    return re.compile(
        r"([se])o([wmqy])|end of (?:the |this )?(week|month|quarter|year)"
        rf"|(?!{weekend})(?:پایان|{last}) (?:این )?({'|'.join(PERSIAN_PERIODS)})"
    )


def which_weekday(words: str) -> tuple[int, str] | None:
    """fri, next fri, جمعه بعد -> the day of the week, and which one: next, last or ""; None for no such words."""
    if words in WEEKDAYS:  # some are of two words
        return WEEKDAYS[words], ""
    front, _, behind = words.rpartition(" ")
    if behind in WEEKDAYS and front in ("next", "last"):
        return (WEEKDAYS[behind], front) if behind.isascii() else None
    name, side = front if front in WEEKDAYS else front.removesuffix("ی"), SIDES.get(behind, "this")
    return (WEEKDAYS[name], side) if name in WEEKDAYS and not name.isascii() and side != "this" else None
