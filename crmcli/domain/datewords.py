"""The words that the date grammar knows, English and Persian, in the folded form in which they are looked up."""

from __future__ import annotations

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
NEAR_DAYS = {"today": 0, "tomorrow": 1, "tom": 1, "yesterday": -1}
NEAR_DAYS |= {fold("امروز"): 0, fold("فردا"): 1, fold("دیروز"): -1, fold("پس‌فردا"): 2, fold("پس فردا"): 2}
# so- and eo-: first and last day of the period we are in
EDGES = {"w": "week", "m": "month", "q": "quarter", "y": "year"}
UNITS = {
    "d": "day", "day": "day", "days": "day",
    "w": "week", "wk": "week", "week": "week", "weeks": "week",
    "m": "month", "mo": "month", "month": "month", "months": "month",
    "q": "quarter", "quarter": "quarter", "quarters": "quarter",
    "y": "year", "yr": "year", "year": "year", "years": "year",
    "wd": "workday", "workday": "workday", "workdays": "workday",
    "h": "hour", "hr": "hour", "hour": "hour", "hours": "hour",
    "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute",
}  # fmt: skip
