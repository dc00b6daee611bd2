"""What became of reminders: rows outside the journal. Whoever puts one in, or takes one over, is who sends it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.domain.struct import Struct
from crmcli.domain.types import Instant, read_instant, show_instant
from crmcli.store import schema
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from crmcli.store.connect import Connection

CLAIMED, SENT, FAILED, DOUBTFUL = STATES = ("claimed", "sent", "failed", "doubtful")
#: What people look after.
UNSETTLED = (FAILED, DOUBTFUL)
#: What became of them; of tasks that an undo took away nothing is told, and all is kept.
_COLUMNS = "r.at, r.channel, r.state, r.claimed_at, r.claimed_by, r.sent_at, r.tries, r.detail"
_SELECT = f"SELECT r.id, t.id, {_COLUMNS} FROM reminder r JOIN task t ON t.uid = r.task_uid"
#: Whoever has let go of one has left nothing there.
NOBODY = ""


class Kept(Struct):
    """A row: `at` is the key of the moment, `channel` is whose it is and the channel's name, `claimed_by` a process, or
    nobody where it was let go."""

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


class Claim(Struct):
    """Who claims by which `channel`, as rows have it; the earlier moments (keys) of the same task that it `overtakes`;
    `stands` is asked in the same transaction, whether it is still to be sent."""

    channel: str
    by: str
    now: datetime
    overtakes: tuple[datetime, ...] = ()
    stands: Callable[[], bool] | None = None

    @property
    def void(self) -> bool:
        return self.stands is not None and not self.stands()


@contextlib.contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """A transaction of reminders alone."""
    with connection.transaction():
        schema.hold(connection)
        yield


def _moment(value: Any) -> datetime:
    return read_instant(Instant().from_db(value))


def _kept(row: Sequence[Any]) -> Kept:
    number, task, at, channel, state, claimed_at, by, sent_at, tries, detail = row
    sent = None if sent_at is None else _moment(sent_at)
    return Kept(number, task, _moment(at), channel, state, _moment(claimed_at), by, sent, tries, detail or "")


def of_tasks(connection: Connection, tasks: Iterable[int]) -> list[Kept]:
    """What became of the reminders of these tasks, oldest first."""
    found: list[Kept] = []
    for some, marks in portions(tasks):
        found += map(_kept, connection.rows(f"{_SELECT} WHERE t.id IN ({marks}) ORDER BY r.id", some))
    return found


def of_numbers(connection: Connection, numbers: Iterable[int]) -> list[Kept]:
    """The reminders of these ids that are there."""
    found: list[Kept] = []
    for some, marks in portions(numbers):
        found += map(_kept, connection.rows(f"{_SELECT} WHERE r.id IN ({marks})", some))
    return found


def in_states(connection: Connection, states: Collection[str]) -> list[Kept]:
    """Those of all tasks in these states, oldest first."""
    marks = ", ".join("?" * len(states))
    sql = f"{_SELECT} WHERE r.state IN ({marks}) ORDER BY r.id"
    return [_kept(row) for row in connection.rows(sql, tuple(states))]


# --- since when they are promised ------------------------------------------------------------------------------------


def since(connection: Connection) -> dict[str, datetime]:
    """Since when each channel of somebody counts, and what else is noted of when reminders count, by its name."""
    return {name: _moment(at) for name, at in connection.rows("SELECT name, at FROM reminder_since")}


def begin(
    connection: Connection, found: Iterable[tuple[str, datetime]], over: Iterable[tuple[str, datetime]] = ()
) -> None:
    """Note since when these names count, where nobody did so before, or by a clock that was ahead. What is `over` goes
    before, as it was read."""
    rows = [(name, show_instant(at)) for name, at in found]
    with writing(connection):
        gone = [(name, show_instant(at)) for name, at in over]
        connection.run_many("DELETE FROM reminder_since WHERE name = ? AND at = ?", gone)
        sql = (
            "INSERT INTO reminder_since (name, at) VALUES (?, ?) ON CONFLICT (name)"
            " DO UPDATE SET at = excluded.at WHERE reminder_since.at > excluded.at"
        )
        connection.run_many(sql, rows)


def changes(
    connection: Connection, numbers: Iterable[int], entity: str = "task"
) -> dict[int, list[tuple[datetime, dict[str, Any] | None]]]:
    """What the journal says of each task, or other record, the oldest change first: when it was, and the changed
    columns as they were before; None where it was not there before."""
    from crmcli.store import journal  # most who ask here want nothing of it

    found: dict[int, list[tuple[datetime, dict[str, Any] | None]]] = {}
    for some, marks in portions(numbers):
        sql = (
            "SELECT j.record_id, x.at, j.before FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            f" WHERE j.entity = ? AND j.record_id IN ({marks}) ORDER BY j.id"
        )
        for number, at, before in connection.rows(sql, (entity, *some)):
            found.setdefault(number, []).append((_moment(at), journal.columns(before)))
    return found


# --- sending ---------------------------------------------------------------------------------------------------------


def claim(connection: Connection, task: int, at: datetime, given: Claim) -> int:
    """Take a reminder that nobody has had; its id, or 0 where somebody was first or it is to be sent no more."""
    with writing(connection):
        uid = _uid(connection, task)
        return 0 if uid is None or given.void else _put(connection, uid, at, given)


def claim_page(connection: Connection, name: str, at: datetime, given: Claim) -> int:
    """Take a mail of no task, that is known by a name, as `claim` does."""
    with writing(connection):
        return _put(connection, name, at, given)


def of_page(connection: Connection, name: str, channel: str) -> Kept | None:
    """What became of a mail of no task; its task is 0."""
    sql = f"SELECT r.id, 0, {_COLUMNS} FROM reminder r WHERE r.task_uid = ? AND r.channel = ?"
    found = connection.one(sql, (name, channel))
    return None if found is None else _kept(found)


def _put(connection: Connection, uid: str, at: datetime, given: Claim) -> int:
    row = (uid, show_instant(at), given.channel, CLAIMED, show_instant(given.now), given.by, 1)
    won = connection.run(
        "INSERT INTO reminder (task_uid, at, channel, state, claimed_at, claimed_by, tries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_uid, at, channel) DO NOTHING",
        row,
    )
    if not won:
        return 0
    _overtake(connection, uid, at, given)
    return _number(connection, row[:3])


def _uid(connection: Connection, task: int) -> str | None:
    found = connection.value("SELECT uid FROM task WHERE id = ?", (task,))
    return None if found is None else str(found)


def _number(connection: Connection, row: Sequence[Any]) -> int:
    return int(connection.value("SELECT id FROM reminder WHERE task_uid = ? AND at = ? AND channel = ?", row))


def take_over(connection: Connection, kept: Kept, given: Claim) -> bool:
    """Take one that was given up, as it was read; False where somebody was first, or it is to be sent no more."""
    with writing(connection):
        uid = _uid(connection, kept.task) if kept.task else ""
        if uid is None or given.void:
            return False
        won = connection.run(
            "UPDATE reminder SET state = ?, claimed_at = ?, claimed_by = ?, tries = tries + 1"
            " WHERE id = ? AND state = ? AND tries = ?",
            (CLAIMED, show_instant(given.now), given.by, kept.id, kept.state, kept.tries),
        )
        if won:
            _overtake(connection, uid, kept.at, given)
        return bool(won)


def _overtake(connection: Connection, uid: str, at: datetime, given: Claim) -> None:
    """Settle the earlier reminders of a task that one goes in place of: those that are to be sent too, and what failed
    by the same channel, also where the task was then."""
    now, why = show_instant(given.now), "a later one went in its place"
    connection.run(
        "UPDATE reminder SET state = ?, detail = ? WHERE task_uid = ? AND channel = ? AND at < ? AND state = ?",
        (SENT, why, uid, given.channel, show_instant(at), FAILED),
    )
    connection.run_many(
        "INSERT INTO reminder (task_uid, at, channel, state, claimed_at, claimed_by, tries, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (task_uid, at, channel) DO NOTHING",
        [(uid, show_instant(each), given.channel, SENT, now, given.by, why) for each in given.overtakes],
    )


def let_go(connection: Connection, number: int, by: str) -> None:
    """Say of one that this process has claimed that it sends it no more, and does not know how far it came."""
    with writing(connection):
        sql = "UPDATE reminder SET claimed_by = ? WHERE id = ? AND claimed_by = ? AND state = ?"
        connection.run(sql, (NOBODY, number, by, CLAIMED))


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


def miss(
    connection: Connection, missed: Iterable[tuple[int, datetime, str]], by: str, now: datetime, why: str
) -> list[int]:
    """Write down reminders (task, key, channel) that were never tried and will not be; the id of each row."""
    numbers: list[int] = []
    with writing(connection):
        for task, at, channel in missed:
            row = (_uid(connection, task), show_instant(at), channel)
            if row[0] is not None:
                connection.run(
                    "INSERT INTO reminder (task_uid, at, channel, state, claimed_at, claimed_by, tries, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (task_uid, at, channel) DO NOTHING",
                    (*row, FAILED, show_instant(now), by, why),
                )
            numbers.append(_number(connection, row) if row[0] is not None else 0)
    return numbers


def prune(connection: Connection, before: datetime) -> None:
    """Forget those that came at a moment before or failed then, of tasks that are done or gone: nothing sends them any
    more."""
    where = (
        "WHERE state IN (?, ?) AND claimed_at < ? AND at < ? AND NOT EXISTS (SELECT 1 FROM task t"
        " WHERE t.uid = reminder.task_uid AND t.done_at IS NULL AND t.removed_at IS NULL)"
    )
    values = (SENT, FAILED, show_instant(before), show_instant(before))
    if connection.one(f"SELECT 1 FROM reminder {where} LIMIT 1", values):
        with writing(connection):
            connection.run(f"DELETE FROM reminder {where}", values)
