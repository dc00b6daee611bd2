"""Times of a day, as people of six languages and their programs write them: 14:30, 2:30 pm, 14.30 Uhr, 14h30,
a las 9, saat 9.05, ساعت ۹ صبح."""

from __future__ import annotations

import re
from datetime import UTC, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.datewords import HALVES
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from datetime import tzinfo

#: What a text says that can be read as a time: a time and nothing else; it may be a length as well (9h); it may be any
#: number (10, 9.05).
TIME, LENGTH, NUMBER = "time", "length", "number"
#: Longer than any time, in characters and in words.
_LONGEST, _MOST_WORDS = 40, 7
#: What stands before a time.
_BEFORE = ("um", "à", "a la", "a las", "at", "saat", "ساعت")
#: Parts of the day -> their hours as they are said -> those of the clock. 12 is no hour of the morning in every
#: language, nor of the evening.
_EVENING = {hour: hour + 12 for hour in range(4, 12)} | {hour: hour for hour in range(16, 24)}
_MORNING = {hour: hour for hour in range(12)}
_HOURS = {
    "am": _MORNING | {12: 0},
    "pm": {hour: hour + 12 for hour in range(1, 12)} | {hour: hour for hour in range(12, 24)},
    "morning": _MORNING,
    "evening": _EVENING,
}
#: Their words, before or behind the time.
_PARTS = {
    **HALVES,
    **dict.fromkeys(("am", "a. m", "öö"), "am"),
    **dict.fromkeys(("pm", "p. m", "ös", "nachmittags", "de l'après-midi", "de la tarde", "öğleden sonra"), "pm"),
    **dict.fromkeys(
        ("morgens", "früh", "vormittags", "du matin", "de la mañana", "de la madrugada", "sabah"), "morning"
    ),
    **dict.fromkeys(("abends", "du soir", "de la noche", "akşam", "شب"), "evening"),
}
#: A whole date at the end of a text: behind nothing less is 14.30 a time.
_DATE = re.compile(r"\d{1,4}([-/.]) ?\d{1,2}\1 ?\d{1,4}\.?$|(?<!\d)\d{4}$")
_DOTTED = re.compile(r"\d\d?\.\d\d$")


#: Two times, without what ISO 8601 has where the second one is a zone.
_SPAN = re.compile(r"(?:^| )(\d\d?:\d\d) ?[-–—] ?(\d\d?:\d\d)$")


class Clock(Struct):
    """A time of the day, and what the text says that it was read from: TIME, LENGTH or NUMBER."""

    time: time
    says: str = TIME


def read(text: str) -> Clock | None:
    """Read a text as a time of a day; None for one that is none."""
    if len(text) > _LONGEST or (match := _written().fullmatch(fold(text))) is None:
        return None
    part, hour = match["part"] or match["part_before"], int(match["hour"])
    if part and (hour := _HOURS[_parts()[part]].get(hour, 24)) > 23:
        return None
    minute = match["minute"] or match["dotted"] or match["behind"] or "0"
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        clock = time(hour, int(minute), int(match["second"] or 0), int(fraction))
    except ValueError:
        return None
    if match["minute"] or part or match["before"] or "uhr" in match[0]:
        return Clock(clock)
    return Clock(clock, LENGTH if "h" in match[0] else NUMBER)


def behind(text: str) -> tuple[str, time | None]:
    """A text without the time behind its day, and that: 03.09.2026 um 14:30 Uhr, 3 mars 2026 à 9h; the text as it is,
    and None, where there is none. A number is one behind a whole date alone, with its minutes: 04.09.2026 14.30."""
    words = text.split()
    for start in range(max(1, len(words) - _MOST_WORDS), len(words)):
        clock, day = read(" ".join(words[start:])), " ".join(words[:start]).rstrip(" ,،-–")
        if clock and (clock.says != NUMBER or (_DOTTED.match(words[start]) and _DATE.search(day))):
            return day, clock.time
    return text, None


def is_span(words: str) -> bool:
    """Whether folded text ends with a time and a later one: 9:00-10:00 is no time of a zone ten hours behind, as
    9:00-05:00 or 2026-12-01T09:00-10:00 is one."""
    found = _SPAN.search(words)
    return found is not None and found[1].zfill(5) < found[2].zfill(5)


def time_of(hour: int, minute: int, second: int, fraction: str, half: str | None) -> time | None:
    """The time of a day by its hour, of 12 in a `half` of the day ("a", "p"), and the digits of a second's fraction.
    None for an hour that the half has not; raises FieldError for what no day has."""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise FieldError(
            f"There is no time {hour:02}:{minute:02}.", hint="Times run from 00:00 to 23:59, or as 2:30pm."
        )
    return time(hour, minute, second, int((fraction or "0").ljust(6, "0")))


def offset(text: str) -> tzinfo:
    """The zone of an offset: +03:30, -0500, Z, utc. Raises FieldError."""
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise FieldError(f"There is no time zone offset {text}.", hint="Write it as +03:30 or Z.")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


@cache
def _parts() -> dict[str, str]:
    return {fold(word): part for word, part in _PARTS.items()}


@cache
def _written() -> re.Pattern[str]:
    """A time as it is written, folded."""
    before, parts = (
        "|".join(re.escape(word) for word in sorted(map(fold, some), key=len, reverse=True))
        for some in (_BEFORE, _parts())
    )
    unit, minutes = "(?:uhr|h|hs|hrs?|heures?|horas?)", "(?:m|mn|min|minuten|minutes|minutos|uhr)"
    return re.compile(
        rf"(?:(?P<before>{before}) )?(?:(?P<part_before>{parts})\.? )?(?P<hour>\d\d?)(?:"
        rf":(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?(?: ?{unit})?"
        rf"|\.(?P<dotted>\d\d)(?: ?{unit})?"
        rf"| ?{unit}(?: ?(?P<behind>\d\d)(?: ?{minutes})?)?"
        rf")?(?: ?(?P<part>{parts})\.?)?"
    )
