"""Meetings of calendar files on the timelines: each goes there when it is over, and comes off where it is to come after
all. What somebody wrote there stays: it stands for a meeting that is over, and is told of one that is to come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.calendars import ONE_DAY
from crmcli.domain.dates import When, instant_of, local
from crmcli.domain.durations import DAY
from crmcli.domain.types import read_instant, show_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.context import Context
    from crmcli.store.write import Transaction

#: By what a file changes the book.
SOURCE = "import"
#: What a meeting may be logged as by hand.
KINDS = ("meeting", "visit", "call")


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


def of_task(tx: Transaction, number: int) -> dict[int, datetime]:
    """What is on the timelines of a task, and when it was."""
    sql = "SELECT id, at FROM interaction WHERE task_id = ? AND removed_at IS NULL ORDER BY id"
    return {one: at if isinstance(at, datetime) else read_instant(at) for one, at in tx.connection.rows(sql, (number,))}


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
