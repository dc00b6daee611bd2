"""Tasks and follow-ups as an iCalendar file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.domain.types import read_instant
from crmcli.results import Bytes
from crmcli.services.records import list_records
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.exchange.ical import Item

#: How long a timed task without a length takes, in minutes.
LENGTH = 30
#: none, low, medium, high -> RFC 5545, 3.8.1.9: 0 undefined, 1 highest, 9 lowest
PRIORITIES = (0, 9, 5, 1)
COLUMNS = (
    "id,uid,name,type,due_on,due_at,minutes,priority,opportunity,contact,company,description,tags,done_at,feedback,"
    "created_at,updated_at"
)

Linked = dict[tuple[str, int], dict[str, Any]]


def export(ctx: Context, words: Sequence[str] = (), *, todo: bool = False) -> Bytes:
    """The tasks that fit a filter (open ones unless it says otherwise) as a calendar file.

    Each is an event on its day, or at its time for `minutes` (30 unless set); with `todo` a to-do. Events need a day,
    so tasks without one are left out of them, and that is said. Nothing in the file depends on the clock: the same
    tasks give the same bytes. Raises FilterError.
    """
    from crmcli.exchange.ical import write_calendar

    rows = list(list_records(ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)
    dated = rows if todo else [row for row in rows if row["due_on"]]
    if len(dated) < len(rows):
        left = len(rows) - len(dated)
        ctx.say(f"{left} task{'s' if left > 1 else ''} without a day left out; --todo takes them too")
    linked = _linked(ctx, dated)
    zone = str(getattr(ctx.now.tzinfo, "key", "UTC"))
    content = write_calendar((_item(row, linked, todo) for row in dated), name="CRM tasks", zone=zone)
    return Bytes(content, "crm-tasks.ics")


def _item(row: dict[str, Any], linked: Linked, todo: bool) -> Item:
    from crmcli.exchange.ical import Item

    when: date | datetime | None = None
    if row["due_at"]:
        when = read_instant(row["due_at"])
    elif row["due_on"]:
        when = date.fromisoformat(row["due_on"])
    created, updated = read_instant(row["created_at"]), read_instant(row["updated_at"])
    done = read_instant(row["done_at"]) if row["done_at"] else None
    return Item(
        uid=f"{row['uid']}@crm",
        kind="todo" if todo else "event",
        summary=row["name"],
        description=_description(row, linked),
        start=None if todo else when,
        minutes=None if todo else row["minutes"] or LENGTH,
        due=when if todo else None,
        done_at=done if todo else None,
        created_at=created,
        updated_at=updated,
        # Grows with every change and, unlike a counter, is the same in a copy of the book.
        sequence=max(0, int((updated - created).total_seconds())),
        status=("COMPLETED" if done else "NEEDS-ACTION") if todo else "CONFIRMED",
        categories=[*([row["type"]] if row["type"] else []), *row["tags"]],
        priority=PRIORITIES[row["priority"] or 0],
    )


def _description(row: dict[str, Any], linked: Linked) -> str:
    """The task's own text, what came of it, and whom it is about with the number to call."""
    about = []
    if row["opportunity_id"]:
        about.append(_about(linked, row["opportunity_kind"], row["opportunity_id"]))
    about += [_about(linked, kind, row[f"{kind}_id"]) for kind in ("contact", "company") if row[f"{kind}_id"]]
    feedback = f"Done: {row['feedback']}" if row["feedback"] else ""
    return "\n\n".join(part for part in (row["description"] or "", feedback, "\n".join(about)) if part)


def _about(linked: Linked, kind: str, number: int) -> str:
    """'Deal: Big (deal:31), Analytical Engines, +98 21 8888 7777'."""
    found = linked.get((kind, number), {})
    # A contact's company and a deal's person are said once, with their own line where the task names them too.
    details = [found.get(name) for name in ("contact", "contact_name", "company", "phone", "mobile", "email")]
    told = dict.fromkeys(str(detail) for detail in details if detail and detail != found.get("name"))
    return ", ".join([f"{kind.capitalize()}: {found.get('name') or ''} ({kind}:{number})", *told])


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
    names = ("name", "company", "contact", "contact_name", "phone", "mobile", "email")
    return [entity.by_name[name] for name in names if name in ENTITIES[entity.name].by_name]
