"""Tasks as items of a calendar: what an export, a feed and other calendar programs get of them.

An event takes place on its day or at its time, a to-do is due then. The series of a task that repeats goes out as an
RRULE where every program understands it, and day by day where none would, with the rule beside them for another book:
Jalali months, and months whose last day stands for one that they lack. One that counts from the day when it is done
has no series before that.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD
from crmcli.domain.mailboxes import read_list
from crmcli.domain.reminders import read_clock
from crmcli.domain.slots import LENGTH
from crmcli.domain.types import read_instant, show_instant
from crmcli.domain.types.spans import reminder_minutes
from crmcli.services import recurring
from crmcli.store import read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.exchange.ical import Item

#: none, low, medium, high -> RFC 5545, 3.8.1.9: 0 undefined, 1 highest, 9 lowest
PRIORITIES = (0, 9, 5, 1)
COLUMNS = (
    "id,uid,name,type,due_on,due_at,minutes,priority,place,remind,repeat,repeat_from,series_on,series_time,"
    "series_zone,series_skips,opportunity,contact,company,attendees,description,tags,done_at,feedback,"
    "created_at,updated_at,removed_at,ical"
)
#: What an event of days has to last for its length to be said: two of them.
DAYS = 2 * 24 * 60
#: So many days go out of a series that no RRULE says. Where fewer are read it ends with them, so this stays what it is.
LISTED = 25
#: What puts a task elsewhere in a calendar, so that its SEQUENCE is raised (RFC 5545, 3.8.7.4).
SCHEDULE = ("due_on", "due_at", "minutes", "place", "repeat", "series_skips", "removed_at")
#: Behind the host part of the UID of each of our items.
OURS = "@crm"

Linked = dict[tuple[str, int], dict[str, Any]]


def items(ctx: Context, rows: Sequence[dict[str, Any]], *, todo: bool) -> list[Item]:
    """The items of these tasks (with COLUMNS). Events need a day: who has none is not to be among them. One of a series
    that was put off is two items of one UID: the series, and what became of this one of its days."""
    linked = _linked(ctx, rows)
    known = versions(ctx, [row["id"] for row in rows])
    found: list[Item] = []
    gone_on = recurring.followed(ctx.reader, [row["id"] for row in rows if row["repeat"]])
    begins = opening(ctx)
    for row in rows:
        if row["id"] in gone_on:
            row = {**row, "repeat": None}  # its series is that of the task that follows
        sequence, changed = known.get(row["id"], (0, row["updated_at"]))
        found += [item._replace(opening=begins) for item in _items(ctx, row, linked, sequence, changed, todo)]
    return found


def opening(ctx: Context) -> int:
    """So many minutes after midnight reminders of a day alone are counted from."""
    clock = read_clock(str(ctx.settings["remind_at"]))
    return 60 * clock.hour + clock.minute


def versions(ctx: Context, numbers: Sequence[int]) -> dict[int, tuple[int, str]]:
    """task -> how often it was put elsewhere in the calendar, and when it was changed last, as the journal has it:
    undoing a change is one more."""
    # A quotation mark within a text of the journal's JSON is escaped: these are its keys alone.
    moved = " OR ".join(f"""j.after LIKE '%"{column}":%'""" for column in SCHEDULE)
    found: dict[int, tuple[int, str]] = {}
    for some, marks in portions(numbers):
        sql = (
            f"SELECT j.record_id, sum(CASE WHEN j.before IS NOT NULL AND ({moved}) THEN 1 ELSE 0 END), max(x.at)"
            " FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            f" WHERE j.entity = 'task' AND j.record_id IN ({marks}) GROUP BY j.record_id"
        )
        for number, often, at in ctx.reader.rows(sql, some):  # PostgreSQL has moments as such
            found[number] = int(often), show_instant(at) if isinstance(at, datetime) else at
    return found


def whom(ctx: Context, rows: Sequence[dict[str, Any]]) -> dict[int, list[str]]:
    """task -> a line for each record that it hangs on, with the number to call."""
    linked = _linked(ctx, rows)
    return {row["id"]: [_about(*end, found) for end, found in _whose(row, linked).items()] for row in rows}


def _items(ctx: Context, row: dict[str, Any], linked: Linked, sequence: int, changed: str, todo: bool) -> list[Item]:
    from crmcli.exchange.ical import Item

    when = _when(row)
    minutes = row["minutes"] or 0
    length = (minutes or LENGTH) if row["due_at"] else minutes if minutes >= DAYS else None
    about = _whose(row, linked)
    done = read_instant(row["done_at"]) if row["done_at"] else None
    of_task = "COMPLETED" if done else "NEEDS-ACTION"
    status = of_task if todo else "CONFIRMED"
    item = Item(
        uid=f"{row['uid']}{OURS}",
        kind="todo" if todo else "event",
        summary=row["name"],
        description=_description(row, about),
        start=None if todo else when,
        minutes=None if todo else length,
        due=when if todo else None,
        done_at=done if todo else None,
        task_status="" if todo else of_task,
        task_minutes=_unsaid_length(row, todo=todo),
        created_at=read_instant(row["created_at"]),
        # The item says what its people and companies are called, too: it changes with them.
        updated_at=read_instant(max([changed, row["updated_at"], *(one["updated_at"] for one in about.values())])),
        sequence=sequence,
        status="CANCELLED" if row["removed_at"] else status,
        categories=[*([row["type"]] if row["type"] else []), *row["tags"]],
        priority=PRIORITIES[row["priority"] or 0],
        location=row["place"] or "",
        alarms=reminder_minutes(row["remind"]) if not done else (),
        rdates=[],  # as an item has none that was read: what is the same is not written
        attendees=_attendees(row),
        more=row["ical"].split("\n") if row["ical"] else (),
        footer=_behind(row, about),
    )
    if not row["repeat"] or row["repeat_from"] == recurring.DONE or done or when is None:
        return [item]
    return _series(ctx, row, item)


def _unsaid_length(row: dict[str, Any], *, todo: bool) -> int | None:
    """The length of a task where its item has none, or the usual one in its place; None where the item says it."""
    minutes = row["minutes"] or 0
    if row["due_at"] and not todo:
        return None if minutes else 0
    return (minutes or None) if todo or minutes < DAYS else None


def _when(row: dict[str, Any]) -> date | datetime | None:
    if row["due_at"]:
        return read_instant(row["due_at"])
    return date.fromisoformat(row["due_on"]) if row["due_on"] else None


def _series(ctx: Context, row: dict[str, Any], item: Item) -> list[Item]:
    """The item with the days of its series; where it was put off, the series and this one of its days."""
    from crmcli.domain.recurrence import as_rrule, first

    when = item.start if item.start is not None else item.due
    its = recurring.series(row, ctx.env.now)
    begin = its.when(its.given)
    spelled = as_rrule(its.rule, its.given) if first(its.rule, its.given) == its.given else None
    # One that is not among the days of its own rule has them one by one: programs differ on what the rule means then.
    later = [] if spelled else list(its.later(its.given, None, LISTED))
    left_out = sorted(skip for skip in its.skips if skip > its.given)
    rule = None if spelled else its.rule
    series = item._replace(rrule=spelled, rdates=later, exdates=left_out, repeat=rule)
    if item.kind == "event":
        series = series._replace(start=begin)
    else:
        series = series._replace(due=begin, start=_before(begin, row["minutes"] or LENGTH))
    if _moment(begin) == when:
        return [series]
    return [series, item._replace(recurrence_id=begin if item.kind == "event" else series.start or begin)]


def _moment(when: date | datetime) -> date | datetime:
    """A day, or the instant of a time on the clocks of its zone."""
    return when.astimezone(UTC) if isinstance(when, datetime) else when


def _before(when: date | datetime, minutes: int) -> datetime | None:
    """So long before a moment, on its clocks; None where that is another day, or the clocks change in between: the rule
    is about the days of the start, and all of them have their start as long before them as the first."""
    if not isinstance(when, datetime):
        return None
    start = (when.astimezone(UTC) - timedelta(minutes=minutes)).astimezone(when.tzinfo)
    same = (start.date(), start.utcoffset()) == (when.date(), when.utcoffset())
    return start if same and not start.fold else None


def _attendees(row: dict[str, Any]) -> list[Any]:
    from crmcli.exchange.ical_values import Attendee

    return [Attendee(name=box.name, mailbox=box.email) for box in read_list(row["attendees"] or "")]


def _description(row: dict[str, Any], about: dict[tuple[str, int], dict[str, Any]]) -> str:
    """The task's own text, what came of it, and whom it is about with the number to call."""
    return "\n\n".join(part for part in (row["description"] or "", _behind(row, about)) if part)


def _behind(row: dict[str, Any], about: dict[tuple[str, int], dict[str, Any]]) -> str:
    """What stands behind the task's own text."""
    feedback = f"Done: {row['feedback']}" if row["feedback"] else ""
    lines = [_about(kind, number, found) for (kind, number), found in about.items()]
    if row["attendees"]:
        lines.append(f"With: {row['attendees']}")
    return "\n\n".join(part for part in (feedback, "\n".join(lines)) if part)


def suffixes(ctx: Context, rows: Sequence[dict[str, Any]]) -> dict[int, str]:
    """task -> what its item has behind the description of the task itself."""
    linked = _linked(ctx, rows)
    return {row["id"]: _behind(row, _whose(row, linked)) for row in rows}


def _about(kind: str, number: int, found: dict[str, Any]) -> str:
    """'Deal: Big (deal:31), Analytical Engines, +98 21 8888 7777'."""
    # A contact's company and a deal's person are said once, with their own line where the task names them too.
    details = [found.get(name) for name in ("contact", "contact_name", "company", "phone", "mobile", "email")]
    told = dict.fromkeys(str(detail) for detail in details if detail and detail != found.get("name"))
    return ", ".join([f"{kind.capitalize()}: {found.get('name') or ''} ({kind}:{number})", *told])


def _whose(row: dict[str, Any], linked: Linked) -> dict[tuple[str, int], dict[str, Any]]:
    """What a task hangs on."""
    ends = [(row["opportunity_kind"], row["opportunity_id"])] if row["opportunity_id"] else []
    ends += [(kind, row[f"{kind}_id"]) for kind in ("contact", "company") if row[f"{kind}_id"]]
    return {end: linked[end] for end in ends if end in linked}


def _linked(ctx: Context, rows: Iterable[dict[str, Any]]) -> Linked:
    """(kind, id) -> record, of all that these tasks hang on."""
    wanted: dict[str, set[int]] = {"lead": set(), "deal": set(), "contact": set(), "company": set()}
    for row in rows:
        if row["opportunity_id"]:
            wanted[row["opportunity_kind"]].add(row["opportunity_id"])
        for kind in ("contact", "company"):
            if row[f"{kind}_id"]:
                wanted[kind].add(row[f"{kind}_id"])
    found: Linked = {}
    for entity in (LEAD, DEAL, CONTACT, COMPANY):
        for record in read.hydrate(ctx.reader, entity, sorted(wanted[entity.name]), _fields(entity)):
            found[entity.name, record["id"]] = record
    return found


def _fields(entity: Entity) -> list[Any]:
    names = ("name", "company", "contact", "contact_name", "phone", "mobile", "email", "updated_at")
    return [entity.by_name[name] for name in names if name in ENTITIES[entity.name].by_name]
