"""Calendar items that become tasks: their type, tags and people, the day that a series has come to, and what is over.

Files and other programs' collections come in this way. Who takes part is found by e-mail address: the first contact
among them is whom the task is about, and a meeting that is over goes on the timeline of each.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import local
from crmcli.domain.entities import CONTACT, TASK
from crmcli.domain.text import fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.services import linking
from crmcli.services.attending import attending, contacts
from crmcli.services.calendar_items import OURS
from crmcli.services.sync_links import digest
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.calendar_changes import Said
    from crmcli.store.write import Transaction

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Incoming:
    """Items on their way into the book, in one transaction. New tasks are `owner`'s; `told` is what is to be told of
    them, each line once. With `add_contacts` people who take part and whom nobody knows become contacts."""

    def __init__(self, ctx: Context, tx: Transaction, owner: int | None, *, add_contacts: bool = False) -> None:
        self.ctx, self.tx, self.owner, self.add_contacts = ctx, tx, owner, add_contacts
        self.told: dict[str, None] = {}
        self.types = {fold(name): number for number, name in ctx.reader.rows("SELECT id, name FROM task_type")}
        self.own = own_addresses(ctx)
        self.contacts: dict[str, int] = {}

    def meet(self, items: Iterable[Item]) -> None:
        """Look for the people of these items among the contacts."""
        people = {one.mailbox.lower() for item in items for one in (*item.attendees, item.organizer) if one}
        self.contacts |= contacts(self.ctx.reader, people - self.own - self.contacts.keys())

    def add(self, item: Item, theirs: Said, key: str, **more: Any) -> int:
        """A new task, known by `key`; `more` are stored columns that it has besides."""
        tx, over = self.tx, ended(self.ctx, item)
        type_id, tags = self.kind(item)
        row: dict[str, Any] = {**theirs.columns, "type_id": type_id, "owner_id": self.owner, "external_id": key}
        row["ical"] = "\n".join(item.more) or None
        row["tags"] = tags
        row = {**row, **self._about(item), **more}
        if row.get("repeat"):
            row = begun(self.ctx, row, over)
            over = over if not row.get("repeat") else None
        if over is not None and not row.get("done_at"):
            row["done_at"] = show_instant(over)
        number = tx.add(TASK.name, {column: value for column, value in row.items() if value is not None})
        if over is not None:
            self._happened(item, number, row, over)
        return number

    def kind(self, item: Item) -> tuple[int | None, list[int]]:
        """The type of a task, which one of its categories may name, and the others as tags."""
        words = {fold(word): word for word in item.categories if fold(word)}
        named = next((key for key in words if key in self.types), None)
        usual = "meeting" if item.kind == "event" and (item.attendees or isinstance(item.start, datetime)) else "to-do"
        number = self.types[named] if named else self.tx.word("task_type", usual)
        tags = [self.tx.word("tag", word) for key, word in words.items() if key != named]
        return number, [tag for tag in tags if tag is not None]

    def _about(self, item: Item) -> dict[str, Any]:
        """Whom a task is about: the first contact who takes part."""
        for one in item.attendees:
            email = one.mailbox.lower()
            if "@" in email and email not in self.contacts and email not in self.own:
                self._unknown(email, one.name)
        people = [*item.attendees, *([item.organizer] if item.organizer else [])]
        number = next((self.contacts[email] for one in people if (email := one.mailbox.lower()) in self.contacts), None)
        return linking.link_columns(self.ctx, self.tx, CONTACT, number) if number else {}

    def _unknown(self, email: str, name: str) -> None:
        if not self.add_contacts:
            self.told[f"{email} is nobody's in the book; --add-contacts adds who is unknown"] = None
            return
        name = " ".join(name.split()) or email
        self.contacts[email] = self.tx.add(CONTACT.name, {"name": name, "email": email, "owner_id": self.owner})

    def _happened(self, item: Item, number: int, row: Mapping[str, Any], over: datetime) -> None:
        """A meeting that is over is on the timeline of everybody who took part."""
        if item.kind != "event":
            return
        tx = self.tx
        ends = {column: row.get(column) for column in ("opportunity_id", "contact_id", "company_id")}
        people = attending(tx.connection, row.get("attendees"))
        people += [self.contacts[e] for one in item.attendees if (e := one.mailbox.lower()) in self.contacts]
        others = [{"contact_id": n} for n in dict.fromkeys(people) if n != ends["contact_id"]]
        for whose in [*([ends] if any(ends.values()) else ()), *others]:
            tx.add("interaction", {
                "kind": "meeting", "at": show_instant(over), "body": row["name"], "minutes": row.get("minutes"),
                "task_id": number, "author_id": tx.word("user", self.ctx.actor), **whose,
            })  # fmt: skip


def begun(ctx: Context, row: dict[str, Any], over: datetime | None) -> dict[str, Any]:
    """A series that began before today goes on with its next day; one that has ended is no series any more."""
    from crmcli.domain.recurrence import following, less_one

    day, today = date.fromisoformat(row["due_on"]), ctx.env.now.date()
    if over is None or day >= today:
        return row
    found = following(row["repeat"], day, not_before=today)
    left = less_one(row["repeat"], found[1]) if found else None
    if found is None or left is None:
        return {**row, "repeat": None}
    at = row.get("due_at")
    if at:
        clock = local(datetime.fromisoformat(at), ctx.env.now.tzinfo).time()
        at = show_instant(datetime.combine(found[0], clock, ctx.env.now.tzinfo))
    return {**row, "due_on": found[0].isoformat(), "due_at": at, "repeat": left}


def own_addresses(ctx: Context) -> set[str]:
    """The addresses of those whose book it is."""
    return {str(email) for (email,) in ctx.reader.rows("SELECT email_key FROM crm_user WHERE email_key <> ''")}


def numbers_of(ctx: Context, column: str, values: set[str]) -> dict[str, int]:
    """Value of an identifying column -> the task that has it."""
    found: dict[str, int] = {}
    for some, marks in portions(sorted(values)):
        found.update(ctx.reader.rows(f"SELECT {column}, id FROM task WHERE {column} IN ({marks})", some))
    return found


def key_of(item: Item) -> str:
    """What an item is known by: its UID; of one day of a series that differs, that day too."""
    from crmcli.exchange.ical_values import stamp, utc

    day = item.recurrence_id
    if day is None:
        key = item.uid
    else:
        key = f"{item.uid}/{stamp(utc(day)) if isinstance(day, datetime) else stamp(day)}"
    return key if len(fold(key)) <= INDEXED and len(key) <= INDEXED else f"sha256:{digest(key)}"


def uuid_of(key: str) -> str | None:
    """The UUID of a task of ours, which may be one of another book."""
    uuid = key.partition("/")[0].removesuffix(OURS)
    return uuid if _UUID.fullmatch(uuid) else None


def ended(ctx: Context, item: Item) -> datetime | None:
    """When an event ended, if that is in the past."""
    if item.kind != "event" or item.start is None:
        return None
    if isinstance(item.start, datetime):
        end = item.start + timedelta(minutes=item.minutes or 0)
    else:
        zone = ctx.env.now.tzinfo
        days = max(1, (item.minutes or 0) // (24 * 60))
        end = datetime.combine(item.start, datetime.min.time(), zone) + timedelta(days=days)  # midnight of the wall
    return end if end <= ctx.env.now else None
