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
    from crmcli.services.batch import last_change  # what reads the journal takes a tenth of the time of a list

    found = last_change(connection, table, number, ["merged_into_id"])
    if found is None:
        return ()
    batch, taken_back = found[0], "SELECT u.undoes FROM batch b JOIN batch u ON u.id = b.undoes WHERE b.id = ?"
    while root := connection.value(taken_back, (batch,)):  # what was brought back is the batch itself again
        batch = root
    steps = connection.value("SELECT count(*) FROM journal_tx WHERE batch_id = ?", (batch,))
    return (str(batch), *([f"{noun(connection, table, number)}:{number}"] if steps > 1 else ()))
