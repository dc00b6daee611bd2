"""Spans of time: how long something takes, how far it is from a day, how often it comes again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.text import clip, digits, fold
from crmcli.domain.types.base import Type
from crmcli.domain.types.numbers import Integer
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored

#: The longest that anything takes, and the earliest that anybody is reminded, in minutes.
LONGEST, EARLIEST = 100_000, 366 * 24 * 60
#: So many reminders has a task at most.
MOST_REMINDERS = 10
#: What stands in place of reminders where there are to be none, not the usual ones either.
SILENT = "none"
_SILENT = frozenset(
    (SILENT, "never", "keine", "nie", "aucun", "jamais", "ninguno", "nunca", "yok", "asla", "هیچ", "بدون")
)
_UNITS = {
    "d": "d", "day": "d", "days": "d", "روز": "d", "w": "w", "week": "w", "weeks": "w", "هفته": "w",
    "m": "m", "month": "m", "months": "m", "ماه": "m", "y": "y", "year": "y", "years": "y", "سال": "y",
    **dict.fromkeys(("tag", "tage", "tagen", "jour", "jours", "dia", "dias", "gun"), "d"),
    **dict.fromkeys(("woche", "wochen", "semaine", "semaines", "semana", "semanas", "hafta"), "w"),
    **dict.fromkeys(("monat", "monate", "monaten", "mois", "mes", "meses", "ay"), "m"),
    **dict.fromkeys(("jahr", "jahre", "jahren", "an", "ans", "annee", "annees", "ano", "anos", "yil"), "y"),
    "wd": "wd", "workday": "wd", "workdays": "wd", "working day": "wd", "working days": "wd", "روز کاری": "wd",
}  # fmt: skip
_SPAN = re.compile(r"([+-]?)\s*(\d{1,4})\s*([^\W\d_]+(?: [^\W\d_]+)?)")
_SIDES = {"before": "-", "after": "", "قبل": "-", "بعد": ""}
#: Words for the rhythm of those who are never due.
_NEVER = frozenset(("never", "هرگز", "هیچوقت", "هیچ وقت"))
#: Days of the units that a rhythm is said in.
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


class Duration(Integer):
    """How long something takes: whole minutes, typed as 45, 45m or 1h30."""

    name = "duration"

    def __init__(self) -> None:
        super().__init__(0, LONGEST, "minutes")

    def parse(self, text: str, env: Env) -> Stored:
        from crmcli.domain import durations

        if not text.strip():
            return None
        found = durations.parse(text)
        if found > self.high:
            raise FieldError(f"'{clip(text, 60)}' is longer than {self.high:,} minutes")
        return found


class Reminders(Type):
    """When to be reminded: minutes before, each once, ascending, with commas; typed as 15m,1d. Empty leaves it to what
    is usual, and `none` is no reminder at all."""

    name = "reminders"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        from crmcli.domain import durations

        if fold(text).strip() in _SILENT:
            return SILENT
        found = {durations.parse(part) for part in re.split("[,،;]", text) if part.strip()}
        if found and max(found) > EARLIEST:
            raise FieldError(f"'{clip(text, 60)}' is more than a year before")
        if len(found) > MOST_REMINDERS:
            raise FieldError(f"{len(found)} reminders are too many", hint=f"a task has at most {MOST_REMINDERS}")
        return ",".join(map(str, sorted(found))) or None

    def show(self, stored: Stored) -> str:
        from crmcli.domain import durations

        return stored if stored == SILENT else ",".join(map(durations.spoken, reminder_minutes(stored)))


def reminder_minutes(stored: str | None) -> tuple[int, ...]:
    """The minutes of a stored value of `Reminders`, ascending."""
    return tuple(map(int, stored.split(","))) if stored and stored != SILENT else ()


class Offset(Type):
    """How far a day is from another one: 3d, -2w, 1m, 1y, 5wd (working days); negative is before."""

    name = "offset"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        if not text.strip():
            return None
        words = fold(digits(text)).replace("\u200c", " ")
        body, _, side = words.rpartition(" ")
        sign = _SIDES.get(side)
        found = _SPAN.fullmatch(body if sign is not None else words)
        unit = _UNITS.get(found[3]) if found else None
        if found is None or unit is None or (sign is not None and found[1]):
            raise FieldError(f"'{clip(text, 60)}' is no number of days", hint="write 3d, 2w, 1m, 5wd, or -3d: before")
        number = int(found[2])
        return f"{(sign if sign is not None else found[1].strip('+')) if number else ''}{number}{unit}"


class Rhythm(Integer):
    """How often to be in touch: a number of days, typed as 30, 30d, 4w, 3m (months of 30 days) or 1y; `never`, or 0 as
    JSON has it, is 0."""

    name = "rhythm"

    def __init__(self) -> None:
        super().__init__(1, 3660, "days")

    def parse(self, text: str, env: Env) -> Stored:
        words = fold(digits(text)).strip()
        words = words.removeprefix("every ").strip() if words.startswith("every ") else words
        if not words:
            return None
        if words.replace("\u200c", " ") in _NEVER or not words.strip("0"):
            return 0
        found = _SPAN.fullmatch(f"{words} d" if words.isdigit() else words)
        unit = _UNITS.get(found[3], "") if found else ""
        if found is None or found[1] or unit not in _DAYS:
            hint = "write a number of days, 30d, 4w, 3m or 1y, or never"
            raise FieldError(f"'{clip(text, 60)}' is no rhythm", hint=hint)
        return super().parse(str(int(found[2]) * _DAYS[unit]), env)

    def show(self, stored: Stored) -> str:
        return "never" if stored == 0 else super().show(stored)


class Repeat(Type):
    """What comes again: an RRULE in its canonical form, typed as people say it (see `domain.recurrence`)."""

    name = "recurrence"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        from crmcli.domain.recurrence import parse

        if not text.strip():
            return None
        return parse(
            text,
            env.now,
            calendar="jalali" if env.calendar == "jalali" else "gregorian",
            week_start=env.week_start,
            week=env.workdays.week(env.now.year),
            workdays=env.workdays,
        )
