"""Items of a calendar file and the tasks that they are: each is added, follows its item, or goes with it.

What the file says is compared part by part with what files said before and with what the book has: what the file alone
changed is taken, what both changed stays as the book has it, and is told.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import local
from crmcli.domain.entities import TASK
from crmcli.domain.types import read_instant, show_instant
from crmcli.errors import CrmError, FieldError
from crmcli.services import calendar_items, calendar_timeline, next_activity, tasks
from crmcli.services.calendar_changes import (
    Parts,
    Said,
    differing,
    in_step,
    is_done,
    older,
    said,
    same_series,
    taken,
    with_rule,
)
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.calendar_tasks import (
    begun,
    is_ours,
    key_of,
    numbers_of,
    present,
    series_key,
    uuid_of,
)
from crmcli.services.calendar_timeline import SOURCE, ended, held, held_after, put_there, took_place
from crmcli.services.records import list_records
from crmcli.services.recurring import followed, next_one, series, uid_after
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.calendar_kept import Kept
    from crmcli.services.calendar_tasks import Incoming

#: So many tasks of a series may have been done in another book since that had it from here.
AHEAD = 20
#: Parts that are of a series, and not of the one task that is its last.
OF_SERIES = ("when", "series", "skips")


class Taking:
    """One file's items on their way into the book. `tasks` are those that are known, by what their items are known by;
    the rest is what became of the items, `told` what is to be told besides, each line once."""

    def __init__(self, ctx: Context, coming: Incoming, kept: Kept) -> None:
        self.ctx, self.tx, self.coming, self.kept = ctx, coming.tx, coming, kept
        self.told, self.own = coming.told, coming.own
        self.new = self.changed = self.known = self.removed = 0
        self.ids: list[int] = []
        self.tasks: dict[str, int] = {}
        self._uids: set[str] = set()
        self._standing: set[str] = set()  # those of them that are not called off
        self._followers: dict[str, int] | None = None
        self._rows: dict[int, dict[str, Any]] = {}
        self._suffixes: dict[int, str] = {}
        self._items: dict[tuple[bool, str], Item] = {}

    def meet(self, items: Sequence[Item]) -> None:
        """Look for the tasks and people of all items at once."""
        self._uids = {item.uid for item in items}
        self._standing = {item.uid for item in items if item.status != "CANCELLED"}
        keys = {key_of(item) for item in items} | {series_key(item.uid) for item in items} | self.kept.keys
        known = numbers_of(self.ctx, "external_id", keys)
        uuids = numbers_of(self.ctx, "uid", {uuid for key in keys if (uuid := uuid_of(key))})
        known |= {key: uuids[uuid] for key in keys if "/" not in key and (uuid := uuid_of(key)) in uuids}
        # Each task of a series of ours has a UID of its own: an item that is no series, that is done, or was and is not
        # any more, is that one.
        in_series = {series_key(item.uid) for item in items if item.is_series or item.recurrence_id} & known.keys()
        self.tx.load(TASK.name, [known[key] for key in in_series])
        own = {key for item in items if (key := key_of(item)) in in_series and self._is_own(item, known[key])}
        led = {key: n for key, n in known.items() if "/" in key or not uuid_of(key) or key in in_series - own}
        self.tasks = known | present(self.ctx, led)
        numbers = sorted({*self.tasks.values()})
        self._rows = {row["id"]: row for some, _ in portions(numbers) for row in self._read(some)}
        self.tx.load(TASK.name, numbers)
        self._suffixes = calendar_items.suffixes(self.ctx, list(self._rows.values()))
        self.coming.meet(items)

    @contextmanager
    def part(self) -> Iterator[None]:
        """What belongs together: on CrmError nothing of it happened."""
        before, ids, kept = (self.new, self.changed, self.known, self.removed), len(self.ids), self.kept.count
        try:
            with self.tx.part():
                yield
        except CrmError:
            self.new, self.changed, self.known, self.removed = before
            del self.ids[ids:]
            self.kept.drop(kept)
            raise

    # --- what is said, and known ---

    def of(self, item: Item, number: int | None) -> Item:
        """An item as it is for its task (`number`), which may have its rule, and for the owner of that, or of the one
        which it is to be: one to which they do not go is called off."""
        row = self.tx.row(TASK.name, number) if number else {"owner_id": self.coming.owner}
        item = with_rule(item, row)
        declined = item.kind == "event" and self.coming.is_declined(item, row.get("owner_id"))
        return item._replace(status="CANCELLED") if declined else item

    def said(self, item: Item, left_out: Collection[date] = ()) -> Said:
        """What an item says, without the days of its series that others stand for."""
        return said(self.ctx, item, own=self.own, left_out=left_out)

    def has_item(self, number: int) -> bool:
        """Whether the file has a task by the UID that we give it."""
        return f"{self.tx.row(TASK.name, number)['uid']}{OURS}" in self._uids

    def _is_own(self, item: Item, number: int) -> bool:
        """Whether an item of ours is that of a task itself, whatever follows it: it is done, or was."""
        then = self.kept.last(item)
        return is_done(item) or (then is not None and is_done(then)) or self.is_taken_up(item, number)

    def is_taken_up(self, item: Item, number: int) -> bool:
        """Whether a task is done, as its item said last, or as the one of the task that follows did, and its item says
        by now that it is not."""
        row = self.tx.row(TASK.name, number)
        if is_done(item) or not row.get("done_at") or row.get("removed_at"):
            return False
        if (then := self.kept.last(item)) is None:
            return False
        if any("done" not in self.said(each).parts for each in (item, then)):
            return False
        if is_done(then) or not is_ours(item.uid):
            return is_done(then)
        # Nobody said so of it: it was concluded from what follows, which is no more, and its item is younger than that.
        if f"{uid_after(row['uid'])}{OURS}" in self._standing:
            return False
        concluded = self._last_by(number, '"done_at":"') == SOURCE
        return concluded and item.updated_at is not None and item.updated_at > read_instant(row["done_at"])

    def is_older(self, item: Item) -> bool:
        """Whether something newer was said of an item before."""
        then = self.kept.last(item)
        return then is not None and older(item, then)

    def own_item(self, number: int, item: Item) -> Item | None:
        """The item that the book would write of a task: of one that was put off, its series."""
        todo = item.kind == "todo"
        if number not in self._rows:
            return None
        if not any(of == todo for of, _ in self._items):
            # All at once: what they are about is read together. Of one that was put off the first item is the series.
            dated = [row for row in self._rows.values() if todo or row["due_on"]]
            for one in reversed(calendar_items.items(self.ctx, dated, todo=todo)):
                self._items[todo, one.uid] = one
        return self._items.get((todo, f"{self._rows[number]['uid']}{OURS}"))

    def ours(self, number: int, item: Item) -> Said:
        """What the book would say of a task in such an item."""
        own = self.own_item(number, item)
        return said(self.ctx, own, own=self.own, suffix=self._suffixes[number]) if own else Said({})

    def tell_lacks(self, item: Item) -> None:
        """Tell what of an item no task can have."""
        for lack in self.said(item).lacks:
            self.told[f"{item.summary or item.uid}: left out, what a task has not: {lack}"] = None

    def count(self, number: int, *, changed: bool) -> None:
        """Count an item as one that changed its task, or as known."""
        self.changed, self.known = self.changed + changed, self.known + (not changed)
        if changed:
            self.ids.append(number)

    def before(self, uuid: str) -> int | None:
        """The open task of a series that one of another book of ours follows: it was done there."""
        if self._followers is None:
            self._followers = {}
            sql = "SELECT id, uid FROM task WHERE repeat IS NOT NULL AND coalesce(done_at, removed_at) IS NULL"
            for number, uid in self.tx.connection.rows(sql):
                if f"{uid}{OURS}" in self._uids:
                    continue  # its own item says whether it was
                for _ in range(AHEAD):
                    uid = uid_after(uid)
                    self._followers[uid] = number
        return self._followers.get(uuid)

    # --- one item ---

    def add(self, item: Item, theirs: Said, more: Mapping[str, Any]) -> int:
        """A new task; `more` are stored columns that it has besides."""
        # A to-do that is late stays so, as every program shows it; an event that is over is none to come to.
        number = self.coming.add(item, theirs, key_of(item), stays_late=item.kind == "todo", **more)
        self.tell_lacks(item)
        self.kept.keep(item, number)
        self.tasks[key_of(item)] = number
        self.new += 1
        self.ids.append(number)
        return number

    def remove(self, number: int) -> None:
        """Remove a task whose item is no more."""
        self.tx.change(TASK.name, number, {"removed_at": self.tx.stamp})
        self.removed += 1
        self.ids.append(number)

    def update(self, item: Item, number: int, before: Collection[date] = (), now: Collection[date] = ()) -> None:
        """Let a task follow its item. `before` are the days of its series for which other items stood when it was said
        last, `now` those for which others stand by now."""
        row = self.tx.row(TASK.name, number)
        if self.kept.is_same(item) and {*before} == {*now}:
            self._meet(item, row)
            self.known += 1
            return
        then = self.kept.last(item)
        if then is not None and older(item, then):
            self.told[f"{row['name']}: the file has an older version of it; the book's stays"] = None
            self.known += 1
            return
        if self.was_removed(item, number):
            again = self.ctx.settings.calling("task", "restore", str(number))
            self.told[f"task:{number} {row['name']} was removed in the book: {again} takes it up again"] = None
        back = bool(row.get("removed_at")) and self._takes_place_again(row, item, then, now)
        if (row.get("removed_at") and not back) or (item.status == "CANCELLED" and row.get("done_at")):
            self.known += 1
            if item.recurrence_id is not None and item.status == "CANCELLED":
                # So that its series has the day again when nothing says so any more.
                self._keep_called_off(item, number, then or self.own_item(number, item))
        elif item.status == "CANCELLED":
            self._keep_called_off(item, number, then)
            self.remove(number)
        else:
            changed = self._follow(item, number, then, before, now) or back
            self._meet(item, self.tx.row(TASK.name, number))
            self.kept.keep(item, number)
            self.count(number, changed=changed)

    def _keep_called_off(self, item: Item, number: int, was: Item | None) -> None:
        """Keep that an item was called off. What it said before, or its task has, is what that is compared with, should
        it take place after all."""
        said = (was if was is not None else item)._replace(
            uid=item.uid, recurrence_id=item.recurrence_id, status=item.status,
            sequence=item.sequence, updated_at=item.updated_at,
        )  # fmt: skip
        self.kept.keep(said, number)

    def _follow(
        self, item: Item, number: int, then: Item | None, before: Collection[date], now: Collection[date]
    ) -> bool:
        """Let a task follow its item, which said `then` before; what both changed is told."""
        row = self.tx.row(TASK.name, number)
        suffix = self._suffixes.get(number, "")
        theirs, ours = said(self.ctx, item, own=self.own, suffix=suffix, left_out=now), self.ours(number, item)
        own = self.own_item(number, item)
        self.tell_lacks(item)
        base = self.said(then, before) if then is not None else None
        done = False
        if base is not None and then is not None and self._was_over(row, then):
            ours = in_step(base, ours, ended=True)
            if self._is_ahead(item, theirs):
                self._take_off_else(row, held(self.ctx, item, theirs.columns))
                done = self.tx.change(TASK.name, row["id"], {"done_at": None})
        elif then is not None and self._is_ahead(item, theirs) and not row.get("repeat") and self._was_held(row, then):
            # It was taken up again, for it did not take place.
            self._take_off_else(row, held(self.ctx, item, theirs.columns))
        # The last task of a series stays as it was done: what of the series is still to come is another one's.
        was_last = bool(not done and row.get("done_at") and row.get("repeat"))
        if base is not None and was_last:
            ours = in_step(base, ours, ended=True)
        if base is None and own is not None and uuid_of(key_of(item)) and older(item, own):
            changes: Parts = {}
            conflicts = differing(ours, theirs)
        else:
            changes, conflicts = taken(base, ours, theirs)
            if base is None and changes.get("done") == {"done_at": None}:
                # It may never have heard that it is done: nobody is known to have taken it up again.
                changes, conflicts = {p: v for p, v in changes.items() if p != "done"}, [*conflicts, "done"]
        if "done" not in changes and self.is_taken_up(item, number):
            changes = {**changes, "done": {"done_at": None}}
        for part in conflicts:
            self.told[f"task:{number}: its {part} was changed in the book and in the file; the book's stays"] = None
        if was_last and changes.keys() & set(OF_SERIES):
            changes = {part: value for part, value in changes.items() if part not in OF_SERIES}
            done = not followed(self.tx.connection, [number]) and self._goes_on(row, theirs)
        done = (self.coming.follow(number, changes, item, theirs) if changes else False) or done
        if then is not None:
            more = {"ical": "\n".join(item.more) or None} if list(then.more) != list(item.more) else {}
            more |= self.coming.retagged(self.tx.row(TASK.name, number), then, item)
            done = (self.tx.change(TASK.name, number, more) if more else False) or done
        return done

    def _goes_on(self, row: Mapping[str, Any], theirs: Said) -> bool:
        """Make the next task of a series whose last one was done, if it has days to come by now."""
        following = self.coming.after_last(row, theirs)
        if following is None:
            return False
        self.ids.append(following)
        return True

    def _meet(self, item: Item, row: Mapping[str, Any]) -> None:
        """Who takes part and is unknown becomes a contact, if asked; the task is about the first, if about nobody."""
        if not self.coming.add_contacts:
            return
        for one in item.attendees:
            self.coming.known(one)
        alone = not any(row.get(column) for column in tasks.LINKS)
        if alone and (about := self.coming.about(item)):
            self.tx.change(TASK.name, row["id"], about)

    def _was_held(self, row: Mapping[str, Any], then: Item) -> bool:
        """Whether a task that is open was done by a file when its event was over."""
        theirs = then.kind == "event" and not is_ours(then.uid) and not row.get("done_at")
        return theirs and bool(ended(self.ctx, then)) and self._last_by(row["id"], '"done_at":"') == SOURCE

    def _was_over(self, row: Mapping[str, Any], then: Item) -> bool:
        """Whether a task is done for no other reason than that its event was over when it came in."""
        held = then.kind == "event" and not is_ours(then.uid) and row.get("done_at")
        return bool(held) and self._last_by(row["id"], '"done_at":"') == SOURCE

    def hold(self, item: Item, number: int) -> None:
        """A meeting that was to come when it came in and is over by now was held, as one that is over when it comes in:
        unless it was put elsewhere in the book, or taken up again since."""
        row = self.tx.row(TASK.name, number)
        if is_ours(item.uid) or item.status == "CANCELLED" or not self.coming.is_meeting(item):
            return
        if row.get("done_at") or row.get("removed_at") or not self._is_where(item, row):
            return
        its = series(row, self.ctx.env.now) if row.get("repeat") else None
        when = read_instant(row["due_at"]) if row.get("due_at") else date.fromisoformat(row["due_on"])
        at = took_place(self.ctx, when, row.get("minutes"), its.zone if its else self.ctx.env.now.tzinfo)
        if at is None or self._was_taken_up(number, at):
            return
        later = held_after(self.ctx, row) if its else []
        if number not in self.ids:
            self.known -= 1
            self.count(number, changed=True)
        moments = sorted({at, *later})
        self.tx.change(TASK.name, number, {"done_at": show_instant(moments[-1])})
        self.coming.happened(item, number, row, moments)
        more = f", like {len(later)} later day{'s' * (len(later) > 1)} of its series" if later else ""
        self.told[f"task:{number} {row['name']}: it is over, so it is done{more}"] = None
        next_one(self.ctx, self.tx, row, held=len(later))
        next_activity.after(self.ctx, self.tx, row, self.ctx.env.now.date())

    def _was_taken_up(self, number: int, at: datetime) -> bool:
        """Whether a task was taken up again in the book since its meeting was over (`at`)."""
        opened, source = self._last(number, '"done_at":null')
        return opened is not None and opened >= at and source != SOURCE

    def _is_where(self, item: Item, row: Mapping[str, Any]) -> bool:
        """Whether a task is due when its item takes place, or is the day that its series has come to."""
        theirs = self.said(item).parts
        mine = Said({part: {column: row.get(column) for column in theirs[part]} for part in ("when", "series")})
        if row.get("repeat") and not row.get("series_on"):
            return same_series(theirs["series"], mine.parts["series"])
        # A day that was put off is an item of its own, which is no series.
        return not theirs["series"].get("repeat") and "when" not in differing(mine, Said(theirs))

    def _is_ahead(self, item: Item, theirs: Said) -> bool:
        """Whether an event, or a day of its series, is still to come."""
        if not theirs.columns.get("repeat"):
            return ended(self.ctx, item) is None
        try:
            return bool(begun(self.ctx, theirs.columns).get("repeat"))
        except FieldError:  # every day of it is left out
            return False

    def _take_off_else(self, row: Mapping[str, Any], moments: Iterable[datetime]) -> None:
        """Take what files put on the timelines of a task off them, but for the days on which it took place."""
        zone = self.ctx.env.now.tzinfo
        days = {local(at, zone).date() for at in moments}
        there = put_there(self.tx, [row["id"]])
        self.take_off(row, [one for one, at in there.items() if local(at, zone).date() not in days])

    def take_off(self, row: Mapping[str, Any], numbers: Iterable[int]) -> None:
        """Take what files put on the timelines of a task, and what did not take place then, off them."""
        task = f"task:{row['id']} {row['name']}"
        self.told |= dict.fromkeys(calendar_timeline.take_off(self.ctx, self.tx, task, numbers))

    def _takes_place_again(self, row: Mapping[str, Any], item: Item, then: Item | None, now: Collection[date]) -> bool:
        """Whether what a file called off, or ended, takes place after all: its task comes back."""
        if item.status == "CANCELLED":
            return False
        if then is not None and then.status == "CANCELLED":
            again = older(then, item)
        else:
            again = self._went_with_its_item(row["id"]) and self._is_ahead(item, self.said(item, now))
        return again and self.tx.change(TASK.name, row["id"], {"removed_at": None})

    def was_removed(self, item: Item, number: int) -> bool:
        """Whether a task was removed in the book, and not by a file that called its item off, or ended it."""
        if not self.tx.row(TASK.name, number).get("removed_at") or item.status == "CANCELLED":
            return False
        then = self.kept.last(item)
        return (then is None or then.status != "CANCELLED") and not self._went_with_its_item(number)

    def _went_with_its_item(self, number: int) -> bool:
        """Whether a task was removed by a file: its item was called off, or no day of its series was to come."""
        return self._last_by(number, '"removed_at":"') == SOURCE

    def _last_by(self, number: int, said: str) -> str:
        """By what a task was changed last so that the journal's JSON says this; empty where it never was."""
        return self._last(number, said)[1]

    def _last(self, number: int, said: str) -> tuple[datetime | None, str]:
        """When and by what a task was changed last so that the journal's JSON says this; None where it never was."""
        # What stands, not what an undo did: that has what stood before.
        sql = (
            "SELECT x.at, b.source FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
            " WHERE j.entity = 'task' AND j.record_id = ? AND b.undoes IS NULL AND b.undone_by IS NULL"
            " AND j.after LIKE ? ORDER BY j.id DESC LIMIT 1"
        )
        for at, source in self.tx.connection.rows(sql, (number, f"%{said}%")):
            return at if isinstance(at, datetime) else read_instant(at), str(source)
        return None, ""

    def _read(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        words = [f"id:{','.join(map(str, numbers))}", "(has:removed_at or no:removed_at)"]
        return list(list_records(self.ctx, TASK, words, columns=COLUMNS, sort="id", limit=0).rows)
