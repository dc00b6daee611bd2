"""What became of reminders: rows outside the journal. Whoever puts one in, or takes one over, is who sends it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.domain.struct import Struct
from crmcli.domain.types import Day, Instant, read_instant, show_instant
from crmcli.store import schema
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from crmcli.store.connect import Connection

CLAIMED, SENT, FAILED, DOUBTFUL = STATES = ("claimed", "sent", "failed", "doubtful")
_COLUMNS = "r.id, r.task_id, r.at, r.channel, r.state, r.claimed_at, r.claimed_by, r.sent_at, r.tries, r.detail"


class Kept(Struct):
    """A row: `at` is the key of the moment, `channel` is whose it is and the channel's name, `claimed_by` a process."""

    id: int
    task: int
    at: datetime
    channel: str
    state: str
    claimed_at: datetime
    claimed_by: str
    sent_at: datetime | None
    tries: int
    detail: str


@contextlib.contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """A transaction of reminders alone."""
    with connection.transaction():
        schema.hold(connection)
        yield


def _kept(row: Sequence[Any]) -> Kept:
    def moment(value: Any) -> datetime:
        return read_instant(Instant().from_db(value))

    number, task, at, channel, state, claimed_at, by, sent_at, tries, detail = row
    sent = None if sent_at is None else moment(sent_at)
    return Kept(number, task, moment(at), channel, state, moment(claimed_at), by, sent, tries, detail or "")


def of_tasks(connection: Connection, tasks: Iterable[int]) -> list[Kept]:
    """What became of the reminders of these tasks, oldest first."""
    found: list[Kept] = []
    for some, marks in portions(tasks):
        sql = f"SELECT {_COLUMNS} FROM reminder r WHERE r.task_id IN ({marks}) ORDER BY r.id"
        found += map(_kept, connection.rows(sql, some))
    return found


def of_numbers(connection: Connection, numbers: Iterable[int]) -> list[Kept]:
    """The reminders of these ids that are there."""
    found: list[Kept] = []
    for some, marks in portions(numbers):
        found += map(_kept, connection.rows(f"SELECT {_COLUMNS} FROM reminder r WHERE r.id IN ({marks})", some))
    return found


def in_states(connection: Connection, states: Collection[str]) -> list[Kept]:
    """Those of all tasks in these states, oldest first."""
    marks = ", ".join("?" * len(states))
    sql = f"SELECT {_COLUMNS} FROM reminder r WHERE r.state IN ({marks}) ORDER BY r.id"
    return [_kept(row) for row in connection.rows(sql, tuple(states))]


#: What a task's reminders are worked out from: its day and moment, and how long before.
Schedule = tuple[str | None, str | None, str | None]


def _stands(connection: Connection, task: int, schedule: Schedule) -> bool:
    """Whether a task is still open, and due when it was."""
    sql = "SELECT due_on, due_at, remind FROM task WHERE id = ? AND done_at IS NULL AND removed_at IS NULL"
    found = connection.one(sql, (task,))
    return found is not None and (Day().from_db(found[0]), Instant().from_db(found[1]), found[2]) == schedule


def claim(
    connection: Connection, task: int, schedule: Schedule, at: datetime, channel: str, by: str, now: datetime
) -> int:
    """Take a reminder that nobody has had; its id, or 0 where somebody was first or the task is not as it was."""
    with writing(connection):
        if not _stands(connection, task, schedule):
            return 0
        row = (task, show_instant(at), channel, CLAIMED, show_instant(now), by, 1)
        won = connection.run(
            "INSERT INTO reminder (task_id, at, channel, state, claimed_at, claimed_by, tries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id, at, channel) DO NOTHING",
            row,
        )
        if not won:
            return 0
        sql = "SELECT id FROM reminder WHERE task_id = ? AND at = ? AND channel = ?"
        return int(connection.value(sql, row[:3]))


def take_over(connection: Connection, kept: Kept, by: str, now: datetime, *, schedule: Schedule | None = None) -> bool:
    """Take one that was given up, as it was read; False where somebody was first, or its task is not as it was."""
    with writing(connection):
        return (schedule is None or _stands(connection, kept.task, schedule)) and bool(
            connection.run(
                "UPDATE reminder SET state = ?, claimed_at = ?, claimed_by = ?, tries = tries + 1"
                " WHERE id = ? AND state = ? AND tries = ?",
                (CLAIMED, show_instant(now), by, kept.id, kept.state, kept.tries),
            )
        )


def end(
    connection: Connection, number: int, by: str, state: str, detail: str, now: datetime, *, tries: int | None = None
) -> None:
    """Say what became of one that this process has claimed, also where others have given it up meanwhile; `tries` in
    place of those that were counted."""
    with writing(connection):
        connection.run(
            "UPDATE reminder SET state = ?, detail = ?, sent_at = ?, tries = coalesce(?, tries)"
            " WHERE id = ? AND claimed_by = ? AND state IN (?, ?)",
            (state, detail or None, show_instant(now) if state == SENT else None, tries, number, by, CLAIMED, DOUBTFUL),
        )


def settle(connection: Connection, kept: Kept, state: str, detail: str) -> bool:
    """Put one, as it was read, into another state; False where it is not as it was any more."""
    with writing(connection):
        return bool(
            connection.run(
                "UPDATE reminder SET state = ?, detail = ? WHERE id = ? AND state = ? AND tries = ? AND claimed_by = ?",
                (state, detail, kept.id, kept.state, kept.tries, kept.claimed_by),
            )
        )


def miss(connection: Connection, missed: Iterable[tuple[int, datetime, str]], by: str, now: datetime, why: str) -> None:
    """Write down reminders (task, key, channel) that were never tried and will not be."""
    with writing(connection):
        connection.run_many(
            "INSERT INTO reminder (task_id, at, channel, state, claimed_at, claimed_by, tries, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (task_id, at, channel) DO NOTHING",
            [(t, show_instant(at), channel, FAILED, show_instant(now), by, why) for t, at, channel in missed],
        )
