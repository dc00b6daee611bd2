"""What a fresh store has beside its tables, views and word indexes: indexes, and counters of the numbers given out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import CrmError
from crmcli.store.tables import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.store.connect import Connection

#: Tables whose rows get a number that is never given twice.
NUMBERED = (*ORDER, "batch", "journal")


class Index(NamedTuple):
    """An index: the columns it has, whether they are unique, whether some rows are left out, and what makes it."""

    table: str
    columns: tuple[str, ...]
    unique: bool
    partial: bool
    make: str = ""


def _wanted(dialect: str) -> dict[str, Index]:
    """The indexes of a fresh store by name. On PostgreSQL those of constraints too: SQLite lets nobody drop them."""
    from sqlalchemy import UniqueConstraint
    from sqlalchemy.schema import AddConstraint, CreateIndex
    from sqlmodel import SQLModel

    from crmcli.store import models  # noqa: F401  registers the tables
    from crmcli.store.schema import engine_dialect

    known = engine_dialect(dialect)
    found: dict[str, Index] = {}
    for table in SQLModel.metadata.sorted_tables:
        for index in table.indexes:
            partial = index.dialect_options[dialect]["where"] is not None
            make = str(CreateIndex(index).compile(dialect=known))
            columns = tuple(column.name for column in index.columns)
            found[str(index.name)] = Index(table.name, columns, bool(index.unique), partial, make)
        for constraint in table.constraints if dialect == "postgresql" else ():
            if isinstance(constraint, UniqueConstraint):
                make = str(AddConstraint(constraint, isolate_from_table=False).compile(dialect=known))
                columns = tuple(column.name for column in constraint.columns)
                found[str(constraint.name)] = Index(table.name, columns, True, False, make)
    return found


def _there(connection: Connection) -> dict[str, Index]:
    """The indexes that the store has, by name."""
    if connection.dialect == "postgresql":
        rows = connection.rows(
            "SELECT c.relname::text, t.relname::text, i.indisunique, i.indpred IS NOT NULL, ARRAY("
            "  SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(number, place)"
            "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place)"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND i.indisvalid"
        )
    else:
        rows = connection.rows(
            "SELECT i.name, m.name, i.\"unique\", i.partial, (SELECT group_concat(name, ' ') FROM"
            " (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))"
            " FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table'"
        )
    return {
        name: Index(table, tuple(columns.split() if isinstance(columns, str) else columns or ()), bool(u), bool(p))
        for name, table, u, p, columns in rows
    }


def _lost(connection: Connection) -> dict[str, Index]:
    there = _there(connection)
    return {
        name: index for name, index in _wanted(connection.dialect).items() if there.get(name) != index._replace(make="")
    }


def indexes(connection: Connection) -> list[str]:
    """What is wrong with the indexes: one that a fresh store has, and this one has not or has otherwise."""
    return [
        f"the {'unique ' if index.unique else ''}index {name} of {index.table} is missing or another"
        for name, index in sorted(_lost(connection).items())
    ]


def behind(connection: Connection) -> Iterator[tuple[str, int, int]]:
    """The counters that would give a number twice: table, where it stands, the highest number that was given."""
    for table in NUMBERED:
        top = int(connection.value(f"SELECT max(id) FROM {table}") or 0)
        if table in ORDER:
            named = connection.value("SELECT max(record_id) FROM journal WHERE entity = ?", (table,))
            top = max(top, int(named or 0))
        if connection.dialect == "postgresql":
            last = f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {table}_id_seq"
        else:
            last = f"SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = '{table}'"
        stands = int(connection.value(last) or 0)
        if stands < top:
            yield table, stands, top


def counters(connection: Connection) -> list[str]:
    """What is wrong with the counters of numbers."""
    return [f"the counter of {table} stands at {n}, and {top} was given" for table, n, top in behind(connection)]


def mend(connection: Connection) -> list[str]:
    """Make lost indexes anew and set counters right, inside the caller's transaction; what could not be done."""
    for table, _, top in list(behind(connection)):
        if connection.dialect == "postgresql":
            connection.value(f"SELECT setval('{table}_id_seq', ?)", (top,))
            continue
        connection.run("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, top))
    failed = []
    for name, index in sorted(_lost(connection).items()):
        try:
            with connection.transaction():
                _make(connection, name, index)
        except CrmError as error:
            failed.append(f"the index {name} of {index.table} cannot be made: {error.message}")
    return failed


def _make(connection: Connection, name: str, index: Index) -> Any:
    if connection.dialect == "postgresql":
        connection.run(f"ALTER TABLE {index.table} DROP CONSTRAINT IF EXISTS {name}")
    connection.run(f"DROP INDEX IF EXISTS {name}")
    return connection.run(index.make)
