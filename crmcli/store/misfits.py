"""Stored values that are not of the kind of their column. SQLite takes any from another program; PostgreSQL none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.store.own import PACKED
from crmcli.store.read import stored_types
from crmcli.store.tables import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.store.connect import Connection

# Only what is reckoned with is taken apart: without "+0 days" the 30th of February stays what it is.
#: Kind of value -> what is true of a value that is none.
NOT = {
    "a moment": "strftime('%Y-%m-%dT%H:%M:%fZ', {0}, '+0 days') IS NOT {0}",
    "a day": "date({0}, '+0 days') IS NOT {0}",
    "a number": "typeof({0}) <> 'integer'",
    "a text": "typeof({0}) <> 'text'",
    "an object": "CASE WHEN json_valid({0}) THEN json_type({0}) <> 'object' ELSE 1 END",
}


def misfits(connection: Connection, most: int = 1000) -> Iterator[tuple[str, int, str, str]]:
    """(table, row, column, the kind of value it should be) of values that are not of their kind, so many a column."""
    if connection.dialect != "sqlite":
        return
    for table in (*ORDER, "batch", "journal_tx"):
        instants = {name for name, kind in stored_types(table).items() if kind.family == "instant"}
        for name, declared in connection.rows(f"SELECT name, type FROM pragma_table_info('{table}')"):
            kind = "a moment" if name in instants or name == "at" else _kind(declared)
            kind = "an object" if name in PACKED else kind
            sql = f'SELECT rowid FROM {table} WHERE "{name}" IS NOT NULL AND {NOT[kind].format(name)} LIMIT {most}'
            for (row,) in connection.rows(sql):
                yield table, row, name, kind


def _kind(declared: str) -> str:
    if declared == "DATE":
        return "a day"
    return "a text" if declared.startswith(("VARCHAR", "TEXT")) else "a number"
