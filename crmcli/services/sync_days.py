"""Days of a series that differ there from the others: which they are, and where they go when the series goes on.

Of a series of ours the book has the present day alone. A coming one that somebody moved there is an item of its own,
beside that of the series: it goes along when the task of the present day is done and the next one has the series, and
comes back when that is undone.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.services.calendar_changes import day_named, said, with_rule
from crmcli.services.calendar_items import OURS
from crmcli.services.calendar_tasks import begun
from crmcli.services.item_patch import at_time_of
from crmcli.services.recurring import series, skips_of, uid_after
from crmcli.services.sync_shapes import GONE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.ical import Item
    from crmcli.services.sync_shapes import Agreed, Thing

#: What an item says of a day of a series that does not take place any more.
OVER = ("CANCELLED", "COMPLETED")
#: So many days of one series, done and undone, are looked through for the item that had it last.
MOST_UNDONE = 30


def first_day(ctx: Context, main: Item) -> str:
    """The first day of a series; empty where it has none."""
    first = main.start or main.due
    return day_named(ctx, first, main).isoformat() if first is not None else ""


def differing(ctx: Context, items: Sequence[Item], day: str) -> Item | None:
    """The item for the day of a series that the book's task stands for (empty: its first), where it differs."""
    on = day or first_day(ctx, items[0])
    for item in items[1:]:
        if item.recurrence_id is not None and day_named(ctx, item.recurrence_id, items[0]).isoformat() == on:
            return item
    return None


def left_out(ctx: Context, items: Sequence[Item], day: str = "") -> list[date]:
    """The days of a series that were called off, or are done without the task of the book, which stands for `day`."""
    named = [(one.status, day_named(ctx, one.recurrence_id, items[0])) for one in items[1:] if one.recurrence_id]
    over = {on: status for status, on in named}
    return [on for on, status in over.items() if status == "CANCELLED" or (status in OVER and on.isoformat() != day)]


def ahead(ctx: Context, items: Sequence[Item], since: date) -> dict[date, Item]:
    """The days of a series from `since` on that take place otherwise than the others."""
    named = {
        day_named(ctx, one.recurrence_id, items[0]): one
        for one in items[1:]
        if one.recurrence_id is not None and one.status not in OVER
    }
    return {day: one for day, one in named.items() if day >= since}


def newly_differing(ctx: Context, before: Sequence[Item], items: Sequence[Item], given: str) -> int:
    """How many days of a series after the `given` one somebody moved there since it was as `before`."""
    if not (given and before[0].is_series and items[0].is_series):
        return 0
    since = date.fromisoformat(given) + timedelta(days=1)
    was, now = ({day: _times(one) for day, one in ahead(ctx, each, since).items()} for each in (before, items))
    return sum(was.get(day) != times for day, times in now.items())


def newly_left_out(ctx: Context, row: Mapping[str, Any], items: Sequence[Item]) -> frozenset[str]:
    """The days from that of a task on which its series leaves out there, and not in the book."""
    main = with_rule(items[0], row)
    off = said(ctx, main, left_out=left_out(ctx, items)).parts["skips"]["series_skips"] or ""
    since = series(row, ctx.env.now).given.isoformat()
    return frozenset(day for day in off.split(",") if day >= since) - {day.isoformat() for day in skips_of(row)}


def come_to(
    ctx: Context, row: Mapping[str, Any], items: Sequence[Item], since: date | None, own: Collection[str]
) -> dict[str, Any]:
    """The columns of a task for the day that a series has come to (see `begun`): when that one takes place."""
    row = begun(ctx, dict(row), since)
    day = series(row, ctx.env.now).given.isoformat() if row.get("repeat") else ""
    over = differing(ctx, items, day) if day else None
    if over is None or over.status in OVER:
        return row
    there = said(ctx, over, own=own).parts
    return {**row, **there["when"], **there.get("length", {}), "series_on": day}


def was_moved(ctx: Context, row: Mapping[str, Any]) -> bool:
    """Whether a task was put on another day since it was made."""
    sql = (
        "SELECT 1 FROM journal WHERE entity = 'task' AND record_id = ? AND before IS NOT NULL"
        """ AND (after LIKE '%"due_on":%' OR after LIKE '%"due_at":%') LIMIT 1"""
    )
    return bool(row.get("series_on") or ctx.reader.value(sql, (row["id"],)))


class DaysAhead:
    """The coming days of series of ours that differ in one place: `agreed` is what both had of the tasks that are or
    were there, `new` are those that are to be put there."""

    def __init__(
        self, ctx: Context, parse: Callable[[str], Thing], agreed: Mapping[int, Agreed], new: Collection[int]
    ) -> None:
        self.ctx, self._parse, self._agreed, self._new = ctx, parse, agreed, frozenset(new)

    def carried(
        self, row: Mapping[str, Any], mine: tuple[Item, ...], now: Sequence[Item], there: Thing | None
    ) -> tuple[Item, ...]:
        """The items of a task, which are to be `mine`, with the days that differ in the item of the task that had its
        series until then: of the one before, or of one that followed, if this one was taken up again. `there` is its
        item as it was, `now` what the book has put off of it."""
        had = there is not None and there.value[0].is_series
        if not mine[0].is_series:
            if there is not None and had:
                self._tell_lost(row, there.value)
            return mine
        is_gone = row["id"] in self._agreed and self._agreed[row["id"]].state == GONE
        if had and not is_gone:
            return mine
        before = self._before(row["id"]) if there is None or is_gone else self._after(row)
        if not before:
            return mine
        found, lost = _with_days_of(self.ctx, (mine[0], *now) if is_gone else mine, row, before)
        self._tell(row, lost)
        return found

    def _before(self, number: int) -> tuple[Item, ...]:
        """The item of the series that a task follows; empty where that is none any more."""
        while number := int(self.ctx.reader.value("SELECT follows_id FROM task WHERE id = ?", (number,)) or 0):
            if number in self._agreed:
                return self._series(number)
        return ()

    def _after(self, row: Mapping[str, Any]) -> tuple[Item, ...]:
        """The item of a series that went on after a task. Of one that followed and is no more, because that was undone,
        the UID is known."""
        sql = "SELECT id, uid FROM task WHERE follows_id = ? ORDER BY id DESC"
        for number, uid in list(self.ctx.reader.rows(sql, (row["id"],))):
            if found := self._series(number) or self._after({"id": number, "uid": uid}):
                return found
        uid = row["uid"]
        for _ in range(MOST_UNDONE):
            uid = uid_after(uid)
            for number in (one for one, agreed in self._agreed.items() if f"UID:{uid}{OURS}\r\n" in agreed.there):
                if found := self._series(number):
                    return found
        return ()

    def _series(self, number: int) -> tuple[Item, ...]:
        agreed = self._agreed.get(number)
        items: tuple[Item, ...] = self._parse(agreed.there).value if agreed else ()
        return items if items and items[0].is_series else ()

    def _tell_lost(self, row: Mapping[str, Any], theirs: Sequence[Item]) -> None:
        """The item of a series becomes that of its one day: tell which days that differ nobody takes from it."""
        last, given = row["id"], ""
        sql = (
            "SELECT id, COALESCE(series_on, due_on) FROM task WHERE follows_id = ? AND removed_at IS NULL"
            " AND repeat IS NOT NULL ORDER BY id DESC"
        )
        while found := self.ctx.reader.one(sql, (last,)):
            last, given = int(found[0]), str(found[1])
        if not given or last in self._new:
            return
        kept = self._series(last)
        has = ahead(self.ctx, kept, date.min) if kept else {}
        days = ahead(self.ctx, theirs, date.fromisoformat(given) + timedelta(days=1))
        self._tell(row, [day for day in days if day not in has])

    def _tell(self, row: Mapping[str, Any], days: Sequence[date]) -> None:
        if days:
            names = ", ".join(day.isoformat() for day in days)
            self.ctx.say(f"task:{row['id']} {row['name']}: what differed there of its days is lost: {names}")


def _with_days_of(
    ctx: Context, mine: Sequence[Item], row: Mapping[str, Any], theirs: Sequence[Item]
) -> tuple[tuple[Item, ...], list[date]]:
    """The items of a task that has a series now, with the days that differ in `theirs`; and those of these days that
    the series has not any more."""
    main, its = mine[0], series(row, ctx.env.now)
    own = {day_named(ctx, one.recurrence_id, main): one for one in mine[1:] if one.recurrence_id is not None}
    lost: list[date] = []
    for day, one in ahead(ctx, theirs, its.given).items():
        if day == its.given:  # of this one the book knows when; who moved it there may have said more of it
            if said(ctx, own.get(day, main)).parts["when"] == said(ctx, one).parts["when"]:
                own[day] = _named(one, main, day)
            continue
        if (turn := its.next(day)) is None or turn.rule is None or turn.day != day:
            lost.append(day)
            continue
        own[day] = _named(one, main, day)
    return (main, *own.values()), lost


def _named(item: Item, main: Item, day: date) -> Item:
    """The item for a day of a series, as one of another item that has the series now."""
    return item._replace(uid=main.uid, recurrence_id=at_time_of(main, day))


def _times(item: Item) -> tuple[Any, ...]:
    return item.start, item.due, item.minutes
