"""The words of recurrences, English and Persian, and the signs that the grammar reads in place of them.

every other and day week fortnight month quarter year   themselves, in the singular
3  #3  #-1   three, the third, the last        @0 @w @e   Monday, the working days, the other days
%3g  %12j    March, Esfand                     =03-12     the twelfth day of the third month
"""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.datewords import MONTHS, NUMBERS, UNITS, WEEKDAYS
from crmcli.domain.text import fold

_UNITS = ("day", "week", "fortnight", "month", "quarter", "year")
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth",
    "یکم دوم سوم چهارم پنجم ششم هفتم هشتم نهم دهم یازدهم دوازدهم سیزدهم چهاردهم پانزدهم "
    "شانزدهم هفدهم هجدهم نوزدهم بیستم",
    "اولین دومین سومین چهارمین پنجمین",
)
#: Words -> signs. Those of several words are put in before the text is taken apart.
_PHRASES = {
    "working day": "@w", "working days": "@w", "business day": "@w", "business days": "@w",
    "روز کاری": "@w", "روزهای کاری": "@w", "روز های کاری": "@w", "آخر هفته": "@e",
    "روزهای": "day", "روز های": "day",
    "سه ماهه": "every 3 month", "شش ماهه": "every 6 month", "سی ام": "#030", "سی و یکم": "#031",
    **{f"بیست و {word}": f"#0{20 + number}" for number, word in enumerate(_ORDINALS[1].split()[:9], 1)},
    **{word: str(number) for word, number in NUMBERS.items() if " " in word},
}  # fmt: skip
_WORDS = {
    "every": "every", "each": "every", "everyday": "every day", "هر": "every",
    "daily": "~every day", "weekly": "~every week", "fortnightly": "~every fortnight", "monthly": "~every month",
    "quarterly": "~every quarter", "yearly": "~every year", "annually": "~every year", "annual": "~every year",
    "روزانه": "~every day", "هفتگی": "~every week", "ماهانه": "~every month", "ماهیانه": "~every month",
    "فصلی": "~every quarter", "سالانه": "~every year", "سالیانه": "~every year",
    "روز": "day", "هفته": "week", "ماه": "month", "فصل": "quarter", "سال": "year",
    "other": "other", "and": "and", "&": "and", "و": "and", "plus": "and",
    "last": "#-1", "end": "#-1", "آخر": "#-1", "آخرین": "#-1", "پایان": "#-1",
    "اول": "#01", "سیم": "#030", "سیام": "#030",
    "weekday": "@w", "weekdays": "@w", "workday": "@w", "workdays": "@w", "weekend": "@e", "weekends": "@e",
    "of": "of", "in": "of", "on": "", "the": "", "در": "",
}  # fmt: skip


@cache
def _words() -> dict[str, str]:
    """Folded word -> signs."""
    words = {fold(word): signs for word, signs in _WORDS.items()}
    words |= {unit + ending: unit for unit in _UNITS for ending in ("", "s")}
    words |= {word: str(number) for word, number in NUMBERS.items()}
    for lists, mark in ((_ORDINALS[:1], "#"), (_ORDINALS[1:], "#0")):
        words |= {fold(word): f"{mark}{n}" for line in lists for n, word in enumerate(line.split(), 1)}
    for name, number in WEEKDAYS.items():
        words |= {name + ending: f"@{number}" for ending in ("", "s", fold("ها"), fold("های"), fold("ی"))}
    for name, (number, calendar) in MONTHS.items():
        words |= {name + ending: f"%{number}{calendar[0]}" for ending in ("", fold("ماه"))}
    return words


@cache
def _phrases() -> tuple[re.Pattern[str], dict[str, str]]:
    phrases = {fold(phrase): signs for phrase, signs in _PHRASES.items()}
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, longest_first))})(?!\S)"), phrases


#: What is said in a way of its own -> the words for it, one after the other.
_REWORDED = (
    (r"(یک|دو|سه|چهار|پنج) شنبه", r"\1شنبه"),  # a day of the week, also in two words: never three Saturdays
    (r" (?=های?(?: |$))", ""),
    (r"(?:هر )?((?:\S+ )?(?:روز|هفته|ماه|فصل|سال)\S*(?: ای)?) (?:یک|1) ?بار", r"هر \1"),  # every two weeks, once
    (r"هر (روز|هفته ?ا|ماه|سال)ی$", r"هر \1"),  # once in the week
    (r"هر هفته ?ا$", "هر هفته"),
    (r"(?:هر )?(?:(?:یک|1) )?(\S+) در میان", r"every other \1"),
    (r"(\d) (?:ام|م)(?= |$)", r"\1ام"),
    (r"once (?:an?|every|each) ", "every "),
)


@cache
def _rewordings() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), words) for pattern, words in _REWORDED)


def ordinal(number: int, *, persian: bool) -> str:
    """first to fifth, اولین to پنجمین."""
    return _ORDINALS[2 if persian else 0].split()[number - 1]


def signs_of(words: str) -> str | None:
    """Return folded text as signs with single spaces; None where a word is not known, or one that leads on (every week
    on) is the last."""
    if re.search("[#@%=~]", words):
        return None
    for pattern, instead in () if words.isascii() and "once" not in words else _rewordings():
        words = pattern.sub(instead, words)
    pattern, phrases = _phrases()
    words = pattern.sub(lambda match: phrases[match[0]], re.sub("[,،;]", " and ", words))
    found, signs = [], None
    for word in words.split():
        signs = _words().get(word)
        if signs is None:
            signs = word if word[0] in "#@%=" else _number(word)
        if signs is None:
            return None
        if signs:
            found.append(signs)
    if signs == "":
        return None
    # "a, b, and c" has one "and" too many; "12 Mehr mah" is a month with the word for it.
    return re.sub(r"(%\S+) month\b", r"\1", re.sub(r"\band(?: and)+\b", "and", " ".join(found)))


def _number(word: str) -> str | None:
    """15, 15th, 2w, 03-12."""
    if re.fullmatch(r"\d\d-\d\d", word):
        return f"={word}"
    match = re.fullmatch(r"(\d{1,6})(\D*)", word)
    if match is None:
        return None
    for endings, mark in ((("",), ""), (("st", "nd", "rd", "th"), "#"), ((fold("ام"), "م"), "#0")):
        if match[2] in endings:
            return f"{mark}{int(match[1])}"
    unit = UNITS.get(match[2], "")
    return f"{int(match[1])} {unit}" if unit in _UNITS else None
