"""Lengths of time as people write them, in whole minutes: 45, 1h30, 1.5 hours, 2d, ۹۰ دقیقه, یک ساعت و نیم.

A day is 24 hours and a week 7 of them, whatever the clocks do meanwhile: these are lengths of real time.
"""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.text import clip, digits, fold
from crmcli.errors import FieldError

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
#: The longest that can be written: a leap year.
MOST = 366 * DAY
HINT = "write 45, 45m, 1h30, 1.5h, 2d or 1w; a number alone is minutes"
#: Minutes of a unit -> its words. A length has its parts in this order.
_UNITS = {
    WEEK: "w wk wks week weeks هفته",
    DAY: "d day days روز",
    HOUR: "h hr hrs hour hours std ساعت",
    1: "m min mins minute minutes دقیقه",
}
#: What is said without a figure -> the same with one.
_SAID = {
    "half an hour": "30m", "نیم ساعت": "30m", "یک ربع": "15m", "سه ربع": "45m", "و نیم": "30m",
    "an hour": "1h", "یک ساعت": "1h", "a day": "1d", "یک روز": "1d", "a week": "1w", "یک هفته": "1w",
}  # fmt: skip


def parse(text: str) -> int:
    """Read a length of time and return whole minutes, 0 to MOST.

    The parts stand in the order weeks, days, hours, minutes, each at most once; a number alone is minutes, also behind
    hours (1h30, 1:30). Raises FieldError, also for what is no whole number of minutes.
    """
    words = fold(digits(text))
    said, grammar = _patterns()
    match = grammar.fullmatch(said.sub(lambda found: _said()[found[0]], words))
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
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Phrases without figures; and a whole length: a number of each unit, or hours and minutes, or a number alone."""
    number, link = r"(\d{0,6}(?:[.,]\d{1,2})?(?<=\d))", rf"(?:(?<=\S) ?(?:(?:and|{fold('و')}|,) ?)?(?=[\d.]))?"
    parts = link.join(
        rf"(?:{number} ?(?:{'|'.join(map(fold, words.split()))})(?![^\W\d_]))?" for words in _UNITS.values()
    )
    said = "|".join(map(re.escape, sorted(_said(), key=len, reverse=True)))
    return re.compile(rf"(?<!\S)(?:{said})(?!\S)"), re.compile(
        rf"(?:{parts}|(\d{{1,5}})(?: ?(?:h|{fold('ساعت')}) ?|:)([0-5]\d)|(\d{{1,6}}))"
    )
