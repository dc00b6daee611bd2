"""What links to records that were merged is linked to the one that stays: whatever it is, as the schema has it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crmcli.domain.entities import ENTITIES
from crmcli.services.links import LINKS
from crmcli.store.sql import portions
from crmcli.store.tables import NOUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: (table, column) -> the rows that link to some records by it
Hanging = dict[tuple[str, str], list[int]]
#: The columns of a pair of records that are not the same.
PAIR = ("record_id", "other_id")


def pairs_of(table: str) -> str:
    """The table that says which records of a table are not the same."""
    return f"{table}_distinct"


def move(tx: Transaction, table: str, stays: int, losers: Sequence[int]) -> Hanging:
    """Link to the one that stays what links to the others; what was moved, but for pairs. When somebody last changed it
    stays as it is: nobody did. Tags are no links of this sort: they are united with the other fields."""
    moved = hanging(tx.connection, table, stays, losers)
    for (child, column), numbers in moved.items():
        tx.load(NOUNS[child], numbers)
        for number in numbers:
            tx.change(NOUNS[child], number, {column: stays}, touch=False)
    _move_pairs(tx, pairs_of(table), stays, {stays, *losers})
    return moved


def hanging(connection: Connection, table: str, stays: int, losers: Sequence[int]) -> Hanging:
    """What links to the others, but for pairs, and for links among those that are merged."""
    merged = {stays, *losers}
    found: Hanging = {}
    for child, column in LINKS[table]:
        if child != pairs_of(table):
            numbers = linked(connection, child, column, losers)
            found[child, column] = [number for number in numbers if child != table or number not in merged]
    return found


def linked(connection: Connection, child: str, column: str, numbers: Iterable[int]) -> list[int]:
    """The rows of a table that link to one of these records by a column."""
    found: list[int] = []
    for some, marks in portions(numbers):
        sql = f"SELECT id FROM {child} WHERE {column} IN ({marks}) ORDER BY id"
        found += [int(row[0]) for row in connection.rows(sql, some)]
    return found


def _move_pairs(tx: Transaction, table: str, stays: int, merged: set[int]) -> None:
    """What is not the same as one of the others is not the same as the one that stays; a pair of two that were merged,
    and one that is there already, goes."""
    numbers = {number for column in PAIR for number in linked(tx.connection, table, column, merged)}
    there: set[frozenset[int]] = set()
    left: list[tuple[int, frozenset[int]]] = []
    for number, row in sorted(tx.rows(table, sorted(numbers)).items()):
        ends = {row[column] for column in PAIR}
        if ends & merged == {stays}:
            there.add(frozenset(ends))
        else:
            left.append((number, frozenset(stays if end in merged else end for end in ends)))
    for number, pair in left:
        if len(pair) == 1 or pair in there:
            tx.delete(table, number)
            continue
        there.add(pair)
        tx.change(table, number, dict(zip(PAIR, sorted(pair), strict=True)))


def counted(connection: Connection, moved: Hanging) -> str:
    """'2 deals, 3 tasks': how much of it is in sight."""
    by_table: dict[str, set[int]] = {}
    for (child, _), numbers in moved.items():
        by_table.setdefault(child, set()).update(numbers)
    counts: Counter[str] = Counter()
    for child, ids in by_table.items():
        kinds = [kind for kind in ENTITIES.values() if kind.table == child and "removed_at" in kind.by_name]
        noun = "kind" if len(kinds) > 1 else f"'{child}'"
        for some, marks in portions(sorted(ids) if kinds else ()):
            sql = f"SELECT {noun}, count(*) FROM {child} WHERE removed_at IS NULL AND id IN ({marks}) GROUP BY 1"
            counts.update(dict(connection.rows(sql, some)))
    return ", ".join(f"{n} {ENTITIES[noun].plural if n > 1 else noun}" for noun, n in sorted(counts.items()))
