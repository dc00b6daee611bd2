"""What the book changed of a task, written into the item that another program has of it, which keeps all else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import local
from crmcli.domain.text import fold
from crmcli.services.calendar_changes import day_named, due_later, is_done, own_text
from crmcli.services.calendar_tasks import is_ours

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item

#: Parts in which an item is elsewhere in a calendar (RFC 5545, 3.8.7.4).
MOVING = frozenset(("when", "length", "place", "series"))


def patched(
    ctx: Context, mine: Sequence[Item], theirs: Sequence[Item], parts: set[str], words: Iterable[str],
    own: Collection[str], given: str, *, ours: bool,
) -> tuple[Item, ...] | None:  # fmt: skip
    """The items of a resource (of a series those of its days that differ are behind it) with the changed parts from
    the book; None where nothing of them can be seen there. `words` are the categories that the book gave it before,
    `own` the addresses of whose book it is, and `given` the day of its series that was put off before. What the book
    says behind a text goes into `ours` alone."""
    from crmcli.exchange.ical_more import more_without

    main, item = mine[0], theirs[0]
    values: dict[str, Any] = {
        "updated_at": max(filter(None, (main.updated_at, item.updated_at)), default=None),
        "sequence": max(item.sequence + bool(MOVING & parts), main.sequence if main.uid == item.uid else 0),
    }
    if "name" in parts:
        values["summary"] = main.summary
    if parts & {"description", "about"}:
        footer = main.footer if ours and "about" in parts else _footer(item, main.footer)
        values["footer"] = footer
        values["description"] = "\n\n".join(part for part in (own_text(main), footer) if part)
    if "place" in parts:
        values["location"] = main.location
    if "priority" in parts:
        values["priority"] = main.priority
    if "reminders" in parts:
        values["alarms"] = main.alarms
    if "people" in parts:
        values["attendees"] = _people(main, item, own)
    if "categories" in parts:
        before = {fold(word) for word in words}
        kept = [word for word in item.categories if fold(word) not in before]
        values["categories"] = list({fold(word): word for word in (*main.categories, *kept)}.values())
    if "done" in parts or (ours and main.done_at is not None and not main.is_series and not is_done(item)):
        values |= _done(main, item)  # that a day of the series says so is not enough: the item is that day now
    if item.status == "CANCELLED":
        values["status"] = main.status
    if item.rdates and not item.rrule:  # another program may have left it out
        values["repeat"] = item.repeat or main.repeat
    more = more_without(values.get("more", item.more), parts)
    if more != list(values.get("more", item.more)):
        values["more"] = more
    others = list(theirs[1:])
    if "done" in parts and main.done_at is None:  # taken up again: no day of it says otherwise
        others = [one._replace(**_done(main, one)) if one.status == "COMPLETED" else one for one in others]
    if parts & {"when", "series", "length", "given"}:
        as_done = item._replace(**_done(main, item)) if "done" in parts else item
        moments, others = _moved(ctx, mine, (as_done, *others), parts, given)
        values |= moments
    after = item._replace(**values)
    quiet = ("updated_at", "sequence")
    same = all(value == getattr(item, name) for name, value in values.items() if name not in quiet)
    return None if same and others == list(theirs[1:]) else (after, *others)


def _footer(item: Item, usual: str) -> str:
    """What stands behind the text of an item: as it says, or where it does not, if that is what we put there."""
    return item.footer or (usual if item.description.rstrip().endswith(usual.rstrip()) else "")


def _people(main: Item, item: Item, own: Collection[str]) -> list[Any]:
    """Those who take part: who stays is as the other program has them, with their answers."""
    from crmcli.exchange.ical_values import mailbox_key

    mine = {mailbox_key(one.mailbox): one for one in main.attendees}
    stay = [one for one in item.attendees if mailbox_key(one.mailbox) in {*mine, *own}]
    there = {mailbox_key(one.mailbox) for one in stay}
    return [*stay, *(one for email, one in mine.items() if email not in there)]


def _done(main: Item, item: Item) -> dict[str, Any]:
    if item.kind == "event":
        return {"task_status": main.task_status}
    if main.done_at is not None:
        return {"done_at": main.done_at, "status": "COMPLETED"}
    percent = ("PERCENT-COMPLETE:", "PERCENT-COMPLETE;")
    more = [line for line in item.more if not line.upper().startswith(percent)]
    return {"done_at": None, "status": "NEEDS-ACTION", "more": more}


def _moved(
    ctx: Context, mine: Sequence[Item], theirs: Sequence[Item], parts: set[str], before: str
) -> tuple[dict[str, Any], list[Item]]:
    """The moments of a resource after the book moved its task: one day of a series alone where it was put off."""
    main, item, now = mine[0], theirs[0], mine[-1]
    given = _day(now.recurrence_id or _moment(main) or date.min)
    named = {one.recurrence_id: day_named(ctx, one.recurrence_id, item) for one in theirs[1:] if one.recurrence_id}
    others = [one for one in theirs[1:] if one.recurrence_id is None or named[one.recurrence_id] != given]
    apart = len(mine) > 1 or len(others) < len(theirs) - 1
    usual, later = _moment(item), due_later(ctx, item)
    begins = _day(usual) + later if usual is not None else date.max
    if apart and item.is_series and begins <= given and "series" not in parts:
        if len(mine) == 1 and _counted(_in_zones(main, item)) == _at(given, _counted(item)):
            return {}, others
        return {}, [*others, _differing(now, item, _at(given - later, usual))]
    # The series begins anew: what was put off of it before is no day of its own any more.
    others = [one for one in others if one.recurrence_id is None or named[one.recurrence_id].isoformat() != before]
    values = _anew(main, item, parts, later)
    after = item._replace(**values)
    ahead = _ahead(after)
    if item.exdates:
        # A new rule of the book has its days anew; else what the series leaves out there stays so.
        out = main.exdates if parts >= {"series", "skips"} else [day_named(ctx, each, item) for each in item.exdates]
        values["exdates"] = [_day(each) - ahead for each in out] if after.is_series else ()
    # Which day of the series another item stands for is said by the time that the series has now (RFC 5545, 3.8.4.4).
    others = [
        one._replace(recurrence_id=at_time_of(after, named[one.recurrence_id])) if one.recurrence_id else one
        for one in others
    ]
    if len(mine) > 1:
        others.append(_differing(now, item, at_time_of(after, given)))
    return values, others if after.is_series else []


def _anew(main: Item, item: Item, parts: set[str], later: timedelta) -> dict[str, Any]:
    """When an item takes place, and repeats, from now on; one of others by their rule, where only its moment moved."""
    # One that the book moved is counted by the clock of the book, which may be another one than that of the item.
    one = main if main.repeat or (main.rrule and "series" in parts) else _in_zones(main, item)
    values: dict[str, Any] = {"start": one.start, "due": one.due} if item.kind == "event" else _times(item, one.due)
    if "length" in parts or isinstance(main.start, datetime) != isinstance(item.start, datetime):
        values["minutes"] = main.minutes
    ahead = _ahead(item._replace(**values))
    days = item.repeat or (is_ours(item.uid) and item.rdates)  # which stand there one by one
    if not ("series" in parts or main.repeat or days or not item.is_series or ahead != later):
        return values
    values |= {"rrule": main.rrule, "rdates": main.rdates, "repeat": main.repeat}
    if item.kind == "event" or not main.is_series:
        return values
    if ahead and (before := _on_days_before(main, ahead)):
        return values | before
    return values | ({"start": one.start} if ahead or item.start is None else {})


def _on_days_before(main: Item, ahead: timedelta) -> dict[str, Any]:
    """The series of a to-do of ours by the days on which each starts, so long ahead of those on which it is due, for
    these are what a rule is about (RFC 5545, 3.8.5.3); nothing where no rule has them."""
    from crmcli.domain.recurrence import as_rrule, shifted

    if not main.rrule or main.due is None:
        return {"rdates": [day - ahead for day in main.rdates]}
    due = _day(main.due)
    rule = shifted(main.rrule, due, -ahead.days)
    rrule = as_rrule(rule, due - ahead) if rule else None
    return {"rrule": rrule} if rrule else {}


def _ahead(item: Item) -> timedelta:
    """How many days before the one when it is due a to-do starts."""
    if item.kind != "todo" or item.start is None or item.due is None:
        return timedelta()
    return _day(item.due) - _day(item.start)


def _times(item: Item, due: date | datetime | None) -> dict[str, Any]:
    """The moments of a to-do that is to be due then: it starts as long before as it did. One without a DUE goes by its
    DTSTART alone."""
    if item.start is None:
        return {"start": None, "due": due}
    if item.due is None:
        return {"start": due, "due": None}
    alike = len({isinstance(one, datetime) for one in (item.start, item.due, due)}) == 1
    start: Any = due
    return {"start": start - (item.due - item.start) if alike and due is not None else None, "due": due}


def _differing(now: Item, item: Item, there: date | datetime | None) -> Item:
    """The item for one day of a series that takes place at another moment."""
    one = _in_zones(now, item)
    times = {"start": one.start, "due": one.due} if item.kind == "event" else _times(item, one.due)
    return item._replace(
        **times, minutes=now.minutes, rrule=None, rdates=(), exdates=(), repeat=None, recurrence_id=there
    )


def _counted(item: Item) -> date | datetime | None:
    """When the task of an item is due."""
    return item.start if item.kind == "event" else item.due or item.start


def _moment(item: Item) -> date | datetime | None:
    return item.start if item.kind == "event" or item.start is not None else item.due


def _in_zones(one: Item, like: Item) -> Item:
    """An item by the clocks that another has."""
    return one._replace(start=_in_zone(one.start, like.start), due=_in_zone(one.due, like.due or like.start))


def _in_zone(moment: date | datetime | None, like: date | datetime | None) -> date | datetime | None:
    """A moment by the clock that the item has."""
    if isinstance(moment, datetime) and isinstance(like, datetime):
        return local(moment, like.tzinfo)
    return moment


def at_time_of(item: Item, day: date) -> date | datetime | None:
    """What names a day of a series: that day, or the one on which a to-do starts for it, at the time of the series."""
    return _at(day - _ahead(item), _moment(item))


def _at(moment: date | datetime | None, like: date | datetime | None) -> date | datetime | None:
    """The same day at the time of the series."""
    if moment is None or not isinstance(like, datetime):
        return _day(moment) if moment is not None else None
    return datetime.combine(_day(moment), like.time(), like.tzinfo)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
