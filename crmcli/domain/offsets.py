"""Days that are counted from another day: 3d, -2w, 1m, 1y and 5wd, as `types.Offset` keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crmcli.domain.calendars import GREGORIAN_YEARS, MONTHS_IN, add_months
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from datetime import date

    from crmcli.domain.calendars import Calendar
    from crmcli.domain.workdays import Workdays

_DAYS = {"d": 1, "w": 7}
_MONTHS = {"m": MONTHS_IN["month"], "y": MONTHS_IN["year"]}


def shifted(day: date, offset: str, *, calendar: Calendar, workdays: Workdays) -> date:
    """The day that lies a stored offset from `day`, before it where the offset is negative.

    Months and years are those of `calendar`: the same day of another month, or its last day where it has no such day.
    Working days count as `Workdays.shift` does, so that 0wd is the day itself or the next one that is worked. Raises
    FieldError outside of the years of the calendar; what finding out the working days raises goes through.
    """
    text = offset.lstrip("-0123456789")
    count = int(offset.removesuffix(text))
    try:
        if text == "wd":
            found = workdays.shift(day, count)
        elif text in _MONTHS:
            found = add_months(day, count * _MONTHS[text], calendar)
        else:
            found = day + timedelta(days=count * _DAYS[text])
    except (OverflowError, ValueError):
        raise _outside(day, offset) from None
    if found.year not in GREGORIAN_YEARS:
        raise _outside(day, offset)
    return found


def _outside(day: date, offset: str) -> FieldError:
    return FieldError(f"{offset} from {day} is out of range", hint="years run from 1600 to 9999")
