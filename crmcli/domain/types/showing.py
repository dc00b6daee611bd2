"""Stored values as people read them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from crmcli.domain import dates, money
from crmcli.domain.types.days import read_instant
from crmcli.domain.types.numbers import Money, Percent
from crmcli.domain.types.spans import Repeat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import tzinfo

    from crmcli.domain.types.base import Stored, Type

    #: Tells with which day weeks begin, 0 for Monday to 6 for Sunday, and which of their days are worked.
    Week = Callable[[], tuple[int, Collection[int]]]


def readable(
    kind: Type,
    stored: Stored,
    *,
    currency: str = "",
    zone: tzinfo | None = None,
    calendar: str = "gregorian",
    week: Week | None = None,
) -> str:
    """A stored value as people read it: days and moments in their zone and calendar, an amount with its currency, a
    probability with its sign, a recurrence in the words of their `week` (`Env.week`), which is asked for nothing else.
    Empty is ""."""
    if stored is None:
        return ""
    if isinstance(kind, Money):
        return f"{money.format_money(stored, currency)} {currency}".rstrip()
    if kind.family == "instant":
        local = dates.local(read_instant(stored), zone)
        return f"{dates.show_day(local.date(), calendar)} {local:%H:%M}"
    if kind.family == "day":
        return dates.show_day(date.fromisoformat(stored), calendar)
    if isinstance(kind, Repeat):
        from crmcli.domain.recurrence import spoken

        start, worked = week() if week else (None, ())
        known = "jalali" if calendar == "jalali" else "gregorian"
        return spoken(stored, calendar=known, week_start=start, week=worked)
    return kind.show(stored) + "%" if isinstance(kind, Percent) else kind.show(stored)
