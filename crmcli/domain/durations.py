"""Lengths of time as people write them, in whole minutes: 45, 1h30, 1.5 hours, 2d, ۹۰ دقیقه, یک ساعت و نیم; and
as Germans, French, Spaniards and Turks do: 15 Minuten, 1 jour, 2 horas, yarım saat.

A day is 24 hours and a week 7 of them, whatever the clocks do meanwhile: these are lengths of real time.
"""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.datewords import NUMBERS
from crmcli.domain.text import clip, digits, fold
from crmcli.errors import FieldError

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
#: The longest that can be written: a leap year.
MOST = 366 * DAY
HINT = "write 45, 45m, 1h30, 1.5h, 2d or 1w; a number alone is minutes"
#: Minutes of a unit -> its words. A length has its parts in this order.
_UNITS = {
    WEEK: "w wk wks week weeks هفته woche wochen semaine semaines semana semanas hafta",
    DAY: "d day days روز tag tage tagen jour jours día días gün",
    HOUR: "h hr hrs hour hours std ساعت stunde stunden heure heures hora horas saat sa",
    1: "m min mins minute minutes دقیقه minuten minuto minutos mn dakika dk",
}
#: What is said without a figure -> the same with one.
_SAID = {
    "half an hour": "30m", "نیم ساعت": "30m", "یک ربع": "15m", "سه ربع": "45m",
    "an hour": "1h", "یک ساعت": "1h", "a day": "1d", "یک روز": "1d", "a week": "1w", "یک هفته": "1w",
    **dict.fromkeys(("halbe stunde", "eine halbe stunde", "demi-heure", "une demi-heure", "media hora", "yarım saat"),
                    "30m"),
    **dict.fromkeys(("viertelstunde", "eine viertelstunde", "un quart d'heure", "quart d'heure", "un cuarto de hora",
                     "cuarto de hora", "çeyrek saat"), "15m"),
    **dict.fromkeys(("eine stunde", "une heure", "una hora", "bir saat"), "1h"),
    **dict.fromkeys(("ein tag", "einen tag", "un jour", "un día", "bir gün"), "1d"),
    **dict.fromkeys(("eine woche", "une semaine", "una semana", "bir hafta"), "1w"),
}  # fmt: skip


#: Numbers from two on as Germans, French, Spaniards and Turks write them.
_NUMBERS = (
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", "deux trois quatre cinq six sept huit neuf dix",
    "dos tres cuatro cinco seis siete ocho nueve diez", "iki üç dört beş altı yedi sekiz dokuz on",
)  # fmt: skip


def parse(text: str) -> int:
    """Read a length of time and return whole minutes, 0 to MOST.

    The parts stand in the order weeks, days, hours, minutes, each at most once; a number alone is minutes, also behind
    hours (1h30, 1:30). Raises FieldError, also for what is no whole number of minutes.
    """
    words = fold(digits(text))
    said, numbers, half, grammar = _patterns()
    words = said.sub(lambda found: _said()[found[0]], words)
    words = numbers.sub(lambda found: str(_numbers()[found[0]]), words)
    match = grammar.fullmatch(half.sub(r"\1.5 \2", words))
    if match is None or not any(match.groups()):
        raise FieldError(f"'{clip(text, 60)}' is not a length of time", hint=HINT)
    *parts, hours, rest, alone = match.groups()
    if alone or hours:
        minutes, odd = HOUR * int(hours or 0) + int(rest or alone), 0
    else:
        counted = [_hundredths(part) * unit for part, unit in zip(parts, _UNITS, strict=True)]
        minutes, odd = divmod(sum(counted), 100)
    if odd:
        raise FieldError(f"'{clip(text, 60)}' is no whole number of minutes", hint=HINT)
    if minutes > MOST:
        raise FieldError(f"'{clip(text, 60)}' is longer than a year", hint=HINT)
    return minutes


def spoken(minutes: int) -> str:
    """Return a length so that `parse` reads it: 15m, 1h30, 26h, and whole days and weeks as 2d and 1w."""
    for unit, letter in ((WEEK, "w"), (DAY, "d")):
        if minutes and minutes % unit == 0:
            return f"{minutes // unit}{letter}"
    hours, rest = divmod(minutes, HOUR)
    if not hours:
        return f"{rest}m"
    return f"{hours}h{rest:02}" if rest else f"{hours}h"


def _hundredths(number: str | None) -> int:
    whole, _, part = (number or "0").replace(",", ".").partition(".")
    return 100 * int(whole or 0) + int(part.ljust(2, "0"))


@cache
def _said() -> dict[str, str]:
    return {fold(words): figure for words, figure in _SAID.items()}


@cache
def _numbers() -> dict[str, int]:
    return NUMBERS | {fold(word): n for words in _NUMBERS for n, word in enumerate(words.split(), 2)}


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Phrases without figures; numbers in words before a unit; a number and its unit before the Persian for half of it
    more; and a whole length: a number of each unit, or hours and minutes, or a number alone."""
    number, ends = r"(\d{0,6}(?:[.,]\d{1,2})?(?<=\d))", r"(?![^\W\d_])(?:\.(?!\S))?"
    link = rf"(?:(?<=\S) ?(?:(?:and|und|et|y|ve|{fold('و')}|,) ?)?(?=[\d.]))?"
    units = ["|".join(map(fold, words.split())) for words in _UNITS.values()]
    parts = link.join(rf"(?:{number} ?(?:{words}){ends})?" for words in units)
    said = "|".join(map(re.escape, sorted(_said(), key=len, reverse=True)))
    counted = "|".join(map(re.escape, sorted(_numbers(), key=len, reverse=True)))
    return (
        re.compile(rf"(?<!\S)(?:{said})(?!\S)"),
        re.compile(rf"(?<!\S)(?:{counted})(?= (?:{'|'.join(units)}){ends})"),
        re.compile(rf"(?<!\S)(\d{{1,5}}) ?({'|'.join(units)}) {fold('و نیم')}(?!\S)"),
        re.compile(rf"(?:{parts}|(\d{{1,5}})(?: ?(?:h|{fold('ساعت')}) ?|:)([0-5]\d)|(\d{{1,6}}))"),
    )
