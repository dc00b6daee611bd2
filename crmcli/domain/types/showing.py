"""Stored values as people read them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from crmcli.domain import dates, money
from crmcli.domain.types.days import read_instant
from crmcli.domain.types.numbers import Money, Percent
from crmcli.domain.types.spans import Repeat

if TYPE_CHECKING:
    from datetime import tzinfo

    from crmcli.domain.types.base import Stored, Type


def readable(
    kind: Type, stored: Stored, *, currency: str = "", zone: tzinfo | None = None, calendar: str = "gregorian"
) -> str:
    """A stored value as people read it: days and moments in their zone and calendar, an amount with its currency, a
    probability with its sign. Empty is ""."""
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

        return spoken(stored, calendar="jalali" if calendar == "jalali" else "gregorian", week=())
    return kind.show(stored) + "%" if isinstance(kind, Percent) else kind.show(stored)
