"""What the book changed of a task, written into the item that another program has of it, which keeps all else."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import local
from crmcli.domain.text import fold
from crmcli.services.calendar_changes import own_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from crmcli.exchange.ical import Item

#: Parts in which an item is elsewhere in a calendar (RFC 5545, 3.8.7.4).
MOVING = frozenset(("when", "length", "place", "series"))


def patched(
    mine: Sequence[Item], theirs: Sequence[Item], parts: set[str], words: Iterable[str], own: Collection[str],
    given: str, *, ours: bool,
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
    if "done" in parts:
        values |= _done(main, item)
    if item.status == "CANCELLED":
        values["status"] = main.status
    more = more_without(values.get("more", item.more), parts)
    if more != list(values.get("more", item.more)):
        values["more"] = more
    others = list(theirs[1:])
    if "done" in parts and main.done_at is None:  # taken up again: no day of it says otherwise
        others = [one._replace(**_done(main, one)) if one.status == "COMPLETED" else one for one in others]
    if parts & {"when", "series", "length", "given", "rule"}:
        as_done = item._replace(**_done(main, item)) if "done" in parts else item
        moments, others = _moved(mine, (as_done, *others), parts, given)
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
    if main.done_at is not None:
        return {"done_at": main.done_at, "status": "COMPLETED"}
    percent = ("PERCENT-COMPLETE:", "PERCENT-COMPLETE;")
    more = [line for line in item.more if not line.upper().startswith(percent)]
    return {"done_at": None, "status": "NEEDS-ACTION", "more": more}


def _moved(
    mine: Sequence[Item], theirs: Sequence[Item], parts: set[str], before: str
) -> tuple[dict[str, Any], list[Item]]:
    """The moments of a resource after the book moved its task: one day of a series alone where it was put off."""
    main, item, now = mine[0], theirs[0], mine[-1]
    given = _day(now.recurrence_id or _moment(main) or date.min)
    others = [one for one in theirs[1:] if one.recurrence_id is None or _day(one.recurrence_id) != given]
    apart = len(mine) > 1 or len(others) < len(theirs) - 1
    begins = _day(_moment(item) or date.max)
    if apart and (item.rrule or item.rdates) and begins <= given and not parts & {"series", "rule"}:
        there = _at(given, _moment(item))
        if len(mine) == 1 and _moment(_in_zones(main, item)) == there:
            return {}, others
        return {}, [*others, _differing(now, item, there)]
    # The series begins anew: what was put off of it before is no day of its own any more.
    others = [one for one in others if one.recurrence_id is None or _day(one.recurrence_id).isoformat() != before]
    # One that the book moved is counted by the clock of the book, which may be another one than that of the item.
    one = main if main.rrule and parts & {"series", "rule"} else _in_zones(main, item)
    start, due = one.start, one.due
    if item.kind == "todo" and item.start is not None and not main.rrule:
        start = _along(item.start, item.due, due)
    values: dict[str, Any] = {"start": start, "due": due}
    if "length" in parts or isinstance(main.start, datetime) != isinstance(item.start, datetime):
        values["minutes"] = main.minutes
    if parts & {"series", "rule"} or main.rdates or not (item.rrule or item.rdates):
        values |= {"rrule": main.rrule, "rdates": main.rdates}
    series = values.get("rrule", item.rrule) or values.get("rdates", item.rdates)
    if item.exdates:
        values["exdates"] = [_day(moment) for moment in item.exdates] if series else ()
    # Which day of the series another item stands for is said by the time that the series has now (RFC 5545, 3.8.4.4).
    usual = _moment(item._replace(**values))
    others = [one._replace(recurrence_id=_at(one.recurrence_id, usual)) for one in others]
    if len(mine) > 1:
        others.append(_differing(now, item, now.recurrence_id))
    return values, others if series else []


def _differing(now: Item, item: Item, there: date | datetime | None) -> Item:
    """The item for one day of a series that takes place at another moment."""
    one = _in_zones(now, item)
    return item._replace(
        start=None if item.kind == "todo" else one.start, due=one.due, minutes=now.minutes, rrule=None, rdates=(),
        exdates=(), recurrence_id=there,
    )  # fmt: skip


def _moment(item: Item) -> date | datetime | None:
    return item.start if item.kind == "event" or item.start is not None else item.due


def _in_zones(one: Item, like: Item) -> Item:
    """An item by the clocks that another has."""
    return one._replace(start=_in_zone(one.start, like.start), due=_in_zone(one.due, like.due))


def _in_zone(moment: date | datetime | None, like: date | datetime | None) -> date | datetime | None:
    """A moment by the clock that the item has."""
    if isinstance(moment, datetime) and isinstance(like, datetime):
        return local(moment, like.tzinfo)
    return moment


def _at(moment: date | datetime | None, like: date | datetime | None) -> date | datetime | None:
    """The same day at the time of the series."""
    if moment is None or not isinstance(like, datetime):
        return _day(moment) if moment is not None else None
    return datetime.combine(_day(moment), like.time(), like.tzinfo)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _along(start: date | datetime, due: date | datetime | None, now: date | datetime | None) -> Any:
    """The start of a to-do after its due date moved: as long before it as it was; none where that cannot be said."""
    if due is None or now is None or len({isinstance(one, datetime) for one in (start, due, now)}) > 1:
        return None
    return start + (now - due)
