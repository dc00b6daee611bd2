"""Stored values as the short, harmless, straight texts of a screen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from crmcli.domain import money
from crmcli.domain.dates import show_day
from crmcli.domain.text import clip, pad, visible, width
from crmcli.domain.types import Money, readable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crmcli.domain.types.showing import Week
    from crmcli.results import Column

Align = Literal["left", "right", "center"]
#: Pieces of a line: (text, tone); the tones are those of `colours.style`.
Pieces = list[tuple[str, str]]
#: Below this nothing can be read; a terminal of 80 x 24 may lose a line to tmux.
SMALLEST = (60, 15)


class Look(NamedTuple):
    """What showing depends on: the present moment in the user's zone, their calendar, currency and week."""

    now: datetime
    calendar: str
    currency: str
    week: Week | None = None

    @property
    def today(self) -> date:
        return self.now.date()


def fit(text: str, columns: int, align: Align = "left") -> str:
    """The text in exactly so many columns: harmless, cut with an ellipsis, filled with spaces."""
    return pad(clip(visible(text), columns), columns, align)


def filled(pieces: Pieces, columns: int, rest: str) -> Pieces:
    """The pieces in exactly so many columns: cut with an ellipsis, or filled up in the tone `rest`."""
    found, room = [], columns
    for text, tone in pieces:
        taken = width(text)
        found.append((text if taken <= room else fit(text, room), tone))
        room = max(0, room - taken)
    return [*found, (" " * room, rest)] if room else found


def wrapped(text: str, columns: int, most: int) -> list[str]:
    """A text in lines of at most so many columns, broken between words; of more than `most` lines the last one is cut
    with an ellipsis."""
    found = [""]
    for word in text.split():
        longer = f"{found[-1]} {word}" if found[-1] else word
        if width(longer) <= columns or not found[-1] or len(found) == most:
            found[-1] = longer
        else:
            found.append(word)
    return [clip(line, columns) for line in found]


def short(minor: int, currency: str) -> str:
    """An amount in a few characters, without its currency: 950, 12k, 1.2M, 152M; cut, never rounded up."""
    units = abs(minor) // 10 ** money.exponent(currency)
    sign = "-" if minor < 0 else ""
    for size, mark in ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1000, "k")):
        if units >= size:
            tenths = units * 10 // size
            part = f".{tenths % 10}" if tenths < 1000 and tenths % 10 else ""
            return f"{sign}{tenths // 10}{part}{mark}"
    return f"{sign}{units}"


def worth(minor: int | None, currency: str | None, look: Look) -> str:
    """A short amount, with its currency where that is not the user's own."""
    if minor is None:
        return ""
    code = currency or look.currency
    return short(minor, code) + ("" if code == look.currency else f" {visible(code)}")


def due(day: str | None, open_tasks: int, look: Look) -> tuple[str, str]:
    """When the next task is due, and how urgent that is: (words, "bad" | "warn" | "dim")."""
    if day is None:
        return ("task", "dim") if open_tasks else ("no task", "warn")
    days = (date.fromisoformat(day) - look.today).days
    if days < 0:
        return f"{-days}d late", "bad"
    if days < 2:
        return ("tomorrow", "dim") if days else ("today", "warn")
    return (f"in {days}d" if days < 100 else show_day(date.fromisoformat(day), look.calendar)), "dim"


def value(column: Column, row: Mapping[str, Any], look: Look) -> tuple[str, Align]:
    """A cell of a list or page as plain text, and the side it stands on."""
    kind, stored = column.type, row.get(column.name)
    if kind is None:
        return ("" if stored is None else str(stored)), "left"
    currency = (row.get(column.currency or "currency") or "") if isinstance(kind, Money) else ""
    text = readable(kind, stored, currency=currency, zone=look.now.tzinfo, calendar=look.calendar, week=look.week)
    return text, "right" if kind.family in ("number", "money") else "left"
