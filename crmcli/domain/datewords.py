"""The words that the date grammar knows, English and Persian, and those that files have beside them, in the folded
form in which they are looked up."""

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
#: Months as German, French and Spanish files write them, and the Jalali ones in Latin letters -> as this grammar does:
#: whoever types one gets no guess.
WRITTEN_MONTHS = {
    fold(_name): _ours
    for _ours, _words in zip(
        (*ENGLISH_MONTHS, *JALALI_MONTHS),
        (
            "januar jan jänner janvier janv enero ene", "februar feber février févr fév febrero",
            "märz mär mrz mars marzo", "avril avr abril abr", "mai mayo", "juni juin junio", "juli juillet juil julio",
            "août agosto ago", "septembre septiembre", "oktober okt octobre octubre", "novembre noviembre",
            "dezember dez décembre diciembre dic",
            "farvardin", "ordibehesht", "khordad", "tir", "mordad", "shahrivar", "mehr", "aban", "azar", "dey",
            "bahman", "esfand",
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
    )
    for _number, _name in enumerate(_words.split())
}  # fmt: skip
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
