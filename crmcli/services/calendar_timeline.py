"""Meetings of calendar files on the timelines: each goes there when it is over, and comes off where it is to come after
all; of a series each of its days does. What somebody wrote there stays: it stands for a meeting that is over, and is
told of one that is to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import When, instant_of, local
from crmcli.domain.durations import DAY
from crmcli.domain.types import read_instant, show_instant
from crmcli.services.recurring import series
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import tzinfo

    from crmcli.context import Context
    from crmcli.domain.recurrence.series import Series
    from crmcli.exchange.ical import Item
    from crmcli.store.write import Transaction

#: By what a file changes the book.
SOURCE = "import"
#: What a meeting may be logged as by hand.
KINDS = ("meeting", "visit", "call")
#: So far back the days of a series are looked at, and so many of one that is over.
_YEAR, MOST = timedelta(days=366), 5000


def took_place(ctx: Context, when: date | datetime, minutes: int | None, zone: tzinfo | None) -> datetime | None:
    """When something took place that began `when` and is over: at its end; of whole days on the last of them, as that
    begins on the clocks of a zone. None while it is not over."""
    if isinstance(when, datetime):
        at = end = when.astimezone(UTC) + timedelta(minutes=minutes or 0)
    else:
        now, last = ctx.env.now.replace(tzinfo=zone), when + timedelta(days=max(1, (minutes or 0) // DAY) - 1)
        at, end = (instant_of(When(day), now) for day in (last, last + ONE_DAY))
    return at if end <= ctx.env.now else None


def ended(ctx: Context, item: Item) -> datetime | None:
    """When an event took place that is over."""
    if item.kind != "event" or item.start is None:
        return None
    return took_place(ctx, item.start, item.minutes, ctx.env.now.tzinfo)


def held(ctx: Context, item: Item, row: Mapping[str, Any]) -> list[datetime]:
    """When an event took place, oldest first, where it is over: of a series (`row` is stored columns as the item has
    them) on each of its days in the last year, or where it had none on the last of those before."""
    over = ended(ctx, item)
    if over is None or not row.get("repeat"):
        return [over] if over else []
    its, minutes = series(row, ctx.env.now), row.get("minutes")
    today = local(ctx.env.now, its.zone).date()
    first = [its.given] if its.given not in its.skips else []
    year = _held_on(ctx, its, minutes, [day for day in first if day >= today - _YEAR])
    if found := [*year, *held_after(ctx, row)]:
        return found
    earlier = [day for day in [*first, *its.later(its.given, today, MOST)] if day < today]
    return _held_on(ctx, its, minutes, earlier[-1:])


def held_after(ctx: Context, row: Mapping[str, Any]) -> list[datetime]:
    """When a series took place after the day that its task (`row`) stands for, oldest first: before today, and in the
    last year."""
    its = series(row, ctx.env.now)
    today = local(ctx.env.now, its.zone).date()
    return _held_on(ctx, its, row.get("minutes"), its.later(today - _YEAR, today, _YEAR.days))


def _held_on(ctx: Context, its: Series, minutes: int | None, days: Iterable[date]) -> list[datetime]:
    """When a series took place on these of its days, as far as they are over. That of today is one to come."""
    today = local(ctx.env.now, its.zone).date()
    found = (took_place(ctx, its.when(day), minutes, its.zone) for day in days if day < today)
    return [at for at in found if at is not None]


def put(
    ctx: Context, tx: Transaction, number: int, row: Mapping[str, Any], at: datetime, ends: Mapping[str, Any]
) -> None:
    """The meeting of a task (`number`, with its `row`) took place, up to `at`: it is on the timeline of these `ends`.
    It is there already where somebody logged it that day, after it had begun: that comes from the task, then, and
    stands for no other meeting."""
    for logged in _logged(ctx, tx, number, row, at, ends):
        if tx.row("interaction", logged).get("task_id") is None:
            tx.change("interaction", logged, {"task_id": number}, touch=False)
            return
    tx.add("interaction", {
        "kind": "meeting", "at": show_instant(at), "body": row["name"], "minutes": row.get("minutes"),
        "task_id": number, "author_id": tx.word("user", ctx.actor), **ends,
    })  # fmt: skip


def _logged(
    ctx: Context, tx: Transaction, number: int, row: Mapping[str, Any], at: datetime, ends: Mapping[str, Any]
) -> list[int]:
    """What was logged there between the beginning of a meeting and the end of its day, before anything else with them
    began, and comes from no task."""
    # One with a person is not on the timeline of the deal; a company comes with either.
    columns = [column for column in ("opportunity_id", "contact_id") if ends.get(column)] or ["company_id"]
    minutes = row.get("minutes") or 0
    # What takes whole days is over on the last of them, as that begins.
    begun = at - timedelta(minutes=minutes if row.get("due_at") else max(0, minutes - DAY))
    night = instant_of(When(local(at, ctx.env.now.tzinfo).date() + ONE_DAY), ctx.env.now)
    sql = (
        f"SELECT i.id FROM interaction i WHERE {' AND '.join(f'i.{column} = ?' for column in columns)}"
        f" AND i.kind IN ({', '.join('?' * len(KINDS))}) AND i.direction IS NULL AND i.task_id IS NULL"
        " AND i.removed_at IS NULL AND i.at >= ? AND i.at < ? AND NOT EXISTS (SELECT 1 FROM task t WHERE t.id <> ?"
        f" AND {' AND '.join(f't.{column} = i.{column}' for column in columns)} AND t.removed_at IS NULL"
        " AND t.due_at > ? AND t.due_at <= i.at) ORDER BY i.at, i.id"
    )
    since = show_instant(begun)
    them = [ends[column] for column in columns]
    found = tx.connection.rows(sql, (*them, *KINDS, since, show_instant(night), number, since))
    return [logged for (logged,) in found]


def put_there(tx: Transaction, tasks: Collection[int]) -> dict[int, datetime]:
    """What files put on the timelines of tasks, or found there, and when it was. What is there because somebody did a
    task was on the day when they did, whichever day of its series that stood for."""
    found: dict[int, datetime] = {}
    for some, marks in portions(sorted(tasks)):
        sql = (
            f"SELECT i.id, i.at FROM interaction i WHERE i.task_id IN ({marks}) AND i.removed_at IS NULL"
            " AND EXISTS (SELECT 1 FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
            " WHERE j.entity = 'interaction' AND j.record_id = i.id AND b.undoes IS NULL AND b.undone_by IS NULL"
            " AND b.source = ?) ORDER BY i.id"
        )
        for one, at in tx.connection.rows(sql, (*some, SOURCE)):
            found[one] = at if isinstance(at, datetime) else read_instant(at)
    return found


def take_off(ctx: Context, tx: Transaction, task: str, numbers: Iterable[int]) -> list[str]:
    """A meeting did not take place then: take what a file put on the timelines (`numbers`) off them. What somebody else
    wrote or changed stays; the lines that tell so."""
    written: list[str] = []
    for number in numbers:
        if _is_as_put(tx, number):
            tx.change("interaction", number, {"removed_at": tx.stamp})
        else:
            written.append(str(number))
    if not written:
        return []
    off = ctx.settings.calling("note", "remove", *written)
    return [f"{task}: it did not take place then, but what was written about it stays; {off} takes it off"]


def _is_as_put(tx: Transaction, number: int) -> bool:
    """Whether nothing but files made an interaction, and changed it."""
    sql = (
        "SELECT count(*) FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
        " WHERE j.entity = 'interaction' AND j.record_id = ? AND b.undoes IS NULL AND b.undone_by IS NULL"
        " AND b.source <> ?"
    )
    return not tx.connection.value(sql, (number, SOURCE))
