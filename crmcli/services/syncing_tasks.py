"""Tasks in step with a calendar of another program: as events on their days, or as to-dos.

An item that is there is changed, never made anew: only what the book changed is written into it, so that what no field
says (other people's answers, alarms of their own, the days that a series has not) stays as it was.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import TASK
from crmcli.domain.slots import LENGTH
from crmcli.domain.text import fold
from crmcli.errors import CrmError, ReadError
from crmcli.services import calendar_items, records, sync_links, tasks
from crmcli.services.calendar_changes import Said, day_named, rule_of, said
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.calendar_tasks import Incoming, begun, is_ours, key_of, numbers_of, own_addresses, uuid_of
from crmcli.services.item_patch import patched
from crmcli.services.records import list_records
from crmcli.services.recurring import follow_on, series, skips_of
from crmcli.services.sync_shapes import Thing
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.sync_shapes import Parts
    from crmcli.store.write import Transaction

EVENT, TODO = "event", "todo"
#: An event that was not made here: that its task is done does not show there, and its series goes on.
OTHERS = "event of others"
#: Parts in which a series there says already what each of its days has.
OF_ITS_DAYS = ("when", "length", "series", "skips", "given")
#: What an item says of a day of a series that does not take place any more.
OVER = ("CANCELLED", "COMPLETED")
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
        self.zone = ctx.zone_name
        self.own = own_addresses(ctx)
        self._rows: dict[int, dict[str, Any]] = {}
        self._suffixes: dict[int, str] = {}
        self._uids: dict[int, str] = {}
        #: (name, rule there) -> the task of a series that was finished there together with its rule
        self._finished: dict[tuple[str, str], dict[str, Any]] = {}
        self._items: dict[int, tuple[Item, ...]] = {}
        self._coming: Incoming | None = None

    # --- what is there ---

    def parse(self, text: str) -> Thing:
        """An item of a collection: of a series the item that stands for it, and those of its days that differ. Raises
        ReadError."""
        from crmcli.exchange.ical_reader import read_calendar

        found = read_calendar(text.encode(), zone=self.zone, called="the item")
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
        """The same; what was not made here is the task that its series has come to."""
        found = self.by_key(things)
        ends = {thing.key: found[thing.key] for thing in things if not thing.ours and thing.key in found}
        while later := self.succeeded(list(ends.values())):
            ends = {key: later.get(number, number) for key, number in ends.items()}
        return found | ends

    def said(self, thing: Thing, number: int) -> Parts:
        """What an item says of a task."""
        return _parts(self._said(thing.value, number))

    def _said(self, items: tuple[Item, ...], number: int) -> Said:
        day = self._day(number)
        over = _moved(self.ctx, items, day)
        off = _left_out(self.ctx, items, day)
        found = said(self.ctx, items[0], own=self.own, suffix=self._suffixes.get(number, ""), left_out=off)
        if over is not None and over.status != "CANCELLED":
            there = said(self.ctx, over, own=self.own).parts
            parts = ("when", "length", *(("done",) if over.status == "COMPLETED" else ()))
            found = found._replace(parts={**found.parts, **{part: there[part] for part in parts if part in there}})
        # A task without a length is an event of the usual one: that is none of its own.
        usual = not self._rows.get(number, {}).get("minutes") and found.parts.get("length") == {"minutes": LENGTH}
        return found._replace(parts={**found.parts, "length": {"minutes": None}}) if usual else found

    def _day(self, number: int) -> str:
        """The day of its series that a task stands for; empty for its first."""
        return self._given(self._rows.get(number, {}))

    def _given(self, row: Mapping[str, Any]) -> str:
        if row.get("repeat") and row.get("due_on"):
            return series(row, self.ctx.env.now).given.isoformat()
        return str(row.get("series_on") or row.get("due_on") or "")

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
            by_uid: dict[str, list[Item]] = {}
            if shape == OTHERS:
                some = [{**row, "done_at": None} for row in some]
            for item in calendar_items.items(self.ctx, some, todo=shape == TODO):
                one = item._replace(task_status="") if shape == OTHERS else item
                by_uid.setdefault(item.uid, []).append(one)
            for row in some:
                number = row["id"]
                self._items[number] = tuple(by_uid[f"{row['uid']}{OURS}"])
                found[number] = {
                    **_parts(self._said(self._items[number], number)),
                    # A series that no rule of theirs says goes out day by day: its own rule says when it changed.
                    "rule": {"rule": row["repeat"] if self._items[number][0].rdates else None},
                    "about": {"about": self._suffixes[number]},
                    "given": {"given": row["series_on"]},
                    "categories": {"categories": list(self._items[number][0].categories)},
                }
        return found

    def _read(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        words = [f"id:{','.join(map(str, numbers))}", EVERY]
        return list(list_records(self.ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)

    def chosen(self, known: Collection[int]) -> dict[int, str]:
        """The tasks that are to be there, as events those with a day, but for those that are `known` there."""
        rows = list_records(self.ctx, TASK, text=self._filter, columns="id,due_on", sort="id", limit=0).rows
        new = [row["id"] for row in rows if row["id"] not in known and (self.shape == TODO or row["due_on"])]
        self._uids = self._elsewhere(new)
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
        found: dict[int, int] = {}
        for some, marks in portions(numbers):
            sql = (
                "SELECT n.follows_id, n.id FROM task n JOIN task t ON t.id = n.follows_id WHERE t.done_at IS NOT NULL"
                f" AND n.removed_at IS NULL AND n.follows_id IN ({marks}) ORDER BY n.id"
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
        day = self._day(number)
        over = _moved(self.ctx, thing.value, day) if day else None
        if over is not None and over.status == "COMPLETED":
            return (*OF_ITS_DAYS, "done")
        off = self._said(thing.value, number).parts["skips"]["series_skips"] or ""
        return OF_ITS_DAYS if day and day in off.split(",") else ()

    # --- into the book ---

    def add(self, thing: Thing) -> int:
        """A new task, as a calendar file makes one."""
        assert self._coming is not None
        self._coming.owner = self._coming.tx.word("user", self.ctx.actor)
        items = thing.value
        theirs = said(self.ctx, items[0], own=self.own, left_out=_left_out(self.ctx, items))
        columns = theirs.columns
        before = None if thing.ours else self._finished.pop((thing.name, items[0].rrule or ""), None)
        if before is not None and (columns.get("due_on") or "") > before["due_on"]:
            return self._goes_on(before, theirs, thing)
        # Two books that share a collection mean the same task by one UID, and by what follows from that.
        more: dict[str, Any] = {"uid": uuid_of(thing.key)} if thing.ours else {}
        if columns.get("repeat"):
            since = series(columns, self.ctx.env.now).given if thing.ours else None
            row = self._come_to(columns, items, since)
            more |= row if row.get("series_on") else {}
        elif over := _moved(self.ctx, items, ""):
            more |= said(self.ctx, over, own=self.own).parts["when"]
        number = self._coming.add(items[0], theirs, thing.key, **more)
        for lack in theirs.lacks:
            self.ctx.say(f"task:{number} {thing.name}: left out, what a task has not: {lack}")
        differing = [one for one in items[1:] if one.status not in OVER]
        if left := len(differing) - ("due_on" in more):
            self.ctx.say(f"task:{number} {thing.name}: {left} of its days differ there and not in the book")
        return number

    def _goes_on(self, before: Mapping[str, Any], theirs: Said, thing: Thing) -> int:
        """The next task of a series that was finished there by a new item for the rest of it: about whom and what the
        one before was, and by its clock. What another program leaves out of its copy nobody took away."""
        assert self._coming is not None
        its = {column: before.get(column) for column in ("repeat", "series_time", "series_zone", "series_skips")}
        more = {"external_id": thing.key, "ical": "\n".join(thing.value[0].more) or None}
        return follow_on(self._coming.tx, before, {**its, **theirs.parts["when"], **more})

    def take(self, number: int, changes: Parts, thing: Thing, was: Thing | None) -> None:
        """Let a task follow; one that was done there is done here, with all that follows from that."""
        assert self._coming is not None
        tx = self._coming.tx
        row = tx.row(TASK.name, number)
        columns = {c: v for part, value in changes.items() if part not in ("done", "skips") for c, v in value.items()}
        columns |= self._anchored(row, columns, thing)
        columns |= self._series(row, {**columns, **changes.get("skips", {})}, thing, was)
        main = thing.value[0]
        if was is None or list(was.value[0].more) != list(main.more):
            columns["ical"] = "\n".join(main.more) or None
        if was is not None:
            columns |= self._coming.retagged(row, was.value[0], main)
        if "skips" in changes and columns.get("repeat", row.get("repeat")):
            there = set(filter(None, (changes["skips"]["series_skips"] or "").split(",")))
            here = {day.isoformat() for day in skips_of(row)}
            days = {"out": frozenset(there - here), "again": frozenset(here - there)}
            columns |= self._coming.left_out({**row, **columns}, days)
            for line in self._coming.told:
                self.ctx.say(line)
            self._coming.told.clear()
        if columns:
            tx.change(TASK.name, number, columns)
        rule = was.value[0].rrule if was is not None and columns.get("repeat", "") is None else None
        if rule and changes.get("done", {}).get("done"):
            self._finished[thing.name, rule] = dict(row)
        if "done" in changes:
            verb = tasks.done if changes["done"]["done"] else tasks.reopen
            verb(self.ctx, [number], source="sync")

    def _anchored(self, row: Mapping[str, Any], columns: Mapping[str, Any], thing: Thing) -> dict[str, Any]:
        """The rule that is taken without its day takes its weekday from the day of the book."""
        from crmcli.domain.recurrence import anchored

        day = row.get("series_on") or row.get("due_on")
        if not columns.get("repeat") or "due_on" in columns or not day:
            return {}
        rule = rule_of(self.ctx, thing.value[0])
        return {"repeat": anchored(rule, date.fromisoformat(day))} if rule else {}

    def _series(
        self, row: Mapping[str, Any], columns: dict[str, Any], thing: Thing, was: Thing | None
    ) -> dict[str, Any]:
        """What follows for the series of a task from another day, or from there being no item any more for the day
        that was put off: the series begins anew where that one was."""
        if not (row.get("repeat") or columns.get("repeat")):
            return {}
        given = self._given(row)
        over = _moved(self.ctx, thing.value, given)
        # One that loses its rule stays the day that it was: it may be done, and be taken up again.
        repeats = columns.get("repeat", row.get("repeat"))
        was_over = was is not None and (not row.get("repeat") or _moved(self.ctx, was.value, given) is not None)
        anew = row.get("series_on") and repeats and over is None and was_over
        if not anew and not columns.keys() & {"due_on", "due_at"}:
            return {}
        if over is not None and over.recurrence_id is not None and over.status != "CANCELLED":
            return {"series_on": day_named(self.ctx, over.recurrence_id, thing.value[0]).isoformat()}
        found: dict[str, Any] = {"series_on": None} if row.get("series_on") else {}
        after = {**row, **columns, **found}
        if not thing.ours and after.get("repeat") and after.get("due_on"):
            past = self._coming.after_done(row) if self._coming else None
            later = self._come_to(after, thing.value, past and max(past, self.ctx.env.now.date()))
            its = ("due_on", "due_at", "minutes", "repeat", "series_on")
            found |= {c: later.get(c) for c in its if later.get(c) != after.get(c)}
        return found

    def _come_to(self, row: dict[str, Any], items: Sequence[Item], since: date | None) -> dict[str, Any]:
        """The columns of a task for the day that a series has come to (see `begun`): when that one takes place."""
        row = begun(self.ctx, row, since)
        day = series(row, self.ctx.env.now).given.isoformat() if row.get("repeat") else ""
        over = _moved(self.ctx, items, day) if day else None
        if over is None or over.status in OVER:
            return row
        there = said(self.ctx, over, own=self.own).parts
        return {**row, **there["when"], **there.get("length", {}), "series_on": day}

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
            found = patched(self.ctx, mine, there.value, changed, words, self.own, given, ours=there.ours)
            if found is None:
                return ""
            mine = found
        return write_one(mine[0], zone=self.zone, overrides=mine[1:]).decode()

    def uid(self, number: int) -> str:
        """The UID of a task in every calendar."""
        return self._uids.get(number) or f"{self._rows[number]['uid']}{OURS}"


def _parts(found: Said) -> Parts:
    """What is compared: of what is done only that it is, for each side has its own moment."""
    parts = dict(found.parts)
    if "done" in parts:
        parts["done"] = {"done": bool(parts["done"]["done_at"])}
    return parts


def _moved(ctx: Context, items: Sequence[Item], day: str) -> Item | None:
    """The item for the day of a series that the book's task stands for (empty: its first), where it differs."""
    first = items[0].start or items[0].due
    on = day or (day_named(ctx, first, items[0]).isoformat() if first is not None else "")
    for item in items[1:]:
        if item.recurrence_id is not None and day_named(ctx, item.recurrence_id, items[0]).isoformat() == on:
            return item
    return None


def _left_out(ctx: Context, items: Sequence[Item], day: str = "") -> list[date]:
    """The days of a series that were called off, or are done without the task of the book, which stands for `day`."""
    named = [(one.status, day_named(ctx, one.recurrence_id, items[0])) for one in items[1:] if one.recurrence_id]
    over = {on: status for status, on in named}
    return [on for on, status in over.items() if status == "CANCELLED" or (status in OVER and on.isoformat() != day)]
