"""Calendar files on their way in: meetings and to-dos become tasks, each known again by its UID. What the book changed
since the last file stays (`calendar_kept`)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.domain.entities import TASK, USER
from crmcli.domain.slots import LENGTH
from crmcli.domain.types import show_instant
from crmcli.errors import CrmError
from crmcli.results import Changed
from crmcli.services import calendar_items, recurring, tasks
from crmcli.services.calendar_changes import Parts, Said, alike, day_of, differing, in_step, older, said, taken
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.calendar_kept import Kept
from crmcli.services.calendar_tasks import (
    DECLINED,
    Incoming,
    address,
    begun,
    ended,
    held_until,
    key_of,
    numbers_of,
    uuid_of,
)
from crmcli.services.naming import resolve
from crmcli.services.records import list_records
from crmcli.services.recurring import series, skips_of, skips_text
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.recurrence.series import Series
    from crmcli.exchange.ical import Item

#: So many reasons are told one by one.
TOLD = 20


class Outcome(NamedTuple):
    """What became of a file: how many items are new, changed, known as they are, and gone; why others were refused, and
    what else is to be told."""

    changed: Changed
    refused: list[str]


class _Group(NamedTuple):
    """The items of one UID: a series and those of its days that differ, or one item. A day may come without its
    series, which is None then."""

    main: Item | None
    days: list[Item]


def import_calendar(
    ctx: Context, data: bytes, *, called: str, owner: str = "", add_contacts: bool = False, source: str = "import"
) -> Outcome:
    """Take a calendar file in, in one transaction. New tasks are `owner`'s (yours unless given); with `add_contacts`
    people who take part and whom nobody knows become contacts. Raises ReadError for what is no calendar."""
    from crmcli.exchange.ical_reader import read_calendar

    found = read_calendar(data, zone=ctx.zone_name, called=called)
    for note in found.notes:
        ctx.say(note)
    refused = [f"{refusal.number}: {refusal.what}: {refusal.reason}" for refusal in found.refusals]
    groups = _groups(found.items, refused)
    with ctx.writing(source) as tx:
        kept = Kept(ctx, tx, _keys(groups))
        number = resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor)
        taking = _Taking(ctx, groups, Incoming(ctx, tx, number, add_contacts=add_contacts), kept)
        for group in taking.groups:
            taking.take(group)
        kept.write()
    refused += taking.refused
    for line in list(taking.told)[:TOLD]:
        ctx.say(line)
    if len(taking.told) > TOLD:
        ctx.say(f"and {len(taking.told) - TOLD:,} more like these")
    counts = [(taking.new, "new"), (taking.changed, "changed"), (taking.known, "known"), (taking.removed, "removed")]
    what = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no event or to-do in it"
    line = f"imported {called}: {what}" + (f"; {len(refused):,} refused" if refused else "")
    return Outcome(Changed((line,), tuple(tx.changes), ctx.batch, tuple(taking.ids), TASK.name), refused)


def _groups(items: Sequence[Item], refused: list[str]) -> list[_Group]:
    """The items by UID, in the order of the file. What is an event and a to-do at once is not taken twice."""
    found: dict[str, _Group] = {}
    kinds: dict[str, str] = {}
    for item in items:
        if kinds.setdefault(item.uid, item.kind) != item.kind:
            refused.append(f"{item.summary or item.uid}: another item of the file has its UID")
            continue
        group = found.setdefault(item.uid, _Group(None, []))
        if item.recurrence_id is None:
            found[item.uid] = group._replace(main=item)
        else:
            group.days.append(item)
    return list(found.values())


def _keys(groups: Iterable[_Group]) -> set[str]:
    """What the items are known by, and of single days their series."""
    every = [item for group in groups for item in (group.main, *group.days) if item is not None]
    return {key_of(item) for item in every} | {item.uid for item in every}


class _Taking:
    """One file's items on their way into the book."""

    def __init__(self, ctx: Context, groups: Sequence[_Group], coming: Incoming, kept: Kept) -> None:
        self.ctx, self.tx, self.coming, self.kept = ctx, coming.tx, coming, kept
        self.told, self.own = coming.told, coming.own
        self.new = self.changed = self.known = self.removed = 0
        self.ids: list[int] = []
        self.refused: list[str] = []
        groups = [
            group._replace(main=group.main and self._off(group.main), days=[*map(self._off, group.days)])
            for group in groups
        ]
        self.groups = groups
        items = [item for group in groups for item in (group.main, *group.days) if item is not None]
        keys = _keys(groups)
        known = numbers_of(ctx, "external_id", keys)
        uuids = numbers_of(ctx, "uid", {uuid for key in keys if (uuid := uuid_of(key))})
        known |= {key: uuids[uuid] for key in keys if "/" not in key and (uuid := uuid_of(key)) in uuids}
        self.tasks = _present(ctx, known)
        self.rows = {row["id"]: row for some, _ in portions(sorted({*self.tasks.values()})) for row in self._rows(some)}
        self.suffixes = calendar_items.suffixes(ctx, list(self.rows.values()))
        self.items: dict[tuple[bool, str], Item] = {}
        coming.meet(items)

    def take(self, group: _Group) -> None:
        """Take the items of one UID. What cannot be said of a task is told, and what no task can be is refused: nothing
        of it is kept then."""
        item = group.main or group.days[0]
        kept = self.kept.count
        try:
            with self.tx.part():
                if group.main is None:
                    self._days_alone(group.days)
                else:
                    self._series(group.main, group.days)
        except CrmError as error:
            self.refused.append(f"{item.summary or item.uid}: {error.message}")
            self.kept.drop(kept)

    def _off(self, item: Item) -> Item:
        """An item to which the owner of the book does not go is none."""
        declined = any(one.standing == DECLINED and address(one) in self.own for one in item.attendees)
        return item._replace(status="CANCELLED") if declined and item.kind == "event" else item

    # --- one UID ---

    def _series(self, main: Item, days: list[Item]) -> None:
        """An item, and those of the days of its series that differ: the series leaves them out, and each is a task; but
        for the one that its task stands for, where that was no more than put off."""
        when = main.start or main.due
        days = self._newer(days)
        others = {day_of(self.ctx, day.recurrence_id, when): day for day in days if day.recurrence_id is not None}
        number = self.tasks.get(key_of(main))
        if number is None:
            number = self._add(main, others)
            given = self.tx.row(TASK.name, number).get("series_on") if number else None
            if given and number:
                self.kept.keep(others.pop(date.fromisoformat(given)), number, day=True)
        elif self._is_older(main):
            self._update(main, number, {})  # refused, and told: what it says of single days is as old
            self.known += len(others)
            return
        else:
            here = self._here(number, others, main)
            self._update(main, number, others)
            if here is not None:
                self._put_off(number, here)
            self._gone_by(number, others)
        self._others(others.values(), number)

    def _days_alone(self, days: list[Item]) -> None:
        """Days that differ, whose series the file does not have: a series of the book leaves them out from now on."""
        number, days = self.tasks.get(days[0].uid), self._newer(days)
        if not days:
            return
        row = self.tx.row(TASK.name, number) if number else {}
        if number and row.get("repeat") and not row.get("removed_at"):
            its = series(row, self.ctx.env.now)
            others = {on: day for day in days if (on := _day_in(its, day.recurrence_id)) is not None}
            here = self._here(number, others, self._own_item(number, days[0]))
            out = frozenset(on.isoformat() for on in others if on >= its.given and on not in its.skips)
            if out:
                columns = self.coming.left_out(row, {"out": out, "again": frozenset()})
                self._count(number, changed=self.tx.change(TASK.name, number, columns))
            if here is not None:
                self._put_off(number, here)
            self._gone_by(number, others)
            days = list(others.values())
        self._others(days, number)

    def _newer(self, days: list[Item]) -> list[Item]:
        """Days that differ, without those of which something newer was said before: they are known."""
        found = [day for day in days if not self._is_older(day)]
        self.known += len(days) - len(found)
        return found

    def _is_older(self, item: Item) -> bool:
        """Whether something newer was said of an item before."""
        then = self.kept.last(item)
        return then is not None and older(item, then)

    def _here(self, number: int, others: dict[date, Item], main: Item | None) -> Item | None:
        """Of the days that differ the one that a task stands for, taken out of them, where it was no more than put off;
        None where it is called off, or is something else."""
        row = self.tx.row(TASK.name, number)
        if not row.get("repeat") or row.get("done_at") or main is None:
            return None
        given = series(row, self.ctx.env.now).given
        day = others.get(given)
        return others.pop(given) if day is not None and self._is_put_off(day, main) else None

    def _is_put_off(self, day: Item, main: Item) -> bool:
        """Whether a day of a series differs from it in no more than when it is."""
        return day.status != "CANCELLED" and alike(
            said(self.ctx, day, own=self.own), said(self.ctx, main, own=self.own)
        )

    def _gone_by(self, number: int, others: dict[date, Item]) -> None:
        """Days before the one that a series has come to, which nobody has as tasks of their own, are its past."""
        row = self.tx.row(TASK.name, number)
        if not row.get("repeat") or not row.get("follows_id"):
            return
        given = series(row, self.ctx.env.now).given
        for on in [on for on, day in others.items() if on < given and key_of(day) not in self.tasks]:
            self.known += 1
            del others[on]

    def _others(self, days: Iterable[Item], number: int | None) -> None:
        """Days that differ from their series (`number`), each a task of its own; one that was called off is none, or no
        more."""
        for day in days:
            key = key_of(day)
            if (own := self.tasks.get(key)) is not None:
                self._update(day, own, {})
            elif key in self.kept.days and not self._is_on_again(day):
                self.known += 1  # the task of its series stood for it, or it is called off still
            elif day.status != "CANCELLED":
                self._add(day, {})
            elif number is not None:
                self.kept.keep(day, number, day=True)

    def _is_on_again(self, day: Item) -> bool:
        """Whether a day that was called off takes place after all."""
        then = self.kept.last(day)
        return then is not None and then.status == "CANCELLED" != day.status

    def _add(self, item: Item, others: Mapping[date, Item]) -> int | None:
        theirs = self._said(item, None, others)
        if item.status == "CANCELLED":
            self.told[f"{item.summary or item.uid}: cancelled, and not in the book"] = None
            return None
        more = self._put_off_at_once(item, theirs, others)
        if (uuid := uuid_of(key_of(item))) and item.recurrence_id is None:
            more["uid"] = uuid  # one of another book of ours is the same task in both
        number = self.coming.add(item, theirs, key_of(item), **more)
        self.kept.keep(item, number)
        self.tasks[key_of(item)] = number
        self.new += 1
        self.ids.append(number)
        return number

    def _put_off_at_once(self, item: Item, theirs: Said, others: Mapping[date, Item]) -> dict[str, Any]:
        """Where the day that a new series has come to is one that was put off, its task stands for that day."""
        columns = theirs.columns
        moved = {on: day for on, day in others.items() if self._is_put_off(day, item)}
        if not columns.get("repeat") or not moved:
            return {}
        skips = [day for day in skips_of(columns) if day not in moved]
        row = begun(self.ctx, {**columns, "series_skips": skips_text(skips)})
        its = series(row, self.ctx.env.now) if row.get("repeat") else None
        if its is None or its.given not in moved:
            return {}
        rest = skips_text(day for day in {*skips, *others} if day > its.given)
        there = said(self.ctx, moved[its.given], own=self.own).parts
        return {
            **row,
            **there["when"],
            **there.get("length", {}),
            "series_on": its.given.isoformat(),
            "series_skips": rest,
        }

    def _update(self, item: Item, number: int, others: Mapping[date, Item]) -> None:
        tx, row = self.tx, self.tx.row(TASK.name, number)
        if self.kept.is_same(item) and all(day in self.kept for day in others.values()):
            self._meet(item, row)
            self.known += 1
            return
        then = self.kept.last(item)
        if then is not None and older(item, then):
            self.told[f"{row['name']}: the file has an older version of it; the book's stays"] = None
            self.known += 1
            return
        back = bool(row.get("removed_at")) and self._takes_place_again(row, item, then)
        if (row.get("removed_at") and not back) or (item.status == "CANCELLED" and row.get("done_at")):
            self.known += 1
        elif item.status == "CANCELLED":
            self.kept.keep(item, number)
            tx.change(TASK.name, number, {"removed_at": tx.stamp})
            self.removed += 1
            self.ids.append(number)
        else:
            changed = self._follow(item, number, others, then) or back
            self._tell_missing(item, others)
            self._meet(item, tx.row(TASK.name, number))
            self.kept.keep(item, number)
            self._count(number, changed=changed)

    def _follow(self, item: Item, number: int, others: Mapping[date, Item], then: Item | None) -> bool:
        """Let a task follow its item, which said `then` before; what both changed is told."""
        tx, row = self.tx, self.tx.row(TASK.name, number)
        theirs, ours, own = self._said(item, number, others), self._ours(number, item), self._own_item(number, item)
        known = [on for on, day in others.items() if day in self.kept]
        base = said(self.ctx, then, own=self.own, left_out=known) if then is not None else None
        done = False
        if base is not None and then is not None and self._is_over(row, then):
            ours = in_step(base, ours, ended=True)
            if self._is_ahead(item, theirs):
                done = tx.change(TASK.name, number, {"done_at": None})
        if base is None and own is not None and uuid_of(key_of(item)) and older(item, own):
            changes: Parts = {}
            conflicts = differing(ours, theirs)
        else:
            changes, conflicts = taken(base, ours, theirs)
        for part in conflicts:
            self.told[f"task:{number}: its {part} was changed in the book and in the file; the book's stays"] = None
        done = (self.coming.follow(number, changes, item, theirs) if changes else False) or done
        if then is not None:
            more = {"ical": "\n".join(item.more) or None} if list(then.more) != list(item.more) else {}
            more |= self.coming.retagged(tx.row(TASK.name, number), then, item)
            done = (tx.change(TASK.name, number, more) if more else False) or done
        return done

    def _tell_missing(self, main: Item, others: Mapping[date, Item]) -> None:
        """Days of a series that were put elsewhere, of which a later version says nothing: they stay, and are told."""
        begin, keys = f"{key_of(main)}/", {key_of(day) for day in others.values()}
        sql = (
            "SELECT id, name, external_id FROM task WHERE external_id > ? AND external_id < ?"
            " AND coalesce(done_at, removed_at) IS NULL ORDER BY id"
        )
        for number, name, key in self.ctx.reader.rows(sql, (begin, f"{key_of(main)}0")):
            if key.startswith(begin) and key not in keys:
                self.told[f"task:{number} {name}: a day of its series that the file has no more; it stays"] = None

    def _meet(self, item: Item, row: Mapping[str, Any]) -> None:
        """Who takes part and is unknown becomes a contact, if asked; the task is about the first, if about nobody."""
        if not self.coming.add_contacts:
            return
        for one in item.attendees:
            self.coming.known(one)
        alone = not any(row.get(column) for column in tasks.LINKS)
        if alone and (about := self.coming.about(item)):
            self.tx.change(TASK.name, row["id"], about)

    def _is_over(self, row: Mapping[str, Any], then: Item) -> bool:
        """Whether a task is done for no other reason than that its event was over when it came in."""
        before = said(self.ctx, then, own=self.own).columns
        held = held_until(self.ctx, then, before)
        return held is not None and row.get("done_at") == show_instant(held)

    def _is_ahead(self, item: Item, theirs: Said) -> bool:
        """Whether an event, or a day of its series, is still to come."""
        return ended(self.ctx, item) is None or bool(
            theirs.columns.get("repeat") and begun(self.ctx, theirs.columns).get("repeat")
        )

    def _takes_place_again(self, row: Mapping[str, Any], item: Item, then: Item | None) -> bool:
        """Whether what was called off in a file takes place after all: its task comes back. One that was removed in the
        book stays so, and that is told."""
        if item.status == "CANCELLED":
            return False
        if then is not None and then.status == "CANCELLED" and older(then, item):
            return self.tx.change(TASK.name, row["id"], {"removed_at": None})
        again = self.ctx.settings.calling("task", "restore", str(row["id"]))
        self.told[f"task:{row['id']} {row['name']} was removed in the book: {again} takes it up again"] = None
        return False

    def _put_off(self, number: int, item: Item) -> None:
        """The day of its series that a task stands for was put off there; unless the book put it off, too."""
        then = self.kept.last(item)
        if self.kept.is_same(item) or (then is not None and older(item, then)):
            self._count(number, changed=False)
            return
        row = self.tx.row(TASK.name, number)
        its = series(row, self.ctx.env.now)
        usual = its.when(its.given)
        was = said(self.ctx, then, own=self.own).parts["when"] if then is not None else {
            "due_on": its.given.isoformat(), "due_at": show_instant(usual) if isinstance(usual, datetime) else None,
        }  # fmt: skip
        there = said(self.ctx, item, own=self.own).parts
        mine = {column: row.get(column) for column in ("due_on", "due_at")}
        parts, conflicts = taken(Said({"when": was}), Said({"when": mine}), Said({"when": there["when"]}))
        if conflicts:
            self.told[f"task:{number}: its when was changed in the book and in the file; the book's stays"] = None
        changes = {**recurring.put_off(self.ctx, row), **parts["when"]} if parts else {}
        if parts and item.minutes != (row.get("minutes") or LENGTH):
            changes |= there.get("length", {})
        self.kept.keep(item, number, day=True)
        self._count(number, changed=self.tx.change(TASK.name, number, changes) if changes else False)

    def _count(self, number: int, *, changed: bool) -> None:
        self.changed, self.known = self.changed + changed, self.known + (not changed)
        if changed:
            self.ids.append(number)

    # --- what is known ---

    def _rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        words = [f"id:{','.join(map(str, numbers))}", "(has:removed_at or no:removed_at)"]
        return list(list_records(self.ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)

    def _said(self, item: Item, number: int | None, others: Mapping[date, Item]) -> Said:
        """What an item says; what of it no task can have is told."""
        found = said(self.ctx, item, own=self.own, suffix=self.suffixes.get(number or 0, ""), left_out=others)
        for lack in found.lacks:
            self.told[f"{item.summary or item.uid}: left out, what a task has not: {lack}"] = None
        return found

    def _own_item(self, number: int, item: Item) -> Item | None:
        """The item that the book would write of a task: of one that was put off, its series."""
        todo = item.kind == "todo"
        if number not in self.rows:
            return None
        if not any(of == todo for of, _ in self.items):
            # All at once: what they are about is read together. Of one that was put off the first item is the series.
            dated = [row for row in self.rows.values() if todo or row["due_on"]]
            for one in reversed(calendar_items.items(self.ctx, dated, todo=todo)):
                self.items[todo, one.uid] = one
        return self.items.get((todo, f"{self.rows[number]['uid']}{OURS}"))

    def _ours(self, number: int, item: Item) -> Said:
        """What the book would say of a task in such an item."""
        own = self._own_item(number, item)
        return said(self.ctx, own, own=self.own, suffix=self.suffixes[number]) if own else Said({})


def _day_in(its: Series, moment: date | datetime | None) -> date | None:
    """The day of a moment in the zone of a series."""
    return local(moment, its.zone).date() if isinstance(moment, datetime) else moment


def _present(ctx: Context, known: dict[str, int]) -> dict[str, int]:
    """UID -> the present task of what it is: of a series whose first was done, the one that followed."""
    after: dict[int, int] = {}
    wanted = set(known.values())
    while wanted:
        found: dict[int, int] = {}
        for some, marks in portions(sorted(wanted)):
            sql = (
                "SELECT t.id, n.id FROM task t JOIN task n ON n.follows_id = t.id WHERE t.done_at IS NOT NULL"
                f" AND n.removed_at IS NULL AND t.id IN ({marks})"
            )
            found.update(ctx.reader.rows(sql, some))
        after |= found
        wanted = set(found.values())
    return {key: _last(after, number) for key, number in known.items()}


def _last(after: Mapping[int, int], number: int) -> int:
    while number in after:
        number = after[number]
    return number
