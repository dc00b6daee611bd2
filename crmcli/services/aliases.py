"""Merged records as other names of the one that they are: whom a number stands for, and by which batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import ENTITIES
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.store.connect import Connection

#: The tables whose records can be merged.
TABLES = frozenset(entity.table for entity in ENTITIES.values() if "merged_into" in entity.by_name)


def standing(connection: Connection, table: str, numbers: Iterable[int]) -> dict[int, int]:
    """record -> the one that it is since it was merged, through any number of merges; itself where it was not."""
    found = {number: number for number in numbers}
    if table not in TABLES:
        return found
    asked = set(found)
    into: dict[int, int] = {}
    while asked:
        fresh: set[int] = set()
        for some, marks in portions(sorted(asked)):
            sql = f"SELECT id, merged_into_id FROM {table} WHERE id IN ({marks}) AND merged_into_id IS NOT NULL"
            into.update(rows := dict(connection.rows(sql, some)))
            fresh.update(rows.values())
        asked = fresh - into.keys()
    for number in found:
        seen = {number}
        while (end := into.get(found[number])) is not None and end not in seen:  # a damaged book may have a ring
            found[number] = end
            seen.add(end)
    return found


def in_sight(connection: Connection, table: str, numbers: Iterable[int]) -> dict[int, int]:
    """record -> the one that it is since it was merged (see `standing`), of those of which that is in sight."""
    ends = standing(connection, table, numbers)
    seen: set[int] = set()
    for some, marks in portions(sorted(set(ends.values()))):
        sql = f"SELECT id FROM {table} WHERE id IN ({marks}) AND removed_at IS NULL"
        seen.update(row[0] for row in connection.rows(sql, some))
    return {number: end for number, end in ends.items() if end in seen}


def merged(connection: Connection, table: str, numbers: Iterable[int]) -> set[int]:
    """All that was merged into these records, also into what was merged into them."""
    found: set[int] = set()
    asked = set(numbers) if table in TABLES else set()
    while asked:
        fresh: set[int] = set()
        for some, marks in portions(sorted(asked)):
            sql = f"SELECT id FROM {table} WHERE merged_into_id IN ({marks})"
            fresh.update(row[0] for row in connection.rows(sql, some))
        asked = fresh - found
        found |= fresh
    return found


def noun(connection: Connection, table: str, number: int) -> str:
    """What a record of a table goes by: lead or deal, else the table's own word."""
    if table != "opportunity":
        return table
    return str(connection.value("SELECT kind FROM opportunity WHERE id = ?", (number,)) or "deal")


def taking_apart(connection: Connection, table: str, number: int) -> tuple[str, ...]:
    """What tells an undo to take a record apart from what it was merged into: the batch, and the record where that did
    more; nothing where a purge has forgotten it."""
    from crmcli.store import journal  # what reads the journal takes a tenth of the time of a list

    sql = (
        f"SELECT b.id, b.undoes IS NULL AND b.undone_by IS NULL AND {journal.stands()}, j.before, j.after"
        " FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
        " WHERE j.entity = ? AND j.record_id = ? ORDER BY j.seq DESC, j.id DESC"
    )
    found = last = 0
    for batch, stands, *sides in connection.rows(sql, (table, number)):
        before, after = (journal.columns(side) or {} for side in sides)
        # Where the one that it was merged into was merged itself, its link was moved: no merge of its own.
        if after.get("merged_into_id") is not None and before.get("merged_into_id") is None:
            last = last or int(batch)
            if stands:
                found = int(batch)
                break
    if not found:  # before revision 0006 one merge of a batch came back alone also where the batch was undone
        return (str(last),) if last else ()
    steps = connection.value("SELECT count(*) FROM journal_tx WHERE batch_id = ?", (found,))
    return (str(found), *([f"{noun(connection, table, number)}:{number}"] if steps > 1 else ()))
