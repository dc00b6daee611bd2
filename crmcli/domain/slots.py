"""Free time: hours in which something may be, less what is there.

Intervals are pairs of aware moments in UTC, [start, end): between moments of one zone Python compares what the clocks
show, and those repeat an hour.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import clip, fold
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

Interval = tuple[datetime, datetime]
#: Parts of a day in minutes since its midnight, ascending, with time between them; 1440 is the next midnight.
Hours = tuple[tuple[int, int], ...]
#: The hours of a day where nothing else is said.
USUAL_HOURS = "9-17"
#: Minutes that something takes which has a time and no length.
LENGTH = 30
_CLOCK = r"(\d\d?)(?::(\d\d))? ?(?:([ap])m)?"
_HINT = "write 9-17, 8:30-12,13-17:30 or 22-24,0-6"


def read_hours(text: str) -> Hours:
    """Read the hours of a day: 9-17, 8:30-12,13-17:30, 9am-5pm, 0-24. Parts that touch are one. Raises FieldError."""
    parts = []
    for part in re.split("[,،;]", fold(text)):
        match = re.fullmatch(rf"{_CLOCK} ?(?:[-–—]|to|{fold('تا')}) ?{_CLOCK}", part.strip())
        if match is None:
            raise FieldError(f"'{clip(text, 60)}' names no hours of a day", hint=_HINT)
        start, end = _minutes(*match.groups()[:3]), _minutes(*match.groups()[3:])
        if start is None or end is None:
            raise FieldError(f"'{clip(text, 60)}' has a time that no clock shows", hint=_HINT)
        if start >= end:
            raise FieldError(f"the hours '{clip(text, 60)}' end before they start", hint=_HINT)
        parts.append((start, end))
    return tuple(_joined(sorted(parts)))


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    """Minutes since midnight, 24:00 included; None where there is no such time."""
    number, rest = int(hour), int(minute or 0)
    if half:
        if not 1 <= number <= 12:
            return None
        number = number % 12 + (12 if half == "p" else 0)
    found = 60 * number + rest
    return found if rest < 60 and found <= 1440 else None


def _joined(parts: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Ascending intervals, those that overlap or touch as one."""
    last: tuple[Any, Any] | None = None
    for start, end in parts:
        if last is not None and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last


def opening(day: date, hours: Hours, zone: tzinfo) -> list[Interval]:
    """Return the hours of a day as intervals, by the clocks of a zone.

    Hours that the clocks skip are left out and those that they show twice are there twice: 0-24 is the whole of a day
    of 23 or 25 hours, and ends where the next begins.
    """
    found = [part for start, end in hours for part in _shown(day, start, end, zone)]
    return list(_joined(sorted((start, end) for start, end in found if start < end)))


def _shown(day: date, start: int, end: int, zone: tzinfo) -> list[Interval]:
    """When clocks show a part of a day: from the first time that they show its start to the last that they show its
    end, or, where they show the whole of it and then once more, these two."""
    first, second = (_edge(day, start, zone, fold) for fold in (0, 1))
    length = timedelta(minutes=end - start)
    if first + length <= second:
        last = datetime.combine(day, time()) + timedelta(minutes=end - 1)
        if (first + length - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None, fold=0) == last:
            return [(first, first + length), (second, second + length)]
    return [(first, _edge(day, end, zone, int(end < 1440)))]


def _edge(day: date, minutes: int, zone: tzinfo, fold: int) -> datetime:
    """The moment in UTC at which clocks show a time, so many minutes after midnight: of two the first for `fold` 0 and
    the second for 1. Where they skip it, the moment at which they do."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, second = (shown.replace(tzinfo=zone, fold=each).astimezone(UTC) for each in (0, 1))
    if first <= second:
        return (first, second)[fold]
    while first - second > timedelta(seconds=1):  # the clocks are put forward after `second`, and no later than `first`
        middle = second + (first - second) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < shown:
            second = middle
        else:
            first = middle
    return first.replace(microsecond=0)


def free(opened: Iterable[Interval], taken: Iterable[Interval], least: timedelta) -> list[Interval]:
    """Return what is left of each of the `opened` intervals without the `taken` ones, ascending: as long as it can be,
    and at least `least`. What is taken may overlap and has any order; what has no length takes nothing."""
    busy = list(_joined(sorted((start, end) for start, end in taken if start < end)))
    found, at = [], 0
    for first, last in sorted(opened):
        while at < len(busy) and busy[at][1] <= first:
            at += 1
        edges = [first]
        for start, end in busy[at:]:
            if start >= last:
                break
            edges += [max(start, first), min(end, last)]
        edges.append(last)
        found += [gap for gap in zip(edges[::2], edges[1::2], strict=True) if gap[1] - gap[0] >= least]
    return [gap for gap in found if gap[0] < gap[1]]


def rounded_up(moment: datetime, step: timedelta) -> datetime:
    """Return, in UTC, the first moment not before this one at which its clock shows whole steps since midnight."""
    shown = moment.replace(tzinfo=None)
    midnight = datetime.combine(shown, time())
    return moment.astimezone(UTC) + (midnight - shown) % step
