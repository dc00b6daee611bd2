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
            # A condition on the link has PostgreSQL read all merged records for these few.
            rows = connection.rows(f"SELECT id, merged_into_id FROM {table} WHERE id IN ({marks})", some)
            links = {number: end for number, end in rows if end is not None}
            into.update(links)
            fresh.update(links.values())
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


def taking_apart(connection: Connection, table: str, number: int) -> list[tuple[str, ...]]:
    """What tells undos, one after the other, to take a record apart from what it was merged into: the batch, and the
    record where that did more. Where the one that it was merged into was merged itself since, that comes first; nothing
    where a purge has forgotten it."""
    from crmcli.services.batch import merge_of, stands  # what reads the journal takes a tenth of the time of a list

    sql = (
        f"SELECT b.id, b.undoes IS NULL AND b.undone_by IS NULL AND {stands(connection)}, j.before, j.after"
        " FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
        " WHERE j.entity = ? AND j.record_id = ? ORDER BY j.seq DESC, j.id DESC"
    )
    rows = [(batch, own, merge_of(*sides)) for batch, own, *sides in connection.rows(sql, (table, number))]
    merges = [(batch, own, into) for batch, own, into in rows if into]
    if not merges:
        return []
    last, _, into = merges[0]
    now = connection.value(f"SELECT merged_into_id FROM {table} WHERE id = ?", (number,))
    found = next((batch for batch, own, of in merges if own and of == into), 0)
    first = taking_apart(connection, table, into) if into != now else []
    if not found:  # it was brought back into another one, or alone in a book from before `undoes_seq`
        return [*first, (str(last),)]
    steps = connection.value("SELECT count(*) FROM journal_tx WHERE batch_id = ?", (found,))
    return [*first, (str(found), *([f"{noun(connection, table, number)}:{number}"] if steps > 1 else ()))]
