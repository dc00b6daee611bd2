"""Calendar files on their way in: meetings and to-dos become tasks, each known again by its UID.

What a file said last is kept beside the task (`sync_link`), so that the same file says nothing new, and a later one is
taken where the book was not changed meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.entities import TASK, USER
from crmcli.errors import CrmError
from crmcli.results import Changed
from crmcli.services import calendar_items, sync_links
from crmcli.services.calendar_changes import Said, said, taken
from crmcli.services.calendar_items import COLUMNS, OURS
from crmcli.services.calendar_tasks import Incoming, key_of, numbers_of, uuid_of
from crmcli.services.naming import resolve
from crmcli.services.records import list_records
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item

#: The place of `sync_link` that files have in common.
PLACE = "calendar files"
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
        number = resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor)
        taking = _Taking(ctx, found.items, Incoming(ctx, tx, number, add_contacts=add_contacts))
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

    def __init__(self, ctx: Context, items: Sequence[Item], coming: Incoming) -> None:
        self.ctx, self.tx, self.coming = ctx, coming.tx, coming
        self.told, self.own = coming.told, coming.own
        self.new = self.changed = self.known = self.removed = 0
        self.ids: list[int] = []
        self.refused: list[str] = []
        keys = {key_of(item) for item in items}
        self.tasks = numbers_of(ctx, "external_id", keys)
        self.uuids = numbers_of(ctx, "uid", {uuid for key in keys if (uuid := uuid_of(key))})
        known = {*self.tasks.values(), *self.uuids.values()}
        self.rows = {row["id"]: row for some, _ in portions(sorted(known)) for row in self._rows(some)}
        self.suffixes = calendar_items.suffixes(ctx, list(self.rows.values()))
        self.items: dict[tuple[bool, str], Item] = {}
        self.place = sync_links.place(self.tx, PLACE)
        self.bases = self._bases(keys)
        coming.meet(items)

    def take(self, item: Item) -> None:
        """Take one item; what it cannot say of a task is told, and what no task can be is refused."""
        key = key_of(item)
        number = self.uuids.get(uuid_of(key) or "") or self.tasks.get(key)
        try:
            theirs = said(self.ctx, item, own=self.own, suffix=self.suffixes.get(number or 0, ""))
        except CrmError as error:  # a text that no record can hold
            self.refused.append(f"{item.summary or item.uid}: {error.message}")
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
        number = self.coming.add(item, theirs, key)
        self._keep(key, number, self._text(item))
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
        if item.recurrence_id is not None and uuid_of(key):
            self.known += 1  # what was put off of a series of ours: the task itself says so
            return
        text = self._text(item)
        if self.bases.get(key) == text:
            self.known += 1
            return
        ours = self._ours(number, item)
        base = self._base(key) if key in self.bases else None
        changes, conflicts = taken(base, ours, theirs)
        for part in conflicts:
            self.told[f"task:{number}: its {part} was changed in the book and in the file; the book's stays"] = None
        done = tx.change(TASK.name, number, changes) if changes else False
        self._keep(key, number, text)
        self.changed, self.known = self.changed + done, self.known + (not done)
        if done:
            self.ids.append(number)

    # --- what is known ---

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

    def _bases(self, keys: set[str]) -> dict[str, str]:
        """UID -> what a file said of it last."""
        found: dict[str, str] = {}
        for some, marks in portions(sorted(map(sync_links.digest, keys))):
            sql = f"SELECT href, base FROM sync_link WHERE place_id = ? AND digest IN ({marks})"
            found.update(self.tx.connection.rows(sql, (self.place, *some)))
        return found

    def _base(self, key: str) -> Said | None:
        from crmcli.exchange.ical_reader import read_calendar

        zone = str(getattr(self.ctx.env.now.tzinfo, "key", "UTC"))
        read = read_calendar(self.bases[key].encode(), zone=zone)
        return said(self.ctx, read.items[0], own=self.own) if read.items else None

    def _text(self, item: Item) -> str:
        """An item as it is kept: the same for every file that says the same of it."""
        from crmcli.exchange.ical import write_one

        zone = str(getattr(self.ctx.env.now.tzinfo, "key", "UTC"))
        return write_one(item, zone=zone).decode()

    def _keep(self, key: str, number: int, text: str) -> None:
        """Keep what the file says now."""
        sync_links.keep(self.tx.connection, self.place, TASK.name, sync_links.Link(key, number, "", text))
        self.bases[key] = text
