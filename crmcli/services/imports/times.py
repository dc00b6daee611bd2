"""Columns of times of a day beside one of days: which are, what their cells say, and the moment that both make."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain import clocks, durations
from crmcli.domain.text import clip, fold
from crmcli.errors import FieldError
from crmcli.services.imports import moments, parts, titles
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.nothing import MIDNIGHT_ALONE, NULLS
from crmcli.services.imports.roles import AT_TIME, DUE_TIME, ROLES
from crmcli.services.imports.titles import own_forms, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.domain.types import Env

#: The hours in which people meet: a number or a length among these is rather a time than the hours that it took.
_USUAL = range(6, 24)
#: So many cells are judged by: further ones of a first block say no more.
_MOST_JUDGED = 200
#: Titles that head lengths of time as well, so that a number or 9h below them need be no time of a day.
_OF_LENGTHS_TOO = frozenset(map(squeeze, ("time", "zeit", "zaman", "زمان", "beginn")))
#: What brackets in a title say of lengths of time: that they are in hours, as times of a day are as well; or their
#: other units, or what they are.
_IN_HOURS = frozenset(
    map(fold, ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heures", "horas", "saat", "sa", "ساعت"))
)
_LENGTHS = frozenset(map(fold, (
    "m", "min", "mins", "minute", "minutes", "minuten", "mn", "minuto", "minutos", "dakika", "dk", "دقیقه",
    "sec", "secs", "second", "seconds", "sek", "sekunden", "secondes", "segundos", "saniye", "ثانیه",
    "duration", "length", "dauer", "durée", "duración", "süre", "süresi", "مدت",
)))  # fmt: skip
#: How a moment begins that says its day as well.
_MOMENT = re.compile(r"\s*\d{4}-\d\d-\d\d[T ]")
#: What stands in place of a time where there is none, or where nobody knows it yet; letters and digits, folded.
_NO_TIME = frozenset(
    squeeze(words)
    for words in (
        "all day", "all day event", "whole day", "full day", "entire day", "ganztägig", "ganztags", "ganzer Tag",
        "den ganzen Tag", "toute la journée", "journée entière", "journée complète", "jour entier", "todo el día",
        "día completo", "día entero", "tüm gün", "bütün gün", "tam gün", "gün boyu", "تمام روز", "کل روز", "همه روز",
        "روز کامل",
        "none", "unknown", "not known", "no time", "open", "tbd", "tba", "tbc", "keine", "unbekannt", "offen",
        "noch offen", "ohne Uhrzeit", "aucune", "inconnu", "inconnue", "à définir", "à confirmer", "sans heure",
        "ninguna", "desconocido", "desconocida", "por definir", "por confirmar", "sin hora", "yok", "bilinmiyor",
        "belirsiz", "belli değil", "هیچ", "نامشخص", "نامعلوم", "مشخص نیست", "بدون ساعت",
    )
)  # fmt: skip


def says_none(cell: str) -> bool:
    """Whether a cell of a column of times says that there is none: nothing, all day, not known, or the midnight that
    sheets show."""
    plain = fold(cell)
    words = "".join(filter(str.isalnum, plain))
    return not words or words in _NO_TIME or cell.strip() in NULLS or MIDNIGHT_ALONE.fullmatch(plain) is not None


def titled(kind: str, title: str) -> bool:
    """Whether the title of a column in a file of records of a kind is one of times of a day: Time, Uhrzeit, ساعت."""
    return any(form in _titles() for _, form in own_forms(kind, title))


def heads_lengths(kind: str, title: str, cells: Iterable[str]) -> bool:
    """Whether the brackets in a title of times say that it heads lengths: Time (min), Zeit (Std.), Heure (durée). What
    is in hours may be times nonetheless, as the title alone says, or cells that are all clocks of usual hours."""
    inside = " ".join(titles.in_brackets(title))
    words = frozenset(re.findall(r"[^\W_]+", fold(inside)))
    if not titled(kind, title) or any(map(str.isdecimal, inside)):
        return False
    if words & _LENGTHS:
        return True
    if not words & _IN_HOURS or _is_plain(kind, title):
        return False
    read = [clocks.read(cell) for cell in cells if not says_none(cell)]
    return not read or not all(one and one.says == clocks.TIME and one.time.hour in _USUAL for one in read)


def are_lengths(title: str, cells: Iterable[str]) -> bool:
    """Whether every cell below a title of lengths of time is one."""
    try:
        filled = [cell for cell in cells if cell.strip() and cell.strip() not in NULLS]
        return all(durations.parse(parts.minutes(cell, title)) >= 0 for cell in filled)
    except FieldError:
        return False


def _is_plain(kind: str, title: str) -> bool:
    """Whether a title of times can be nothing else: Uhrzeit, Due time, and not Time."""
    return any(form in _titles() and form not in _OF_LENGTHS_TOO for _, form in own_forms(kind, title))


@cache
def _titles() -> frozenset[str]:
    return frozenset(squeeze(title) for role in (DUE_TIME, AT_TIME) for title in ROLES[role].titles)


def are_times(kind: str, title: str, cells: Iterable[str], *, or_days: bool) -> bool:
    """Whether a column is one of times of a day, as one of its cells shows; of a column that may be one of moments
    (`or_days`) most of those with figures. What may be a length or a number (9h, 10, 9.05) shows it below a title that
    can head nothing else, where all cells are hours in which people meet; 14h30 below any title of times. Below such a
    title a column is one also where no cell says anything."""
    filled = [cell for cell in list(dict.fromkeys(cells))[:_MOST_JUDGED] if not says_none(cell)]
    read = [found for cell in filled if (found := clocks.read(cell))]
    if not filled:
        return titled(kind, title)
    if any(one.says == clocks.TIME for one in read):
        others = sum(any(map(str.isdecimal, cell)) for cell in filled) - len(read)
        return len(read) > others or not or_days
    if len(read) < len(filled) or not all(one.time.hour in _USUAL for one in read):
        return False
    # Nothing that people do takes 14 hours and 30 minutes.
    late = any(one.says == clocks.LENGTH and one.time.hour > 12 and one.time.minute for one in read)
    return _is_plain(kind, title) or (late and titled(kind, title))


def says_day(cell: str) -> bool:
    """Whether a cell of a column of times is a whole moment, as programs write one: 2026-12-10T14:30:00.000Z."""
    return _MOMENT.match(cell) is not None


def at_time(day: str | None, cell: str, header: str, row: int, env: Env, bad: Problems) -> str | None:
    """The moment of a time on a day, None where there is none; what is no time, or one of no day, is a problem. A whole
    moment is that one."""
    if says_none(cell):
        return None
    if says_day(cell):
        try:
            return moments.moment(cell, env)
        except FieldError as error:
            bad.setdefault(row, Problem(header, cell, error.message))
            return None
    if not day:
        bad.setdefault(row, Problem(header, cell, f"'{clip(cell, 40)}' is a time without a day"))
        return None
    clock = clocks.read(cell)
    try:
        # What no clock shows, as 14:30Z, is read as behind a day.
        return moments.moment(f"{day} {clock.time if clock else cell.strip()}", env._replace(calendar="gregorian"))
    except FieldError:
        bad.setdefault(row, Problem(header, cell, f"'{clip(cell, 40)}' is no time of a day"))
        return None
