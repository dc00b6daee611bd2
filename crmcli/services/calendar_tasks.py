"""Calendar items that become tasks: their type, tags and people, the day that a series has come to, and what is over.

Files and other programs' collections come in this way. Who takes part is found by e-mail address: the first contact
among them is whom the task is about, and a meeting that is over goes on the timeline of each.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import email_key
from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import local
from crmcli.domain.durations import DAY
from crmcli.domain.entities import CONTACT, TASK
from crmcli.domain.text import check_text, fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.errors import FieldError
from crmcli.services import linking, tasks, values
from crmcli.services.attending import attending, contacts
from crmcli.services.calendar_items import OURS
from crmcli.services.next_activity import typical
from crmcli.services.recurring import OF_A_SERIES, follow_on, on_day, series, skips_of, skips_text
from crmcli.services.sync_links import digest
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.context import Context
    from crmcli.domain.recurrence.series import Series
    from crmcli.exchange.ical import Item
    from crmcli.exchange.ical_values import Attendee
    from crmcli.services.calendar_changes import Parts, Said
    from crmcli.store.write import Transaction

#: So many characters name a day of a series.
_A_DAY = len("/20261121T100000Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: The PARTSTAT of who does not come.
DECLINED = "DECLINED"
#: What takes part and is nobody.
THINGS = ("room", "resource")
#: What says on which days a task is due, beside what else is kept of its series.
WHEN = ("due_on", "due_at", "repeat")
#: So far back the days of a series are looked at, and so many of one that is over.
YEAR, MOST = 366, 5000


class Incoming:
    """Items on their way into the book, in one transaction. New tasks are `owner`'s; `told` is what is to be told of
    them, each line once. With `add_contacts` people who take part and whom nobody knows become contacts."""

    def __init__(self, ctx: Context, tx: Transaction, owner: int | None, *, add_contacts: bool = False) -> None:
        self.ctx, self.tx, self.owner, self.add_contacts = ctx, tx, owner, add_contacts
        self.told: dict[str, None] = {}
        self.types = {fold(name): number for number, name in ctx.reader.rows("SELECT id, name FROM task_type")}
        self._addresses = addresses_of_users(ctx)
        self.own = {*self._addresses.values()}
        self.contacts: dict[str, int] = {}

    def meet(self, items: Iterable[Item]) -> None:
        """Look for the people of these items among the contacts."""
        people = {address(one) for item in items for one in (*item.attendees, item.organizer) if one}
        self.contacts |= contacts(self.ctx.reader, people - self.own - self.contacts.keys() - {""})

    def is_declined(self, item: Item, owner: int | None) -> bool:
        """Whether a user does not go; where they are not asked, whether nobody of the book does who is."""
        asked = {email: one.standing for one in item.attendees if (email := address(one)) in self.own}
        mine = self._addresses.get(owner or 0)
        standings = {asked[mine]} if mine in asked else {*asked.values()}
        return standings == {DECLINED}

    def add(self, item: Item, theirs: Said, key: str, **more: Any) -> int:
        """A new task, known by `key`; `more` are stored columns that it has besides."""
        type_id, tags = self.kind(item)
        row: dict[str, Any] = {**theirs.columns, "type_id": type_id, "owner_id": self.owner, "external_id": key}
        row["ical"] = "\n".join(item.more) or None
        row["tags"] = tags
        row = {**row, **self.about(item), **more}
        # One whose item says that it is open was not held, only because its day is over.
        is_open = item.kind == "event" and theirs.parts.get("done") == {"done_at": None}
        held = None if is_open else held_until(self.ctx, item, row)
        if row.get("repeat"):  # one of a book of ours stands for its own day, however late
            row = begun(self.ctx, row, series(row, self.ctx.env.now).given if uuid_of(key) else None)
        if held and not row.get("repeat") and not row.get("done_at"):
            row["done_at"] = show_instant(held)
        number = self.tx.add(TASK.name, {column: value for column, value in row.items() if value is not None})
        if held:
            self._happened(item, number, row, held)
        return number

    def follow(self, number: int, parts: Parts, item: Item, theirs: Said) -> bool:
        """Let a task follow an item in these parts of what it says, with all that comes of it: another day or rule is a
        new beginning of its series, a day that the series leaves out by now is passed over, one that has no day left
        is removed, and what was done there is done here."""
        tx, row = self.tx, self.tx.row(TASK.name, number)
        columns = {c: v for part, value in parts.items() if part not in ("done", "skips") for c, v in value.items()}
        if parts.keys() & {"when", "series"} or self._has_earlier_again(row, parts):
            columns = self._anew(row, columns, theirs)
        after = {**row, **columns}
        if "skips" in parts and after.get("repeat") and not after.get("removed_at"):
            columns |= self.left_out(after, parts["skips"])
        changed = tx.change(TASK.name, number, columns) if columns else False
        if "done" in parts and bool(row.get("done_at")) != bool(parts["done"]["done_at"]):
            at = parts["done"]["done_at"]
            if at:
                tasks.done(self.ctx, [number], source="import", at=min(at, tx.stamp))
            else:
                tasks.reopen(self.ctx, [number], source="import")
            return True
        if "people" in parts:
            for one in item.attendees:
                self.known(one)
        return changed

    def _has_earlier_again(self, row: Mapping[str, Any], parts: Parts) -> bool:
        """Whether a series takes place again on days before the one that its task stands for. One that was put off
        stays what it is, and that is told."""
        days = parts.get("skips", {}).get("again", ())
        if not days or not row.get("repeat"):
            return False
        given = series(row, self.ctx.env.now).given
        earlier = sorted(day for day in map(date.fromisoformat, days) if day < given)
        if earlier and row.get("series_on"):
            self.told[f"task:{row['id']} {row['name']}: takes place on {earlier[0]} after all, which is no task"] = None
            return False
        return bool(earlier)

    def _anew(self, row: Mapping[str, Any], columns: dict[str, Any], theirs: Said) -> dict[str, Any]:
        """The changed columns of a task whose item is on another day, or repeats by another rule: its series is counted
        from its first day there, and goes on after what was done of it."""
        said = {**theirs.parts["when"], **theirs.parts.get("series", {}), **theirs.parts.get("skips", {})}
        if not said.get("repeat") or not said.get("due_on"):
            columns |= {column: None for column in OF_A_SERIES if row.get(column)}
            if row.get("repeat") and said.get("due_on"):  # its one day is the first that it had
                columns |= theirs.parts["when"]
            return columns
        now, past = self.ctx.env.now, self.after_done(row)
        before = series(row, now) if row.get("repeat") else None
        since = local(now, before.zone if before else now.tzinfo).date()
        if before is not None:  # what is late stays so
            since = min(since, before.given)
        skips = {*skips_of(said), *skips_of(row)}
        try:
            later = begun(self.ctx, {**row, **columns, **said, "series_on": None, "series_skips": skips_text(skips)},
                          max(since, past or since))  # fmt: skip
        except FieldError:
            later = {}
        if not later.get("repeat") and not row.get("done_at"):
            self.told[f"task:{row['id']} {row['name']}: its series ended before"] = None
            rest = {column: value for column, value in columns.items() if column not in (*WHEN, *OF_A_SERIES)}
            return {**rest, "removed_at": self.tx.stamp}
        columns |= {column: later.get(column) for column in (*WHEN, *OF_A_SERIES)}
        if row.get("series_on") and before is not None and series(columns, now).given == before.given:
            columns |= {column: row.get(column) for column in ("due_on", "due_at", "series_on")}  # put off, stays so
        return columns

    def after_last(self, row: Mapping[str, Any], theirs: Said) -> int | None:
        """The task that follows one that was the last of its series, which has more days by now; None where none of
        them is still to come."""
        said = {**theirs.parts["when"], **theirs.parts.get("series", {}), **theirs.parts.get("skips", {})}
        if not said.get("repeat") or not said.get("due_on"):
            return None
        its = series(row, self.ctx.env.now)
        since = max(its.given + ONE_DAY, local(self.ctx.env.now, its.zone).date())
        try:
            later = begun(self.ctx, {**said, "series_on": None}, since)
        except FieldError:
            return None
        if not later.get("repeat"):
            return None
        return follow_on(self.tx, row, {column: later.get(column) for column in (*WHEN, *OF_A_SERIES)})

    def after_done(self, row: Mapping[str, Any]) -> date | None:
        """The day after that of its series whose task was done last."""
        before = self.tx.row(TASK.name, row["follows_id"]) if row.get("follows_id") else {}
        return series(before, self.ctx.env.now).given + ONE_DAY if before.get("repeat") else None

    def left_out(self, row: dict[str, Any], days: Mapping[str, frozenset[str]]) -> dict[str, Any]:
        """The columns of a task whose series leaves out other days by now; its own is passed over, which is told."""
        its = series(row, self.ctx.env.now)
        skips = ({day.isoformat() for day in its.skips} | days["out"]) - days["again"]
        text = skips_text(day for day in map(date.fromisoformat, skips) if day >= its.given)
        found: dict[str, Any] = {"series_skips": text}
        if its.given.isoformat() in days["out"]:
            turn = series({**row, **found}, self.ctx.env.now).next(its.given)
            if turn is None or turn.rule is None:
                self.told[f"task:{row['id']} {row['name']}: the last of its days, {its.given}, is left out by now"] = (
                    None
                )
                return {"removed_at": self.tx.stamp}
            found |= {**on_day(self.ctx, {**row, **found}, turn.day), "repeat": turn.rule}
            line = f"its day {its.given} is left out by now, the next is {turn.day}"
            self.told[f"task:{row['id']} {row['name']}: {line}"] = None
        return found

    def kind(self, item: Item) -> tuple[int | None, list[int]]:
        """The type of a task, which one of its categories may name, and the others as tags."""
        words = {fold(word): word for word in item.categories if fold(word)}
        named = next((key for key in words if key in self.types), None)
        usual = "meeting" if item.kind == "event" and (item.attendees or isinstance(item.start, datetime)) else "task"
        number = self.types[named] if named else typical(self.tx, usual)
        tags = [self.tx.word("tag", word) for key, word in words.items() if key != named]
        return number, [tag for tag in tags if tag is not None]

    def retagged(self, row: Mapping[str, Any], was: Item, now: Item) -> dict[str, Any]:
        """The tags of a task after what was put on its item and taken off it there; nothing where that is the same."""
        before, after = ({fold(word): word for word in item.categories if fold(word)} for item in (was, now))
        if before.keys() == after.keys():
            return {}
        new = [word for key, word in after.items() if key not in before and key not in self.types]
        old = [word for key, word in before.items() if key not in after]
        gone = {self.tx.word("tag", word, create=False) for word in old}
        added = [tag for word in new if (tag := self.tx.word("tag", word)) is not None]
        return {"tags": [tag for tag in dict.fromkeys([*(row.get("tags") or ()), *added]) if tag not in gone]}

    def about(self, item: Item) -> dict[str, Any]:
        """Whom a task is about: the first contact who takes part."""
        for one in item.attendees:
            self.known(one)
        people = [one for one in (*item.attendees, item.organizer) if one is not None and one.what not in THINGS]
        number = next((self.contacts[email] for one in people if (email := address(one)) in self.contacts), None)
        return linking.link_columns(self.ctx, self.tx, CONTACT, number) if number else {}

    def known(self, one: Attendee) -> None:
        """Somebody takes part: who is unknown is told, or becomes a contact."""
        email = address(one)
        if not email or email in self.contacts or email in self.own or one.what in THINGS:
            return
        if not self.add_contacts:
            self.told[f"{email} is nobody's in the book; --add-contacts adds who is unknown"] = None
            return
        name = " ".join(check_text(one.name).split()) or email
        fixed = {"owner_id": self.owner} if self.owner else {}
        try:
            number = values.create(self.ctx, self.tx, CONTACT, {"name": name, "email": email}, fixed=fixed)
        except FieldError as error:
            self.told[f"{email} is not added: {error.message}"] = None
            return
        self.contacts[email] = number

    def _happened(self, item: Item, number: int, row: Mapping[str, Any], at: datetime) -> None:
        """A meeting that is over is on the timeline of everybody who took part."""
        tx = self.tx
        if item.kind != "event" or self.is_declined(item, row.get("owner_id")):
            return
        ends = {column: row.get(column) for column in ("opportunity_id", "contact_id", "company_id")}
        absent = {self.contacts.get(address(one)) for one in item.attendees if one.standing == DECLINED}
        people = attending(tx.connection, row.get("attendees"))
        people += [self.contacts[email] for one in item.attendees if (email := address(one)) in self.contacts]
        others = [{"contact_id": n} for n in dict.fromkeys(people) if n != ends["contact_id"] and n not in absent]
        if ends["contact_id"] in absent:
            ends = {}
        for whose in [*([ends] if any(ends.values()) else ()), *others]:
            tx.add("interaction", {
                "kind": "meeting", "at": show_instant(at), "body": row["name"], "minutes": row.get("minutes"),
                "task_id": number, "author_id": tx.word("user", self.ctx.actor), **whose,
            })  # fmt: skip


def address(one: Attendee) -> str:
    """The key of somebody's e-mail address; empty where it is none."""
    try:
        return email_key(one.mailbox) if "@" in one.mailbox else ""
    except FieldError:
        return ""


def begun(ctx: Context, row: dict[str, Any], since: date | None = None) -> dict[str, Any]:
    """A series that began before today (or before `since`), or on a day that it leaves out, goes on with its next day;
    one that has ended stands for its last one and is no series any more. Raises FieldError where it has no day."""
    its = series(row, ctx.env.now)
    since = since or local(ctx.env.now, its.zone).date()
    if its.given >= since and its.given not in its.skips:
        return row
    turn = its.next(since)
    if turn is not None and turn.rule is not None:
        return {**row, **on_day(ctx, row, turn.day), "repeat": turn.rule}
    last = max(its.later(its.given, None, MOST), default=None if its.given in its.skips else its.given)
    if last is None:
        raise FieldError("every day of its series is left out", "repeat")
    return {**row, **on_day(ctx, row, last), **dict.fromkeys(("repeat", *OF_A_SERIES))}


def held_until(ctx: Context, item: Item, row: Mapping[str, Any]) -> datetime | None:
    """When an event was over that lies in the past; of a series the last of its days that do."""
    over = ended(ctx, item)
    if over is None or not row.get("repeat"):
        return over
    its = series(row, ctx.env.now)
    return max((_end(its.when(day), row) for day in _past(ctx, its)), default=None)


def _past(ctx: Context, its: Series) -> list[date]:
    """The days of a series in the last year that are over; where there is none, the last of those before."""
    today = local(ctx.env.now, its.zone).date()
    year = [day for day in its.later(today - timedelta(days=YEAR), today, YEAR) if day < today]
    earlier = [] if year else [its.given, *its.later(its.given, today, MOST)]
    return year or [day for day in earlier if day < today and day not in its.skips][-1:]


def _end(when: date | datetime, row: Mapping[str, Any]) -> datetime:
    """When what began then is over."""
    minutes = row.get("minutes") or 0
    if isinstance(when, datetime):
        return when.astimezone(UTC) + timedelta(minutes=minutes)
    return datetime(when.year, when.month, when.day, tzinfo=UTC) + timedelta(minutes=max(minutes, DAY))


def addresses_of_users(ctx: Context) -> dict[int, str]:
    """The addresses of those whose book it is."""
    return dict(ctx.reader.rows("SELECT id, email_key FROM crm_user WHERE email_key <> ''"))


def own_addresses(ctx: Context) -> set[str]:
    """The addresses of all of these."""
    return {*addresses_of_users(ctx).values()}


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
    key = series_key(item.uid)
    return key if day is None else f"{key}/{stamp(utc(day)) if isinstance(day, datetime) else stamp(day)}"


def series_key(uid: str) -> str:
    """What the items of one UID are known by: a key of any of its days begins with it."""
    return uid if max(len(fold(uid)), len(uid)) <= INDEXED - _A_DAY else f"sha256:{digest(uid)}"


def uuid_of(key: str) -> str | None:
    """The UUID of a task of ours, which may be one of another book."""
    uuid = key.partition("/")[0].removesuffix(OURS)
    return uuid if _UUID.fullmatch(uuid) else None


def is_ours(key: str) -> bool:
    """Whether an item was made by a book, be it another one."""
    return key.endswith(OURS) and uuid_of(key) is not None


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
