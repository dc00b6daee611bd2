"""What comes when in a series: its first day, the next one, the rest; all from a rule's text and one of its days."""

from __future__ import annotations

from datetime import date
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from crmcli.domain.recurrence.expanding import days_from, days_in, period_of, split
from crmcli.domain.recurrence.rule import DAILY, WEEKLY, YEARLY, needs_day, read, settled, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.domain.recurrence.rule import Rule


def anchored(rule: str, day: date) -> str:
    """Return the rule with all that it takes from the first day of its series named in it.

    After that every day of the series says as much as the first: `monthly` from 31 January on stays at the ends of
    months, and does not become the 28th after February. A rule that names its days is returned as it is.
    """
    return write(_anchored(read(rule), day))


def first(rule: str, start: date) -> date | None:
    """Return the first day of a series that may begin on `start`; None where it has none.

    No interval has begun yet: every 2 weeks on Friday begins on the next Friday.
    """
    named = _anchored(read(rule), start)._replace(interval=1)
    return _day(next(days_from(named, start.toordinal(), start.toordinal()), None))


def following(rule: str, after: date, *, not_before: date | None = None) -> tuple[date, int] | None:
    """Return the first day of the series after `after` that is not before `not_before`, and how many it has between.

    `after` is the day of the series that was last, and the first that COUNT counts; where a task was put off, it is the
    day that the task had before, for weeks and months are counted from there. None where UNTIL, COUNT or the calendar
    ends the series.
    """
    named, anchor = _anchored(read(rule), after), after.toordinal()
    since = anchor + 1 if not_before is None else max(anchor + 1, not_before.toordinal())
    passed = _days_between(named, anchor, since)
    if named.count is not None and passed + 2 > named.count:
        return None
    found = _day(next(days_from(named, anchor, since), None))
    return None if found is None else (found, passed)


def after_done(rule: str, done: date) -> date | None:
    """Return the next day of a series that is counted from the day on which the last one was done; None at its end.

    A rule that names no day counts from that day itself: done + 14 days, the same day of the next month or its last.
    One that names days has the next of them; with an interval, that of the period an interval later, unless the
    period has had one of several by then: every 2 weeks on Friday, done on a Wednesday, comes on the Friday in two
    weeks.
    """
    named, anchor = _anchored(read(rule), done), done.toordinal()
    if named.count == 1:
        return None
    since, this_period = anchor + 1, days_in(named, period_of(named, anchor))
    if named.interval > 1 and this_period and this_period[0] > anchor:
        since = this_period[-1] + 1
    return _day(next(days_from(named, anchor, since), None))


def occurrences(rule: str, start: date, limit: int) -> Iterator[date]:
    """Yield up to `limit` days of a series, ascending, from its first on or after `start` on; fewer where it ends."""
    begin = first(rule, start)
    if begin is None:
        return
    named, anchor = _anchored(read(rule), begin), begin.toordinal()
    most = limit if named.count is None else min(limit, named.count)
    yield from map(date.fromordinal, islice(days_from(named, anchor, anchor), most))


def less_one(rule: str, passed: int = 0) -> str | None:
    """Return the rule for the next of a series: its COUNT less the one that is over and those that were passed over;
    None where no more are left. A rule without COUNT stays."""
    parts = read(rule)
    if parts.count is None:
        return write(parts)
    left = parts.count - 1 - passed
    return write(parts._replace(count=left)) if left > 0 else None


def as_rrule(rule: str, start: date) -> str | None:
    """Return the rule, for a series that starts on `start`, as every calendar understands it (RFC 5545 alone); None for
    one in Jalali months or years and for the few that need SKIP: their days go out one by one.

    UNTIL is a day. Beside a DTSTART that is a moment RFC 5545 wants it as a moment in UTC.
    """
    named = _anchored(read(rule), start)
    return None if named.backward or named.calendar != "gregorian" else write(named)


def _anchored(rule: Rule, day: date) -> Rule:
    if needs_day(rule):
        _, month, number = split(day.toordinal(), rule.calendar)
        months = rule.months or ((month,) if rule.freq == YEARLY else ())
        return settled(rule._replace(months=months, monthdays=(number,)))
    if (rule.freq == WEEKLY or rule.weeks) and not (rule.weekdays or rule.monthdays or rule.yeardays):
        return settled(rule._replace(weekdays=((0, day.weekday()),)))
    return rule


def _days_between(rule: Rule, anchor: int, since: int) -> int:
    """How many days of the series lie between two. Weeks and days that no month limits are counted in one step."""
    if since <= anchor + 1:
        return 0
    passed = 0
    if rule.freq in (DAILY, WEEKLY) and not (rule.months or rule.monthdays or rule.positions):
        last = since - 1 if rule.until is None else min(since - 1, rule.until.toordinal())
        cycle = rule.interval * (7 if rule.freq == WEEKLY else 1)
        cycles = 0 if rule.freq == DAILY and rule.weekdays else max(0, last - anchor) // cycle
        passed, anchor = cycles * max(1, len(rule.weekdays)), anchor + cycles * cycle
    return passed + sum(1 for _ in takewhile(lambda day: day < since, days_from(rule, anchor, anchor + 1)))


def _day(found: int | None) -> date | None:
    return None if found is None else date.fromordinal(found)
