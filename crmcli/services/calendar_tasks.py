"""Calendar items that become tasks: their type, tags and people, the day that a series has come to, and what is over.

Files and other programs' collections come in this way. Who takes part is found by e-mail address: the first contact
among them, or else the first lead, is whom the task is about, and a meeting that is over goes on the timeline of each.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import email_key
from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import local
from crmcli.domain.entities import CONTACT, LEAD, TASK
from crmcli.domain.text import check_text, fold
from crmcli.domain.types import INDEXED, show_instant
from crmcli.errors import FieldError
from crmcli.services import calendar_timeline, linking, tasks, values
from crmcli.services.attending import attending, contacts, leads
from crmcli.services.calendar_items import OURS
from crmcli.services.calendar_timeline import MOST
from crmcli.services.next_activity import typical
from crmcli.services.recurring import OF_A_SERIES, follow_on, on_day, series, skips_of, skips_text, uid_after
from crmcli.services.sync_links import digest
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
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
#: What links a task to who takes part.
_CONTACT, _LEAD = "contact_id", "opportunity_id"


class Incoming:
    """Items on their way into the book, in one transaction. New tasks are `owner`'s; `told` is what is to be told of
    them, each line once. With `add_contacts` people who take part and whom nobody knows become contacts."""

    def __init__(self, ctx: Context, tx: Transaction, owner: int | None, *, add_contacts: bool = False) -> None:
        self.ctx, self.tx, self.owner, self.add_contacts = ctx, tx, owner, add_contacts
        self.told: dict[str, None] = {}
        self.types = {fold(name): number for number, name in ctx.reader.rows("SELECT id, name FROM task_type")}
        self._addresses = addresses_of_users(ctx)
        self.own = {*self._addresses.values()}
        #: address -> whom of the book it is of: what links a record to them, and their number
        self.people: dict[str, tuple[str, int]] = {}
        #: the UID of who follows -> a task of a series; and the UID of who came in -> its task
        self._before: dict[str, int] = {}
        self._came: dict[str, int] = {}

    def meet(self, items: Sequence[Item]) -> None:
        """Look for the people of these items in the book, and for the series of books of ours."""
        if not self._before and any(is_ours(item.uid) for item in items):
            sql = (
                "SELECT uid, id FROM task WHERE removed_at IS NULL AND"
                f" (repeat IS NOT NULL OR follows_id IS NOT NULL OR external_id LIKE '%{OURS}')"
            )
            self._before = {uid_after(uid): number for uid, number in self.tx.connection.rows(sql)}
        people = {address(one) for item in items for one in (*item.attendees, item.organizer) if one}
        people -= {*self.own, *self.people, ""}
        found = leads(self.ctx.reader, people), contacts(self.ctx.reader, people)  # a contact goes before a lead
        for column, of in zip((_LEAD, _CONTACT), found, strict=True):
            self.people |= {email: (column, number) for email, number in of.items()}

    def is_declined(self, item: Item, owner: int | None) -> bool:
        """Whether a user does not go; where they are not asked, whether nobody of the book does who is."""
        asked = {email: one.standing for one in item.attendees if (email := address(one)) in self.own}
        mine = self._addresses.get(owner or 0)
        standings = {asked[mine]} if mine in asked else {*asked.values()}
        return standings == {DECLINED}

    def add(self, item: Item, theirs: Said, key: str, *, stays_late: bool = False, **more: Any) -> int:
        """A new task, known by `key`; `more` are stored columns that it has besides. One of a series is for the next of
        its days, and one of a book of ours, or that `stays_late`, for its own day."""
        type_id, tags = self.kind(item)
        # A task of a book of ours that nobody says is done was not held, only because its day is over.
        unsaid = is_ours(item.uid) and not (theirs.columns.get("done_at") or more.get("done_at"))
        held = [] if unsaid else calendar_timeline.held(self.ctx, item, theirs.columns)
        row: dict[str, Any] = {**theirs.columns, "type_id": type_id, "owner_id": self.owner, "external_id": key}
        row["ical"] = "\n".join(item.more) or None
        row["tags"] = tags
        row = {**row, **self.about(item), **more}
        if row.get("repeat"):
            row = begun(self.ctx, row, series(row, self.ctx.env.now).given if stays_late or uuid_of(key) else None)
        if held and not row.get("repeat") and not row.get("done_at"):
            row["done_at"] = show_instant(held[-1])
        if row.get("uid") and not row.get("follows_id"):
            row["follows_id"] = self._before.get(row["uid"])  # which may be done already
        number = self.tx.add(TASK.name, {column: value for column, value in row.items() if value is not None})
        if row.get("uid"):
            self._followed_by(number, row["uid"])
        self.happened(item, number, row, held)
        return number

    def _followed_by(self, number: int, uid: str) -> None:
        """A task of another book of ours is new: the one that follows it may be there already."""
        after = uid_after(uid)
        sql = "SELECT id FROM task WHERE uid = ? AND follows_id IS NULL"
        following = self._came.get(after) or self.tx.connection.value(sql, (after,))
        if following is not None and not self.tx.row(TASK.name, following).get("follows_id"):
            self.tx.change(TASK.name, following, {"follows_id": number})
        self._came[uid] = self._before[after] = number

    def follow(self, number: int, parts: Parts, item: Item, theirs: Said) -> bool:
        """Let a task follow an item in these parts of what it says, with all that comes of it: another day or rule is a
        new beginning of its series, a day that the series leaves out by now is passed over, one that has no day left
        is removed, and what was done there is done here."""
        tx, row = self.tx, self.tx.row(TASK.name, number)
        columns = {c: v for part, value in parts.items() if part not in ("done", "skips") for c, v in value.items()}
        if parts.keys() & {"when", "series"} or self._has_earlier_again(row, parts):
            columns = self._anew(row, columns, theirs, ours=is_ours(item.uid))
        after = {**row, **columns}
        if "skips" in parts and after.get("repeat") and not after.get("removed_at"):
            columns |= self.left_out(after, parts["skips"])
        changed = tx.change(TASK.name, number, columns) if columns else False
        if "done" in parts and bool(row.get("done_at")) != bool(parts["done"]["done_at"]):
            at = parts["done"]["done_at"]
            tx.flush()  # so that what came in before is known to follow
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

    def _anew(self, row: Mapping[str, Any], columns: dict[str, Any], theirs: Said, *, ours: bool) -> dict[str, Any]:
        """The changed columns of a task whose item is on another day, or repeats by another rule: its series is counted
        from its first day there, and goes on after what was done of it. One of a book of ours stands for its own day,
        however late."""
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
        if ours:
            since = series({**said, "series_on": None}, now).given
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
        """Whom a task is about: the first contact who takes part, else the first lead."""
        for one in item.attendees:
            self.known(one)
        taking_part = [one for one in (*item.attendees, item.organizer) if one is not None and one.what not in THINGS]
        people = [self.people[email] for one in taking_part if (email := address(one)) in self.people]
        if not people:
            return {}
        column, number = min(people, key=lambda one: one[0] != _CONTACT)
        return linking.link_columns(self.ctx, self.tx, CONTACT if column == _CONTACT else LEAD, number)

    def known(self, one: Attendee) -> None:
        """Somebody takes part: who is unknown is told, or becomes a contact."""
        email = address(one)
        if not email or email in self.people or email in self.own or one.what in THINGS:
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
        self.people[email] = _CONTACT, number

    def is_meeting(self, item: Item) -> bool:
        """Whether others take part in an event, and not all of them declined."""
        others = [one for one in item.attendees if address(one) not in self.own and one.what not in THINGS]
        return item.kind == "event" and any(one.standing != DECLINED for one in others)

    def happened(self, item: Item, number: int, row: Mapping[str, Any], held: Sequence[datetime]) -> None:
        """A meeting took place, up to each of these moments: it is on the timeline of everybody who took part."""
        if not held or item.kind != "event" or self.is_declined(item, row.get("owner_id")):
            return
        ends = {column: row.get(column) for column in tasks.LINKS}
        absent = {self.people.get(address(one)) for one in item.attendees if one.standing == DECLINED}
        people = [(_CONTACT, one) for one in attending(self.tx.connection, row.get("attendees"))]
        people += [self.people[email] for one in item.attendees if (email := address(one)) in self.people]
        if (lead := ends[_LEAD]) and not ends[_CONTACT]:  # it may be a deal by now, with a person
            person = self.tx.row(LEAD.name, lead).get(_CONTACT)
            ends[_CONTACT] = person if (_CONTACT, person) in people else None
        others = [{column: one} for column, one in dict.fromkeys(people)
                  if ends[column] != one and (column, one) not in absent]  # fmt: skip
        if not absent.isdisjoint(ends.items()):
            ends = {}
        for whose in [*([ends] if any(ends.values()) else ()), *others]:
            for at in held:
                calendar_timeline.put(self.ctx, self.tx, number, row, at, whose)


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


def present(ctx: Context, known: dict[str, int]) -> dict[str, int]:
    """UID -> the present task of what it is: of a series whose first was done, the one that followed, also where the
    first was taken up again: that is the past of its series. In a series of ours each task has an item of its own, and
    one that is open stays what that is. Where what followed was removed it is the present one still: a file ended its
    series, or the book did."""
    ours = {key: number for key, number in known.items() if uuid_of(key)}
    theirs = {key: number for key, number in known.items() if key not in ours}
    return {**_followed(ctx, ours, "t.done_at IS NOT NULL"),
            **_followed(ctx, theirs, "(t.done_at IS NOT NULL OR n.removed_at IS NULL)")}  # fmt: skip


def _followed(ctx: Context, known: dict[str, int], where: str) -> dict[str, int]:
    """UID -> the last of the tasks that follow one (`t`) by another (`n`), as far as SQL says."""
    after: dict[int, int] = {}
    wanted = set(known.values())
    while wanted:
        found: dict[int, int] = {}
        for some, marks in portions(sorted(wanted)):
            sql = (
                f"SELECT t.id, n.id FROM task t JOIN task n ON n.follows_id = t.id WHERE {where}"
                f" AND t.id IN ({marks}) ORDER BY CASE WHEN n.removed_at IS NULL THEN 1 ELSE 0 END, n.id"
            )
            found.update(ctx.reader.rows(sql, some))
        after |= found
        wanted = set(found.values())
    return {key: _last(after, number) for key, number in known.items()}


def _last(after: Mapping[int, int], number: int) -> int:
    while number in after:
        number = after[number]
    return number


def key_of(item: Item) -> str:
    """What an item is known by: its UID; of one day of a series that differs, that day too."""
    from crmcli.exchange.ical_values import stamp, utc

    day = item.recurrence_id
    if day is None:
        return series_key(item.uid)
    # One without a zone is on the same clock wherever the file is read.
    return f"{series_key(item.uid)}/{stamp(utc(day) if isinstance(day, datetime) and not item.floating else day)}"


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
