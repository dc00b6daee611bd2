"""Pairs of records of which somebody said that they are not the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

    Pair = tuple[int, int]

#: The columns that name the records of a pair.
PAIR = ("record_id", "other_id")


def table_of(table: str) -> str:
    """The table that says which records of a table are not the same."""
    return f"{table}_distinct"


def pairs(connection: Connection, table: str, among: Iterable[int] | None = None) -> set[Pair]:
    """The pairs of records of a table, the lower number first; with `among` those of which one of these is an end."""
    return {ends for _, ends in _rows(connection, table, among)}


def put(tx: Transaction, table: str, numbers: Collection[int]) -> bool:
    """Say of each two of these records that they are not the same; whether anything was new in that."""
    some, known = sorted(set(numbers)), pairs(tx.connection, table, numbers)
    fresh = [(a, b) for i, a in enumerate(some) for b in some[i + 1 :] if (a, b) not in known]
    for ends in fresh:
        tx.add(table_of(table), dict(zip(PAIR, ends, strict=True)))
    return bool(fresh)


def drop(tx: Transaction, table: str, numbers: Collection[int]) -> bool:
    """Forget what was said of any two of these records; whether something was."""
    some = set(numbers)
    found = sorted(number for number, ends in _rows(tx.connection, table, some) if some.issuperset(ends))
    for number in found:
        tx.delete(table_of(table), number)
    return bool(found)


def shift(tx: Transaction, table: str, stays: int, merged: Collection[int]) -> None:
    """Have what is not the same as one of several that were merged be not the same as the one that stays (which is
    among `merged`); a pair of two of them, and one that is there already, goes."""
    merged = set(merged)
    name = table_of(table)
    numbers = sorted({number for number, _ in _rows(tx.connection, table, merged)})
    there: set[frozenset[int]] = set()
    left: list[tuple[int, frozenset[int]]] = []
    for number, row in sorted(tx.rows(name, numbers).items()):
        ends = {row[column] for column in PAIR}
        if ends & merged == {stays}:
            there.add(frozenset(ends))
        else:
            left.append((number, frozenset(stays if end in merged else end for end in ends)))
    for number, pair in left:
        if len(pair) == 1 or pair in there:
            tx.delete(name, number)
            continue
        there.add(pair)
        tx.change(name, number, dict(zip(PAIR, sorted(pair), strict=True)))


def _rows(connection: Connection, table: str, among: Iterable[int] | None) -> Iterator[tuple[int, Pair]]:
    """(number of the pair's own row, the pair)."""
    sql = f"SELECT id, {', '.join(PAIR)} FROM {table_of(table)}"
    if among is None:
        found = connection.rows(f"{sql} ORDER BY id")
    else:
        found = [
            row
            for some, marks in portions(sorted(set(among)))
            for row in connection.rows(f"{sql} WHERE {' OR '.join(f'{c} IN ({marks})' for c in PAIR)}", (*some, *some))
        ]
    for number, one, other in found:
        yield number, (min(one, other), max(one, other))
