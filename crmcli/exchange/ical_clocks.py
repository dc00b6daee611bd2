"""The VTIMEZONE of an IANA zone (RFC 5545, 3.6.5), from a year on.

icalendar makes one too, of lists of days up to 2037. vobject 0.9, which radicale reads with, passes such lists over and
then knows no summer time at all, and in icalendar 7.3 the onsets are on the clock after the change, where the RFC wants
the one before it. So changes that follow a yearly rule are written as that rule here, and any other by itself.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from crmcli.exchange.ical_values import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

#: No clock is looked at before this year.
FIRST_YEAR = 1970
#: Rules of today are seen from so many years, and until this year at least.
_YEARS, _UNTIL = 15, 2040
#: Recife had a summer time of seven days in 2000.
_STEP = timedelta(days=3)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Change(NamedTuple):
    """`onset` is the clock before it."""

    instant: datetime
    onset: datetime
    was: timedelta
    now: timedelta


@lru_cache(maxsize=256)
def zone_lines(key: str, year: int) -> tuple[str, ...]:
    """The VTIMEZONE of an IANA zone as unfolded lines: its clocks from the beginning of a year on, for ever."""
    zone = ZoneInfo(key)
    begin = max(year, FIRST_YEAR)
    last = min(max(begin + _YEARS, _UNTIL), 9990)
    changes = list(_changes(zone, begin, last))
    start = datetime(begin, 1, 1, tzinfo=zone)
    offset = start.utcoffset() or timedelta(0)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{key}"]
    lines += _observance(zone, _Change(start.astimezone(UTC), start.replace(tzinfo=None), offset, offset), "")
    for run, rule in _runs(changes):
        if rule and run[-1].onset.year < last:
            rule += f";UNTIL={stamp(run[-1].instant)}Z"
        for change in run[:1] if rule else run:
            lines += _observance(zone, change, rule)
    return (*lines, "END:VTIMEZONE")


def _observance(zone: ZoneInfo, change: _Change, rule: str) -> Iterator[str]:
    there = change.instant.astimezone(zone)
    kind = "DAYLIGHT" if there.dst() else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{stamp(change.onset)}"
    if rule:
        yield f"RRULE:FREQ=YEARLY;{rule}"
    yield f"TZOFFSETFROM:{_offset(change.was)}"
    yield f"TZOFFSETTO:{_offset(change.now)}"
    yield f"TZNAME:{there.tzname()}"
    yield f"END:{kind}"


def _offset(shift: timedelta) -> str:
    minutes, seconds = divmod(abs(int(shift.total_seconds())), 60)
    return (
        f"{'-' if shift < timedelta(0) else '+'}{minutes // 60:02}{minutes % 60:02}{f'{seconds:02}' if seconds else ''}"
    )


def _changes(zone: ZoneInfo, begin: int, last: int) -> Iterator[_Change]:
    """Each change of the clocks in these years, by steps and then by halves."""
    low = datetime(begin, 1, 1, tzinfo=zone).astimezone(UTC)
    end = datetime(last, 12, 31, tzinfo=UTC)
    was = low.astimezone(zone).utcoffset() or timedelta(0)
    while low < end:
        high = low + _STEP
        now = high.astimezone(zone).utcoffset() or timedelta(0)
        if now == was:
            low = high
            continue
        before, after = low, high
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
            if middle.astimezone(zone).utcoffset() == was:
                before = middle
            else:
                after = middle
        now = after.astimezone(zone).utcoffset() or timedelta(0)
        yield _Change(after, after.replace(tzinfo=None) + was, was, now)
        low, was = after, now


def _runs(changes: list[_Change]) -> Iterator[tuple[list[_Change], str]]:
    """The changes in runs of one in each year that one rule says, with the rule; "" where it is fewer than three."""
    open_runs: dict[tuple[object, ...], tuple[list[_Change], set[str]]] = {}
    done: list[tuple[list[_Change], set[str]]] = []
    for change in changes:
        key = (change.was, change.now, change.onset.month, change.onset.time())
        run, rules = open_runs.get(key, ([], set()))
        fitting = rules & set(_rules(change.onset.date()))
        if run and fitting and change.onset.year == run[-1].onset.year + 1:
            run.append(change)
            open_runs[key] = run, fitting
        else:
            done.append((run, rules))
            open_runs[key] = [change], set(_rules(change.onset.date()))
    found = [(run, rules) for run, rules in (*done, *open_runs.values()) if run]
    for run, rules in sorted(found, key=lambda one: one[0][0].instant):
        first = next(rule for rule in _rules(run[0].onset.date()) if rule in rules)
        yield run, first if len(run) > 2 else ""


def _rules(day: date) -> Iterator[str]:
    """What a yearly rule may say of a day, the likeliest first: the last Sunday, the second, the Friday from the 23rd
    on, the 1st."""
    weekday, length = _WEEKDAYS[day.weekday()], monthrange(day.year, day.month)[1]
    if day.day + 7 > length:
        yield f"BYMONTH={day.month};BYDAY=-1{weekday}"
    yield f"BYMONTH={day.month};BYDAY={(day.day + 6) // 7}{weekday}"
    for first in range(max(1, day.day - 6), min(day.day, length - 6) + 1):
        days = ",".join(str(number) for number in range(first, first + 7))
        yield f"BYMONTH={day.month};BYMONTHDAY={days};BYDAY={weekday}"
    yield f"BYMONTH={day.month};BYMONTHDAY={day.day}"
