"""Calendar files on their way in: meetings and to-dos become tasks, each known again by its UID.

Who takes part is found by e-mail address: the first contact among them is whom the task is about, and a meeting that is
over goes on the timeline of each. What a file said last is kept beside the task (`sync_link`), so that the same file
says nothing new, and a later one is taken where the book was not changed meanwhile.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.domain.entities import CONTACT, TASK, USER
from crmcli.domain.text import fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.errors import CrmError
from crmcli.results import Changed
from crmcli.services import calendar_items, linking
from crmcli.services.attending import attending, contacts
from crmcli.services.calendar_changes import Said, guarded, said, taken
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.naming import resolve
from crmcli.services.records import list_records
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.store.write import Transaction

#: The place of `sync_link` that files have in common.
PLACE = "calendar files"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: So many reasons are told one by one.
TOLD = 20


class Outcome(NamedTuple):
    """What became of a file: how many items are new, changed, known as they are, and gone; why others were refused, and
    what else is to be told."""

    changed: Changed
    refused: list[str]


def import_calendar(
    ctx: Context, data: bytes, *, called: str, owner: str = "", add_contacts: bool = False, source: str = "import"
) -> Outcome:
    """Take a calendar file in, in one transaction. New tasks are `owner`'s (yours unless given); with `add_contacts`
    people who take part and whom nobody knows become contacts. Raises ReadError for what is no calendar."""
    from crmcli.exchange.ical_reader import read_calendar

    zone = str(getattr(ctx.env.now.tzinfo, "key", "UTC"))
    found = read_calendar(data, zone=zone, called=called)
    for note in found.notes:
        ctx.say(note)
    with ctx.writing(source) as tx:
        taking = _Taking(ctx, tx, found.items, resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor))
        taking.add_contacts = add_contacts
        for item in found.items:
            taking.take(item)
    refused = [f"{refusal.number}: {refusal.what}: {refusal.reason}" for refusal in found.refusals] + taking.refused
    for line in taking.told:
        ctx.say(line)
    counts = [(taking.new, "new"), (taking.changed, "changed"), (taking.known, "known"), (taking.removed, "removed")]
    what = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no event or to-do in it"
    line = f"imported {called}: {what}" + (f"; {len(refused):,} refused" if refused else "")
    return Outcome(Changed((line,), tuple(tx.changes), ctx.batch, tuple(taking.ids), TASK.name), refused)


class _Taking:
    """One file's items on their way into the book."""

    def __init__(self, ctx: Context, tx: Transaction, items: Sequence[Item], owner: int | None) -> None:
        self.ctx, self.tx, self.owner = ctx, tx, owner
        self.add_contacts = False
        self.new = self.changed = self.known = self.removed = 0
        self.ids: list[int] = []
        self.refused: list[str] = []
        self.told: dict[str, None] = {}
        self.types = {fold(name): number for number, name in ctx.reader.rows("SELECT id, name FROM task_type")}
        self.own = {str(email) for (email,) in ctx.reader.rows("SELECT email_key FROM crm_user WHERE email_key <> ''")}
        keys = {_key(item) for item in items}
        self.tasks = self._numbers("external_id", keys)
        self.uuids = self._numbers("uid", {uuid for key in keys if (uuid := _uuid(key))})
        known = {*self.tasks.values(), *self.uuids.values()}
        self.rows = {row["id"]: row for some, _ in portions(sorted(known)) for row in self._rows(some)}
        self.suffixes = calendar_items.suffixes(ctx, list(self.rows.values()))
        self.items: dict[tuple[bool, str], Item] = {}
        self.place = self._place()
        self.bases = self._bases(keys)
        people = {one.mailbox.lower() for item in items for one in (*item.attendees, item.organizer) if one}
        self.contacts = contacts(ctx.reader, people - self.own)

    def take(self, item: Item) -> None:
        """Take one item; what it cannot say of a task is told, and what no task can be is refused."""
        key = _key(item)
        number = self.uuids.get(_uuid(key) or "") or self.tasks.get(key)
        theirs = guarded(lambda: said(self.ctx, item, own=self.own, suffix=self.suffixes.get(number or 0, "")))
        if isinstance(theirs, CrmError):
            self.refused.append(f"{item.summary or item.uid}: {theirs.message}")
            return
        for lack in theirs.lacks:
            self.told[f"{item.summary or item.uid}: left out, what a task has not: {lack}"] = None
        if number is None:
            self._add(item, key, theirs)
        else:
            self._update(item, key, number, theirs)

    def _add(self, item: Item, key: str, theirs: Said) -> None:
        if item.status == "CANCELLED":
            self.told[f"{item.summary or item.uid}: cancelled, and not in the book"] = None
            return
        tx, over = self.tx, _over(self.ctx, item)
        type_id, tags = self._kind(item)
        row: dict[str, Any] = {**theirs.columns, "type_id": type_id, "owner_id": self.owner, "external_id": key}
        row["ical"] = "\n".join(item.more) or None
        row["tags"] = tags
        row = {**row, **self._about(item)}
        if row.get("repeat"):
            row = self._begun(row, over)
            over = over if not row.get("repeat") else None
        if over is not None and not row.get("done_at"):
            row["done_at"] = show_instant(over)
        number = tx.add(TASK.name, {column: value for column, value in row.items() if value is not None})
        if over is not None:
            self._happened(item, number, row, over)
        self._keep(key, number, item)
        self.tasks[key] = number
        self.new += 1
        self.ids.append(number)

    def _update(self, item: Item, key: str, number: int, theirs: Said) -> None:
        tx = self.tx
        row = tx.row(TASK.name, number)
        if row.get("removed_at"):
            self.known += 1
            return
        if item.status == "CANCELLED":
            tx.change(TASK.name, number, {"removed_at": tx.stamp})
            self.removed += 1
            self.ids.append(number)
            return
        if item.recurrence_id is not None and _uuid(key):
            self.known += 1  # what was put off of a series of ours: the task itself says so
            return
        ours = self._ours(number, item)
        base = self._base(key) if key in self.bases else None
        changes, conflicts = taken(base, ours, theirs)
        for part in conflicts:
            self.told[f"task:{number}: its {part} was changed in the book and in the file; the book's stays"] = None
        done = tx.change(TASK.name, number, changes) if changes else False
        self._keep(key, number, item)
        self.changed, self.known = self.changed + done, self.known + (not done)
        if done:
            self.ids.append(number)

    def _kind(self, item: Item) -> tuple[int | None, list[int]]:
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

    def _begun(self, row: dict[str, Any], over: datetime | None) -> dict[str, Any]:
        """A series that began before today goes on with its next day; one that has ended is no series any more."""
        from crmcli.domain.recurrence import following, less_one

        day, today = date.fromisoformat(row["due_on"]), self.ctx.env.now.date()
        if over is None or day >= today:
            return row
        found = following(row["repeat"], day, not_before=today)
        left = less_one(row["repeat"], found[1]) if found else None
        if found is None or left is None:
            return {**row, "repeat": None}
        at = row.get("due_at")
        if at:
            clock = local(datetime.fromisoformat(at), self.ctx.env.now.tzinfo).time()
            at = show_instant(datetime.combine(found[0], clock, self.ctx.env.now.tzinfo))
        return {**row, "due_on": found[0].isoformat(), "due_at": at, "repeat": left}

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

    # --- what is known ---

    def _numbers(self, column: str, values: set[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some, marks in portions(sorted(values)):
            found.update(self.ctx.reader.rows(f"SELECT {column}, id FROM task WHERE {column} IN ({marks})", some))
        return found

    def _rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        words = [f"id:{','.join(map(str, numbers))}", "(has:removed_at or no:removed_at)"]
        return list(list_records(self.ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)

    def _ours(self, number: int, item: Item) -> Said:
        """What the book would say of a task in such an item."""
        todo = item.kind == "todo"
        if not any(of == todo for of, _ in self.items):
            # All at once: what they are about is read together. Of one that was put off the first item is the series.
            dated = [row for row in self.rows.values() if todo or row["due_on"]]
            for one in reversed(calendar_items.items(self.ctx, dated, todo=todo)):
                self.items[todo, one.uid] = one
        own = self.items.get((todo, f"{self.rows[number]['uid']}{OURS}"))
        return said(self.ctx, own, own=self.own, suffix=self.suffixes[number]) if own else Said({})

    def _place(self) -> int:
        """The row of `sync_place` that files have in common."""
        connection, digest = self.tx.connection, _digest(PLACE)
        self.tx.names_alone()
        found = connection.value("SELECT id FROM sync_place WHERE digest = ?", (digest,))
        if found is None:
            connection.run("INSERT INTO sync_place (url, digest) VALUES (?, ?)", (PLACE, digest))
            found = connection.value("SELECT id FROM sync_place WHERE digest = ?", (digest,))
        return int(found)

    def _bases(self, keys: set[str]) -> dict[str, str]:
        """UID -> what a file said of it last."""
        found: dict[str, str] = {}
        for some, marks in portions(sorted(map(_digest, keys))):
            sql = f"SELECT href, base FROM sync_link WHERE place_id = ? AND digest IN ({marks})"
            found.update(self.tx.connection.rows(sql, (self.place, *some)))
        return found

    def _base(self, key: str) -> Said | None:
        from crmcli.exchange.ical_reader import read_calendar

        zone = str(getattr(self.ctx.env.now.tzinfo, "key", "UTC"))
        read = read_calendar(self.bases[key].encode(), zone=zone)
        return said(self.ctx, read.items[0], own=self.own) if read.items else None

    def _keep(self, key: str, number: int, item: Item) -> None:
        """Keep what the file says now."""
        from crmcli.exchange.ical import write_one

        zone = str(getattr(self.ctx.env.now.tzinfo, "key", "UTC"))
        text = write_one(item, zone=zone).decode()
        if self.bases.get(key) == text:
            return
        digest, connection = _digest(key), self.tx.connection
        connection.run("DELETE FROM sync_link WHERE place_id = ? AND digest = ?", (self.place, digest))
        connection.run(
            "INSERT INTO sync_link (place_id, href, digest, entity, record_id, base) VALUES (?, ?, ?, 'task', ?, ?)",
            (self.place, key, digest, number, text),
        )
        self.bases[key] = text


def _key(item: Item) -> str:
    """What an item is known by: its UID; of one day of a series that differs, that day too."""
    from crmcli.exchange.ical_values import stamp, utc

    day = item.recurrence_id
    if day is None:
        key = item.uid
    else:
        key = f"{item.uid}/{stamp(utc(day)) if isinstance(day, datetime) else stamp(day)}"
    return key if len(fold(key)) <= INDEXED and len(key) <= INDEXED else f"sha256:{_digest(key)}"


def _uuid(key: str) -> str | None:
    """The UUID of a task of ours, which may be one of another book."""
    uuid = key.partition("/")[0].removesuffix(OURS)
    return uuid if _UUID.fullmatch(uuid) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _over(ctx: Context, item: Item) -> datetime | None:
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
