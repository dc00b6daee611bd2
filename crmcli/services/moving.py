"""What links to records that were merged is linked to the one that stays: whatever it is, as the schema has it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crmcli.domain.entities import ENTITIES
from crmcli.services import apart
from crmcli.services.links import LINKS
from crmcli.store.sql import portions
from crmcli.store.tables import NOUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: (table, column) -> the rows that link to some records by it
Hanging = dict[tuple[str, str], list[int]]
#: What a record went through itself: it stays with the record, or two ways through the stages would read as one.
HISTORY = frozenset(("stage_move",))


def move(tx: Transaction, table: str, stays: int, losers: Sequence[int]) -> Hanging:
    """Link to the one that stays what links to the others; what was moved, but for pairs. When somebody last changed it
    stays as it is: nobody did. Tags are no links of this sort: they are united with the other fields."""
    tx.flush()  # what is pending may link to them, and the store is asked
    moved = hanging(tx.connection, table, stays, losers)
    for (child, column), numbers in moved.items():
        tx.load(NOUNS[child], numbers)
        for number in numbers:
            tx.change(NOUNS[child], number, {column: stays}, touch=False)
    apart.shift(tx, table, stays, {stays, *losers})
    return moved


def hanging(connection: Connection, table: str, stays: int, losers: Sequence[int]) -> Hanging:
    """What links to the others, but for pairs, for their own histories, and for links among those that are merged."""
    merged = {stays, *losers}
    found: Hanging = {}
    for child, column in LINKS[table]:
        if child != apart.table_of(table) and child not in HISTORY:
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


def counted(connection: Connection, moved: Hanging) -> str:
    """'2 deals, 3 tasks': how much of it is in sight."""
    by_table: dict[str, set[int]] = {}
    for (child, _), numbers in moved.items():
        by_table.setdefault(child, set()).update(numbers)
    counts: Counter[str] = Counter()
    for child, ids in by_table.items():
        kinds = [kind for kind in ENTITIES.values() if kind.table == child]
        noun = "kind" if len(kinds) > 1 else f"'{child}'"
        seen = "removed_at IS NULL AND " if "removed_at" in kinds[0].by_name else ""
        for some, marks in portions(sorted(ids)):
            sql = f"SELECT {noun}, count(*) FROM {child} WHERE {seen}id IN ({marks}) GROUP BY 1"
            counts.update(dict(connection.rows(sql, some)))
    return ", ".join(f"{n} {ENTITIES[noun].plural if n > 1 else noun}" for noun, n in sorted(counts.items()))
