"""What must be done before a task: other tasks that it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import TASK
from crmcli.domain.hierarchy import rings
from crmcli.domain.text import digits
from crmcli.errors import FieldError
from crmcli.services import naming
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.context import Context
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

OPEN = "coalesce(k.done_at, k.removed_at) IS NULL"


def edit(ctx: Context, tx: Transaction, number: int, text: str) -> bool:
    """Set what a task needs from what was typed: `12,15` is all of it, `+12,-15` is added and taken away, nothing is
    nothing; whether that changed something. Tasks are named by number or name. Raises FieldError for a task that it
    cannot need: itself, or one that needs it."""
    parts = [part.strip() for part in re.split("[,،]", text) if part.strip()]
    signed = [part for part in parts if part[0] in "+-"]
    if signed and len(signed) != len(parts):
        raise FieldError(
            "some are to be added or taken away, others not", "needs", "write needs=+12,-15, or all: needs=12"
        )
    there = _rows(tx, number)
    wanted = set(there) if signed else set()
    for part in parts:
        other = naming.resolve(ctx, TASK, digits(part.lstrip("+-").removeprefix("task:")))
        if part[0] == "-":
            wanted.discard(other)
        else:
            wanted.add(other)
    fresh = sorted(wanted - set(there))
    if fresh:
        tx.names_alone()  # two who make tasks need each other at one time would make a ring
        _check(ctx, tx, number, fresh)
    for other in sorted(set(there) - wanted):
        tx.delete("task_need", there[other])
    for other in fresh:
        tx.add("task_need", {"task_id": number, "needs_id": other})
    return wanted != set(there)


def still_open(connection: Connection, numbers: Iterable[int]) -> dict[int, list[int]]:
    """task -> the open tasks that it needs."""
    return _pairs(connection, "n.task_id, n.needs_id", "n.needs_id", "n.task_id", numbers)


def waiting(connection: Connection, numbers: Iterable[int]) -> dict[int, list[int]]:
    """task -> the open tasks that need it."""
    return _pairs(connection, "n.needs_id, n.task_id", "n.task_id", "n.needs_id", numbers)


def around(connection: Connection, number: int) -> list[tuple[str, str, list[int]]]:
    """(key, title, tasks) of what a task needs and of what needs it, open or not."""
    sides = (("needs", "Needs", "needs_id", "task_id"), ("needed_by", "Needed by", "task_id", "needs_id"))
    found = []
    for key, title, other, own in sides:
        rows = connection.rows(f"SELECT {other} FROM task_need WHERE {own} = ? ORDER BY 1", (number,))
        found.append((key, title, [row[0] for row in rows]))
    return found


def way(connection: Connection, start: int, end: int) -> list[int]:
    """The needs (rows of `task_need`) by which a task needs another one, through whatever others; [] where it does
    not."""
    came: dict[int, tuple[int, int]] = {}  # task -> the row that it was found by, and the task that needs it
    ahead = {start}
    while ahead and end not in came:
        step: dict[int, tuple[int, int]] = {}
        for some, marks in portions(sorted(ahead)):
            sql = f"SELECT needs_id, id, task_id FROM task_need WHERE task_id IN ({marks}) ORDER BY id"
            for other, row, task in connection.rows(sql, some):
                step.setdefault(other, (row, task))
        ahead = step.keys() - came.keys()
        came = {**step, **came}
    found: list[int] = []
    while end in came and (not found or end != start):
        row, end = came[end]
        found.append(row)
    return found[::-1]


def in_rings(connection: Connection, *, unfinished: bool = False) -> list[list[int]]:
    """Tasks that wait for themselves, ring by ring; with `unfinished` those alone of which every one is open."""
    where = ""
    if unfinished:
        seen = "SELECT k.id FROM task k WHERE " + OPEN
        where = f" WHERE task_id IN ({seen}) AND needs_id IN ({seen})"
    links: dict[int, list[int]] = {}
    for task, other in connection.rows(f"SELECT task_id, needs_id FROM task_need{where}"):
        links.setdefault(task, []).append(other)
    return list(rings(links))


def returning(
    connection: Connection, rows: Mapping[int, dict[str, Any]]
) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """Which needs that were taken away (row -> columns) say something when they return: not those that are there again,
    nor those of a task that was purged, of which the link is None. Of the latter what the other task had, in words."""
    wanted = {row["task_id"] for row in rows.values() if row["task_id"] is not None}
    there: set[tuple[int, int]] = set()
    for some, marks in portions(sorted(wanted)):
        there.update(
            (task, other)
            for task, other in connection.rows(
                f"SELECT task_id, needs_id FROM task_need WHERE task_id IN ({marks})", some
            )
        )
    left: dict[int, dict[str, Any]] = {}
    waiting, needed = set(), set()
    for number, row in rows.items():
        task, other = row["task_id"], row["needs_id"]
        if task is not None and other is not None:
            if (task, other) not in there:
                left[number] = row
        elif task is not None:
            waiting.add(task)
        elif other is not None:
            needed.add(other)
    lines = [f"what {_told(waiting)} needed"] if waiting else []
    return left, lines + ([f"what needed {_told(needed)}"] if needed else [])


def _told(tasks: Iterable[int]) -> str:
    few = sorted(tasks)
    return ", ".join(f"task:{number}" for number in few[:5]) + " ..." * (len(few) > 5)


def _pairs(
    connection: Connection, columns: str, joined: str, among: str, numbers: Iterable[int]
) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for some, marks in portions(sorted(set(numbers))):
        sql = (
            f"SELECT {columns} FROM task_need n JOIN task k ON k.id = {joined}"
            f" WHERE {among} IN ({marks}) AND {OPEN} ORDER BY 1, 2"
        )
        for one, other in connection.rows(sql, some):
            found.setdefault(one, []).append(other)
    return found


def _rows(tx: Transaction, number: int) -> dict[int, int]:
    """What a task needs -> the row that says so."""
    tx.flush()  # what is pending counts, and the store is asked
    return {other: row for row, other in tx.connection.rows(
        "SELECT id, needs_id FROM task_need WHERE task_id = ? ORDER BY id", (number,)
    )}  # fmt: skip


def _check(ctx: Context, tx: Transaction, number: int, fresh: list[int]) -> None:
    for other in fresh:
        row: dict[str, Any] = tx.row("task", other)
        naming.check_in_sight(ctx, TASK, row)
        if other == number:
            raise FieldError("a task cannot need itself", "needs")
        if way(tx.connection, other, number):
            raise FieldError(f"task:{other} {row['name']} needs this one already", "needs")
