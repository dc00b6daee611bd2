"""When somebody is reminded of a task, and when what failed is tried again."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import durations
from crmcli.domain.dates import local
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, digits, fold
from crmcli.domain.types.spans import reminder_minutes
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: So often a reminder is tried before somebody must look after it.
MOST_TRIES = 20
#: What follows the first failure, and the longest that a further one is waited for: it doubles up to that.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
#: Who sends a reminder is done with it in less, whatever the other side does.
LONGEST_SENDING = timedelta(minutes=15)
#: What came due so long before a channel was used for the first time still goes by it.
LEAD = timedelta(days=1)
#: So long it is known what was sent for a task that is done.
KNOWN = timedelta(days=90)
#: What failed and was not tried for so long is tried by nobody any more.
GIVEN_UP = timedelta(days=1)
#: What the keys of reminders of days have beside the minutes: no clock's moment has it.
_OF_A_DAY = timedelta(milliseconds=1)
NONE = "none"


class Moment(Struct):
    """A reminder of a task: the moment `at` which it comes, in UTC, and `minutes`, how long before the task that is.

    `key` is what it is known by as long as the task stays where it is: so many minutes before its time, or of a task of
    a day before the midnight of that day in UTC. So another zone, or another time at which one is reminded of days, is
    not another reminder.
    """

    key: datetime
    at: datetime
    minutes: int


def read_usual(text: str) -> tuple[int, ...]:
    """The minutes before, ascending, in a text such as `0m`, `15m,1d`, or `none`. Raises FieldError."""
    if fold(text).strip() in ("", NONE):
        return ()
    return tuple(sorted({durations.parse(part) for part in re.split("[,،;]", text) if part.strip()}))


def read_clock(text: str) -> time:
    """A time of the day as 9:00 or 18:30. Raises FieldError."""
    found = re.fullmatch(r"(\d\d?):(\d\d)", digits(text).strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise FieldError(f"'{clip(text, 60)}' is no time of a day", hint="write it as 9:00 or 18:30")
    return time(int(found[1]), int(found[2]))


def moments(row: Mapping[str, Any], usual: tuple[int, ...], opening: time, now: datetime) -> Iterator[Moment]:
    """The reminders of a task: its own, or where it has a time and none of its own the `usual` ones. Those of a task of
    a day count from `opening`. Whole days are counted on the clocks of the zone of `now`, hours and minutes as they
    pass, which is what RFC 5545 3.3.6 means by the TRIGGER of an exported calendar."""
    own = reminder_minutes(row["remind"])
    usual = () if row["remind"] else usual
    with contextlib.suppress(OverflowError):  # before the calendar began nobody was reminded
        if row["due_at"]:
            due = datetime.fromisoformat(row["due_at"])
            wall = local(due, now.tzinfo)
            for minutes in own or usual:
                yield Moment(due - timedelta(minutes=minutes), _before(wall, minutes), minutes)
        elif row["due_on"]:
            day = date.fromisoformat(row["due_on"])
            midnight, wall = datetime.combine(day, time(), UTC), datetime.combine(day, opening, now.tzinfo)
            for minutes in own:
                key = midnight - timedelta(minutes=minutes) + _OF_A_DAY
                yield Moment(key, _before(wall, minutes), minutes)


def _before(wall: datetime, minutes: int) -> datetime:
    """The moment, in UTC, so many minutes before one on the clocks of a zone."""
    span = timedelta(minutes=minutes)
    days = timedelta(days=span.days)
    # Of a time that the clocks show twice it stays the same one.
    return (wall - days).replace(fold=wall.fold).astimezone(UTC) - (span - days)


def as_at(
    row: Mapping[str, Any],
    changes: Iterable[tuple[datetime, Mapping[str, Any] | None]],
    moment: datetime,
    now: datetime,
) -> Mapping[str, Any] | None:
    """A task's row as it was at a moment, by the changes of its columns since it was made, the oldest first: when each
    was, and what was there before; None where it was not there. A change from the future is one of a clock that was
    wrong, and was there always."""
    then = dict(row)
    born: datetime | None = None
    for at, before in reversed([*changes]):
        if before is None:
            born = at  # the first time counts: what was taken away and brought back was promised before
        elif moment < at <= now:
            then.update(before)
    return None if born is not None and moment < born <= now else then


def was_promised(moment: datetime, created: datetime, now: datetime) -> bool:
    """Whether a task was there at its moment: one that is typed this morning for today had none yesterday. A task from
    the future is one of a clock that was wrong."""
    return not moment < created <= now


def may_be_tried(tries: int, last: datetime, now: datetime) -> bool:
    """Whether what failed at the last of so many tries is to be tried now; a last try in the future is one of a clock
    that was put back since."""
    if tries >= MOST_TRIES:
        return False
    pause = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE) if tries else timedelta()
    return now - last >= pause or last > now


def is_overdue(claimed: datetime, now: datetime) -> bool:
    """Whether nobody can still be sending what was claimed then. The clock that it was claimed by may be ahead, but not
    by more than a day: then it was wrong."""
    return not -LEAD < now - claimed <= LONGEST_SENDING
