"""What comes when in a series: its first day, the next one, the rest; all from a rule's text and one of its days. And a
series as a task keeps it, with its clock and the days that it leaves out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.recurrence.expanding import days_from, days_in, period_of, split
from crmcli.domain.recurrence.rule import (
    DAILY,
    LONGEST,
    MONTHLY,
    WEEKLY,
    YEARLY,
    from_the_end_last,
    needs_day,
    read,
    settled,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import time, tzinfo

    from crmcli.domain.recurrence.rule import Rule

#: So many days of two series are compared before they are taken for the same.
_COMPARED = 60


class Turn(NamedTuple):
    """A day of a series on which it is due next; `passed` are the days before it that are over, without those that the
    series leaves out; `rule` the rest of the series from that day on, None where there is none."""

    day: date
    passed: int
    rule: str | None


class Fitting(NamedTuple):
    """What days that stand one by one say of the series that they were taken from: its `rule` by now, the days that it
    leaves out (`skips`), and those `others` among them that it has not."""

    rule: str
    skips: frozenset[date]
    others: frozenset[date]


class Series(NamedTuple):
    """A series as the task keeps it that is its present one.

    `given` is the day of the series that the task stands for, whatever day it was put off to. The days are counted, and
    the `clock` goes (None: whole days), in the series' own `zone`: every Monday at nine in Berlin stays that, whoever
    looks from wherever. On `skips` it does not take place; COUNT counts them all the same (RFC 5545, 3.8.5.1).
    """

    rule: str
    given: date
    clock: time | None
    zone: tzinfo | None
    skips: frozenset[date] = frozenset()

    def when(self, day: date) -> date | datetime:
        """A day of the series, with its clock where it has one."""
        return day if self.clock is None else datetime.combine(day, self.clock, self.zone)

    def next(self, not_before: date) -> Turn | None:
        """The first day after the given one that is not before `not_before`; None where the series ends."""
        while found := following(self.rule, self.given, not_before=not_before):
            day, between = found
            if day not in self.skips:
                left_out = sum(1 for skip in self.skips if self.given < skip < day)
                return Turn(day, max(0, between - left_out), less_one(self.rule, between))
            not_before = date.fromordinal(day.toordinal() + 1)
        return None

    def later(self, start: date, end: date | None, limit: int) -> Iterator[date]:
        """Yield up to `limit` days of the series after the given one, from `start` to before `end`, ascending."""
        turn = self.next(start)
        if turn is None or turn.rule is None:
            return
        days = occurrences(turn.rule, turn.day, limit + len(self.skips))
        if end is not None:
            days = takewhile(lambda day: day < end, days)
        yield from islice((day for day in days if day not in self.skips), limit)


def anchored(rule: str, day: date) -> str:
    """Return the rule with all that it takes from the first day of its series named in it.

    After that every day of the series says as much as the first: `monthly` from 31 January on stays at the ends of
    months, and does not become the 28th after February. A rule that names its days is returned as it is.
    """
    return write(_anchored(read(rule), day))


def moved(rule: str, was: date, day: date) -> str | None:
    """Return the rule for a series whose day is another one now, if it is one that names no more than its day: weekly
    on Friday becomes weekly on Thursday, monthly on the 31st on the 5th. None for every other."""
    parts = read(rule)
    if parts.freq == WEEKLY and parts.weekdays == ((0, was.weekday()),) and not (parts.months or parts.positions):
        return write(settled(parts._replace(weekdays=((0, day.weekday()),))))
    if parts.freq not in (MONTHLY, YEARLY) or parts.weekdays or parts.weeks or parts.yeardays:
        return None
    months = () if parts.freq == YEARLY else parts.months
    for backward in (True, False):
        bare = parts._replace(months=months, monthdays=(), positions=(), backward=backward)
        if write(_anchored(bare, was)) == rule:
            return write(_anchored(bare, day))
    return None


def shifted(rule: str, day: date, by: int) -> str | None:
    """Return the rule of the series each of whose days is `by` days after one of this rule, which begins on `day`:
    every Sunday becomes every Monday, monthly on the 1st monthly on the 5th. None where no rule has these days, as for
    three days after the last Friday of a month or, for some months are shorter, after the 29th."""
    parts, there = read(rule), day + timedelta(days=by)
    endless = parts._replace(count=None, until=None)
    ways = [write(endless), moved(anchored(write(endless), day), day, there)]
    monthdays = tuple(sorted((_day_of_month(each, by) for each in parts.monthdays), key=from_the_end_last))
    if all(0 < abs(number) <= max(LONGEST[parts.calendar]) for number in monthdays):
        weekdays = tuple((number, (weekday + by) % 7) for number, weekday in parts.weekdays)
        each_day = endless._replace(weekdays=weekdays, wkst=(parts.wkst + by) % 7, monthdays=monthdays)
        ways.append(write(settled(each_day)))
    wanted = [each.toordinal() + by for each in occurrences(write(endless), day, _COMPARED)]
    for way in filter(None, ways):
        if [each.toordinal() for each in occurrences(way, there, _COMPARED)] == wanted:
            until = parts.until and parts.until + timedelta(days=by)
            return write(read(way)._replace(count=parts.count, until=until))
    return None


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


def fitting(rule: str, start: date, days: Collection[date], skips: Collection[date], limit: int) -> Fitting | None:
    """Return what the days after `start` say of a series, of which they were the next `limit` that it does not leave
    out (`skips`): one that is missing among them is left out by now, and where its last ones are, it ends before them.
    None where they are not its days any more."""
    named = anchored(rule, start)
    every = Series(named, start, None, None)
    said = {day for day in days if day > start}
    # Whatever the days are: no more of the series is looked at than they can be about.
    most = limit + len(said) + len(skips)
    ahead = list(every.later(start, None, most))
    kept = said.intersection(ahead)
    if not kept:
        return None if ahead or said else Fitting(named, frozenset(skips), frozenset())
    last = max(kept)
    missing = {day for day in ahead if day < last} - said
    if max(kept.union(skips)) < ahead[:limit][-1]:
        named = write(read(named)._replace(count=None, until=last))
    return Fitting(named, frozenset(missing.union(skips)), frozenset(said - kept))


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


def _day_of_month(number: int, by: int) -> int:
    """The day of a month so many days after another one, across its end too: on the last one (-1) follows the 1st."""
    after = number + by
    return after + (number < 0 <= after) - (after <= 0 < number)


def _day(found: int | None) -> date | None:
    return None if found is None else date.fromordinal(found)
