"""Tasks in step with a calendar of another program: as events on their days, or as to-dos.

An item that is there is changed, never made anew: only what the book changed is written into it, so that what no field
says (other people's answers, alarms of their own, the days that a series has not) stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import TASK
from crmcli.domain.slots import LENGTH
from crmcli.domain.text import fold
from crmcli.errors import CrmError, ReadError
from crmcli.services import calendar_items, records, sync_links, tasks
from crmcli.services.calendar_changes import Said, is_done, said, with_rule
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.calendar_tasks import (
    WHEN,
    Incoming,
    is_ours,
    key_of,
    numbers_of,
    own_addresses,
    uuid_of,
)
from crmcli.services.item_patch import patched
from crmcli.services.records import list_records
from crmcli.services.recurring import OF_A_SERIES, series, skips_of
from crmcli.services.sync_days import (
    OVER,
    DaysAhead,
    come_to,
    differing,
    first_day,
    left_out,
    newly_differing,
    newly_left_out,
    was_moved,
)
from crmcli.services.sync_endings import Ended, Endings, go_on
from crmcli.services.sync_series import (
    anchored,
    followers_in_place,
    given_day,
    moved_series,
    stays_late,
)
from crmcli.services.sync_shapes import Thing
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.sync_shapes import Agreed, Parts
    from crmcli.store.write import Transaction

EVENT, TODO = "event", "todo"
#: An event that was not made here: that its task is done does not show there, and its series goes on.
OTHERS = "event of others"
#: Parts in which a series there says already what each of its days has.
OF_ITS_DAYS = ("when", "length", "series", "skips", "given")
#: Columns of a task which say that.
OF_A_DAY = (*WHEN, "minutes", *OF_A_SERIES)
#: A filter of every record, finished and removed ones too.
EVERY = "(has:removed_at or no:removed_at)"


class Tasks:
    """The tasks that fit a filter, and those that are linked. New ones go out as `shape`: events need a day, so tasks
    without one are not among them."""

    entity = TASK.name
    together = frozenset(("when", "series"))
    silent = frozenset(("done",))

    def __init__(self, ctx: Context, chosen: str = "", *, shape: str = EVENT) -> None:
        self.ctx, self._filter, self.shape = ctx, chosen, shape
        self.zone, self._opening = ctx.zone_name, calendar_items.opening(ctx)
        self.own = own_addresses(ctx)
        self._rows: dict[int, dict[str, Any]] = {}
        self._suffixes: dict[int, str] = {}
        self._uids: dict[int, str] = {}
        self._endings = Endings(ctx)
        self._items: dict[int, tuple[Item, ...]] = {}
        self._days = DaysAhead(ctx, self.parse, {}, ())
        self._coming: Incoming | None = None

    # --- what is there ---

    def parse(self, text: str) -> Thing:
        """An item of a collection: of a series the item that stands for it, and those of its days that differ. Raises
        ReadError."""
        from crmcli.exchange.ical_reader import read_calendar

        found = read_calendar(text.encode(), zone=self.zone, called="the item", opening=self._opening)
        if not found.items:
            why = next((f"{refusal.what}: {refusal.reason}" for refusal in found.refusals), "")
            raise ReadError(why or "there is no event and no to-do in it")
        main = next((item for item in found.items if item.recurrence_id is None), found.items[0])
        others = tuple(item for item in found.items if item.uid == main.uid and item is not main)
        key = key_of(main)
        ours = is_ours(key)
        shape = OTHERS if main.kind == EVENT and not ours else main.kind
        return Thing(key, ours, main.summary or main.uid, main.status == "CANCELLED", shape, (main, *others))

    def begin(self, tx: Transaction, things: Sequence[Thing]) -> None:
        """These items are about to come in."""
        self._coming = Incoming(self.ctx, tx, None)
        self._coming.meet([item for thing in things for item in thing.value])

    def by_key(self, things: Sequence[Thing]) -> dict[str, int]:
        """Key -> task, by the UID of ours or by that under which it came in."""
        keys = {thing.key for thing in things}
        uuids = numbers_of(self.ctx, "uid", {uuid for key in keys if (uuid := uuid_of(key))})
        found = numbers_of(self.ctx, "external_id", keys)
        return found | {key: uuids[uuid] for key in keys if (uuid := uuid_of(key)) in uuids}

    def known(self, things: Sequence[Thing]) -> dict[str, int]:
        """The same; what was not made here is the task that its series has come to, even if that was removed since."""
        found = self.by_key(things)
        ends = {thing.key: found[thing.key] for thing in things if not thing.ours and thing.key in found}
        while later := self._followers(list(ends.values())):
            ends = {key: later.get(number, number) for key, number in ends.items()}
        return found | ends

    def said(self, thing: Thing, number: int) -> Parts:
        """What an item says of a task."""
        return _parts(self._said(thing.value, self._rows.get(number, {})))

    def _said(self, items: tuple[Item, ...], row: Mapping[str, Any]) -> Said:
        day = given_day(self.ctx, row, items[0])
        over = differing(self.ctx, items, day)
        off = left_out(self.ctx, items, day)
        main = with_rule(items[0], row)
        found = said(self.ctx, main, own=self.own, suffix=self._suffixes.get(row.get("id", 0), ""), left_out=off)
        if over is not None and over.status != "CANCELLED":
            there = said(self.ctx, over, own=self.own).parts
            parts = ("when", "length", *(("done",) if over.status == "COMPLETED" else ()))
            found = found._replace(parts={**found.parts, **{part: there[part] for part in parts if part in there}})
        # A task without a length is an event of the usual one: that is none of its own.
        usual = not row.get("minutes") and found.parts.get("length") == {"minutes": LENGTH}
        return found._replace(parts={**found.parts, "length": {"minutes": None}}) if usual else found

    # --- what is here ---

    def here(self, wanted: Mapping[int, str]) -> dict[int, Parts]:
        """What the book says of tasks: of those that are not removed, and as events of those that have a day."""
        rows = {row["id"]: row for some, _ in portions(sorted(wanted)) for row in self._read(some)}
        self._rows |= rows
        self._suffixes |= calendar_items.suffixes(self.ctx, list(rows.values()))
        found: dict[int, Parts] = {}
        for shape in (EVENT, OTHERS, TODO):
            some = [
                row for number, row in rows.items()
                if wanted[number] == shape and not row["removed_at"] and (shape == TODO or row["due_on"])
            ]  # fmt: skip
            self._items |= (items := self._shaped(some, shape))
            found |= {row["id"]: self._of(row, items[row["id"]]) for row in some}
        return found

    def _shaped(self, rows: Sequence[dict[str, Any]], shape: str) -> dict[int, tuple[Item, ...]]:
        """The items of tasks in one shape."""
        by_uid: dict[str, list[Item]] = {}
        if shape == OTHERS:
            rows = [{**row, "done_at": None} for row in rows]
        for item in calendar_items.items(self.ctx, rows, todo=shape == TODO):
            by_uid.setdefault(item.uid, []).append(item._replace(task_status="") if shape == OTHERS else item)
        return {row["id"]: tuple(by_uid[f"{row['uid']}{OURS}"]) for row in rows}

    def _of(self, row: Mapping[str, Any], items: tuple[Item, ...]) -> Parts:
        """What the book says of a task that has these items."""
        return {
            **_parts(self._said(items, row)),
            "about": {"about": self._suffixes[row["id"]]},
            "given": {"given": row["series_on"]},
            "categories": {"categories": list(items[0].categories)},
        }

    def _read(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        words = [f"id:{','.join(map(str, numbers))}", EVERY]
        return list(list_records(self.ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)

    def chosen(self, known: Mapping[int, Agreed]) -> dict[int, str]:
        """The tasks that are to be there, as events those with a day, but for those that are `known` there."""
        rows = list_records(self.ctx, TASK, text=self._filter, columns="id,due_on", sort="id", limit=0).rows
        new = [row["id"] for row in rows if row["id"] not in known and (self.shape == TODO or row["due_on"])]
        self._uids = self._elsewhere(new)
        self._days = DaysAhead(self.ctx, self.parse, known, new)
        of_others = OTHERS if self.shape == EVENT else self.shape
        return {number: of_others if number in self._uids else self.shape for number in new}

    def _elsewhere(self, numbers: Sequence[int]) -> dict[int, str]:
        """Task -> the UID under which others made it, as another place or a calendar file has it: by that one every
        book knows it. One day of a series has none of its own."""
        found: dict[int, str] = {}
        for number, text in sync_links.texts_of(self.ctx.reader, self.entity, numbers):
            try:
                thing = self.parse(text)
            except CrmError:
                continue
            if not thing.ours and thing.key == thing.value[0].uid:
                found[number] = min(thing.key, found.get(number, thing.key))
        return found

    def stands_in(self, number: int) -> tuple[int, str] | None:
        """A task that is no event because it has no day is still one."""
        row = self._rows.get(number)
        return (number, TODO) if row and not row["removed_at"] else None

    def dropped(self, put: Thing, there: Thing, number: int) -> list[str]:
        """The parts that an item lost when it was put there, and its categories."""
        before, after = self.said(put, number), self.said(there, number)
        lost = [part for part, value in before.items() if any(value.values()) and not any(after.get(part, {}).values())]
        words = [{fold(word) for word in thing.value[0].categories} for thing in (put, there)]
        return [*lost, *(["categories"] if words[0] - words[1] else [])]

    def succeeded(self, numbers: Sequence[int]) -> dict[int, int]:
        """Task of a series -> the one that followed when it was done."""
        return self._followers(numbers, " AND n.removed_at IS NULL")

    def _followers(self, numbers: Sequence[int], where: str = "") -> dict[int, int]:
        """The same, removed ones too; one that is present comes before those."""
        found: dict[int, int] = {}
        for some, marks in portions(numbers):
            sql = (
                "SELECT n.follows_id, n.id FROM task n JOIN task t ON t.id = n.follows_id WHERE t.done_at IS NOT NULL"
                f"{where} AND n.follows_id IN ({marks}) ORDER BY n.removed_at IS NULL, n.id"
            )
            found.update(self.ctx.reader.rows(sql, some))
        return found

    def unseen(self, thing: Thing, number: int) -> tuple[str, ...]:
        """A series of others stays as it is: of events, and of to-dos where it says itself that the day of the task was
        called off or is done."""
        if thing.ours:
            return ()
        if thing.shape == OTHERS:
            return OF_ITS_DAYS
        day = given_day(self.ctx, self._rows.get(number, {}), thing.value[0])
        over = differing(self.ctx, thing.value, day) if day else None
        if over is not None and over.status == "COMPLETED":
            return (*OF_ITS_DAYS, "done")
        off = self.said(thing, number)["skips"]["series_skips"] or ""
        return OF_ITS_DAYS if day and day in off.split(",") else ()

    def unmoved(self, thing: Thing, number: int) -> Parts:
        """What the book said of a day of a series of others when its turn came, and before it was moved."""
        row = self._rows[number]
        made = sync_links.as_made(self.ctx.reader, self.entity, number)
        before = {**row, **{column: made.get(column) for column in OF_A_DAY}} if made else row
        if thing.ours or all(before[column] == row[column] for column in OF_A_DAY):
            return {}
        if before["repeat"]:
            before = come_to(self.ctx, before, thing.value, series(before, self.ctx.env.now).given, self.own)
        return self._of(before, self._shaped([before], thing.shape)[number])

    # --- into the book ---

    def add(self, thing: Thing) -> int:
        """A new task, as a calendar file makes one."""
        assert self._coming is not None
        self._coming.owner = self._coming.tx.word("user", self.ctx.actor)
        items = thing.value
        theirs = said(self.ctx, items[0], own=self.own, left_out=left_out(self.ctx, items))
        columns = theirs.columns
        ended = self._endings.before(thing, theirs)
        if len(ended) == 1:
            return go_on(self.ctx, self._coming.tx, ended[0], thing, self.own)
        # Two books that share a collection mean the same task by one UID, and by what follows from that.
        more: dict[str, Any] = {"uid": uuid_of(thing.key)} if thing.ours else {}
        is_late = stays_late(thing)
        if columns.get("repeat"):
            since = series(columns, self.ctx.env.now).given if is_late else None
            row = come_to(self.ctx, columns, items, since, self.own)
            more |= row if row.get("series_on") else {}
        elif over := differing(self.ctx, items, ""):
            more |= said(self.ctx, over, own=self.own).parts["when"]
        number = self._coming.add(items[0], theirs, thing.key, stays_late=is_late, **more)
        if ended:
            names = " or ".join(f"task:{one.row['id']}" for one in ended)
            self.ctx.say(f"task:{number} {thing.name}: it goes on where {names} ended, and nothing says which")
        for lack in theirs.lacks:
            self.ctx.say(f"task:{number} {thing.name}: left out, what a task has not: {lack}")
        others = [one for one in items[1:] if one.status not in OVER]
        left = len(others) - ("due_on" in more)
        if left and not self._coming.tx.row(TASK.name, number).get("follows_id"):
            self._say_differing(number, thing, left)
        return number

    def take(self, number: int, changes: Parts, thing: Thing, was: Thing | None) -> None:
        """Let a task follow; one that was done there is done here, with all that follows from that."""
        assert self._coming is not None
        tx = self._coming.tx
        row = tx.row(TASK.name, number)
        columns = {c: v for part, value in changes.items() if part not in ("done", "skips") for c, v in value.items()}
        main, past = thing.value[0], self._coming.after_done(row)
        columns |= anchored(self.ctx, row, columns, main)
        now = {**columns, **changes.get("skips", {})}
        columns |= moved_series(self.ctx, row, now, thing, was, past=past, own=self.own)
        if was is None or list(was.value[0].more) != list(main.more):
            columns["ical"] = "\n".join(main.more) or None
        if was is not None:
            columns |= self._coming.retagged(row, was.value[0], main)
        if "skips" in changes and columns.get("repeat", row.get("repeat")):
            there = set(filter(None, (changes["skips"]["series_skips"] or "").split(",")))
            here = {day.isoformat() for day in skips_of(row)}
            days = {"out": frozenset(there - here), "again": frozenset(here - there)}
            columns |= self._left_out({**row, **columns}, days)
            columns |= self._on_its_day(row, {**row, **columns}, thing)
        given = given_day(self.ctx, row, main)
        if was is not None and (new := newly_differing(self.ctx, was.value, thing.value, given)):
            self._say_differing(number, thing, new)
        if columns:
            tx.change(TASK.name, number, columns)
        # Whether or not the book has done it as well.
        is_ended = was is not None and was.value[0].rrule and not main.rrule and main.kind == TODO and is_done(main)
        if was is not None and is_ended and row.get("repeat"):
            self._endings.note(thing.name, Ended(was.value[0], dict(row)))
        if "done" in changes:
            verb = tasks.done if changes["done"]["done"] else tasks.reopen
            verb(self.ctx, [number], source="sync")

    def _on_its_day(self, row: Mapping[str, Any], after: dict[str, Any], thing: Thing) -> dict[str, Any]:
        """The columns of a task whose series has gone on to another day, which takes place as the item has that."""
        now = self.ctx.env.now
        if after.get("removed_at") or not row.get("repeat") or series(after, now).given == series(row, now).given:
            return {}
        moved = come_to(self.ctx, after, thing.value, series(after, now).given, self.own)
        return {column: moved[column] for column in ("due_on", "due_at", "minutes", "series_on") if column in moved}

    def _left_out(self, row: dict[str, Any], days: Mapping[str, frozenset[str]]) -> dict[str, Any]:
        """The columns of a task whose series leaves out other days by now, and what is to be told of that."""
        assert self._coming is not None
        columns = self._coming.left_out(row, days)
        for line in self._coming.told:
            self.ctx.say(line)
        self._coming.told.clear()
        return columns

    def _say_differing(self, number: int, thing: Thing, days: int) -> None:
        self.ctx.say(f"task:{number} {thing.name}: {days} of its days differ there and not in the book")

    def in_turn(self, texts: Mapping[int, str]) -> list[int]:
        """Those of a series of others, which stays one item, that nobody put off, and where one of its days differs."""
        return followers_in_place(self.ctx, [number for number, text in texts.items() if "RECURRENCE-ID" in text])

    def come_to(self, number: int, things: Sequence[Thing]) -> Parts:
        """Let a task that followed take place as the item has its day: somebody moved it there, or called it off,
        before its turn came. `things` are what the item said, newest first. What the book moved since is given back."""
        assert self._coming is not None
        row = self._coming.tx.row(TASK.name, number)
        thing = next((one for one in things if one.value[0].is_series), None)
        if thing is None or not row.get("repeat") or not row.get("due_on") or row.get("done_at"):
            return {}
        out = newly_left_out(self.ctx, row, thing.value)
        columns = self._left_out(row, {"out": out, "again": frozenset()}) if out else {}
        after, conflict = {**row, **columns}, {}
        if not after.get("removed_at"):
            moved = come_to(self.ctx, after, thing.value, series(after, self.ctx.env.now).given, self.own)
            when = {column: moved[column] for column in ("due_on", "due_at")}
            differs = any(after[column] != value for column, value in when.items())
            if differs and was_moved(self.ctx, row):
                conflict = {"when": when}
            elif differs:
                length = {} if not row["minutes"] and moved["minutes"] == LENGTH else {"minutes": moved["minutes"]}
                columns |= {**when, **length, "series_on": moved["series_on"]}
        if columns:
            self._coming.tx.change(TASK.name, number, columns)
        return conflict

    def remove(self, number: int) -> None:
        """Remove a task, as somebody did there; undoable."""
        records.remove(self.ctx, TASK, [number], source="sync")

    def restore(self, number: int) -> None:
        """Bring back one that went with its item."""
        records.restore(self.ctx, TASK, [number], source="sync")

    # --- out of the book ---

    def write(self, number: int, there: Thing | None, changed: set[str], then: Parts) -> str:
        """The text for a task (whose `here` was asked before)."""
        from crmcli.exchange.ical import write_one

        mine = self._items[number]
        if there is None:
            mine = tuple(item._replace(uid=self.uid(number)) for item in mine)
        else:
            words = then.get("categories", {}).get("categories", ())
            given = then.get("given", {}).get("given") or ""
            theirs = there.value
            if self._went_on(number, there, then):
                # What is put off, or was moved there, is a day of the series that went on: that one first.
                over = differing(self.ctx, theirs, series(self._rows[number], self.ctx.env.now).given.isoformat())
                theirs = tuple(one for one in theirs if one is not over)
                theirs = patched(self.ctx, mine[:1], theirs, changed, words, self.own, given, ours=False) or theirs
            found = patched(self.ctx, mine, theirs, changed, words, self.own, given, ours=there.ours)
            if found is None and theirs is there.value:
                return ""
            mine = found or theirs
        if is_ours(mine[0].uid):
            mine = self._days.carried(self._rows[number], mine, self._items[number][1:], there)
        return write_one(mine[0], zone=self.zone, overrides=mine[1:]).decode()

    def _went_on(self, number: int, there: Thing, then: Parts) -> bool:
        """Whether a to-do of others stands for a day which the book has done since it said `then`."""
        day = then.get("given", {}).get("given") or then.get("when", {}).get("due_on") or ""
        first, row = first_day(self.ctx, there.value[0]), self._rows[number]
        is_first = there.shape == TODO and not there.ours and day == first
        return bool(is_first and row["repeat"]) and series(row, self.ctx.env.now).given.isoformat() > first

    def uid(self, number: int) -> str:
        """The UID of a task in every calendar."""
        return self._uids.get(number) or f"{self._rows[number]['uid']}{OURS}"


def _parts(found: Said) -> Parts:
    """What is compared: of what is done only that it is, for each side has its own moment."""
    parts = dict(found.parts)
    if "done" in parts:
        parts["done"] = {"done": bool(parts["done"]["done_at"])}
    return parts
