"""Stored values that are not of the kind of their column. SQLite takes any from another program; PostgreSQL none, but
for values of people's own fields, which are members of a JSON column on both."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

from crmcli.domain import custom
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN
from crmcli.errors import CrmError, DamagedError
from crmcli.store import own
from crmcli.store.own import PACKED
from crmcli.store.read import stored_types
from crmcli.store.tables import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.store.connect import Connection

# Only what is reckoned with is taken apart: without "+0 days" the 30th of February stays what it is.
#: So many rows are read at once.
PAGE = 2000
#: Kind of value -> what is true of a value that is none.
NOT = {
    "a moment": "strftime('%Y-%m-%dT%H:%M:%fZ', {0}, '+0 days') IS NOT {0}",
    "a day": "date({0}, '+0 days') IS NOT {0}",
    "a number": "typeof({0}) <> 'integer'",
    "a text": "typeof({0}) <> 'text'",
    "an object": "CASE WHEN json_valid({0}) THEN json_type({0}) <> 'object' ELSE 1 END",
}


def misfits(connection: Connection, most: int = 1000) -> Iterator[tuple[str, int, str, str]]:
    """(table, row, column, the kind of value it should be) of values that are not of their kind, so many a column, and
    so many of the members of one."""
    if connection.dialect == "sqlite":
        yield from _of_columns(connection, most)
    for table in custom.TABLES:
        yield from islice(_of_members(connection, table), most)


def damage(connection: Connection) -> DamagedError | None:
    """The first misfit as an error, which may be why a verb failed that nobody foresaw; None where there is none, or
    the store cannot be asked."""
    with contextlib.suppress(CrmError):
        for table, row, column, kind in misfits(connection, 1):
            noun = next((e.name for e in ENTITIES.values() if e.table == table), table).replace("_", " ")
            return DamagedError(
                f"the book is damaged: '{column}' of {noun} {row} is not {kind}",
                "'crm db check --deep' names all such values; mend them, or restore a backup",
            )
    return None


def _of_columns(connection: Connection, most: int) -> Iterator[tuple[str, int, str, str]]:
    for table in (*ORDER, "batch", "journal_tx"):
        instants = {name for name, kind in stored_types(table).items() if kind.family == "instant"}
        for name, declared in connection.rows(f"SELECT name, type FROM pragma_table_info('{table}')"):
            kind = "a moment" if name in instants or name == "at" else _kind(declared)
            kind = "an object" if name in PACKED else kind
            sql = f'SELECT rowid FROM {table} WHERE "{name}" IS NOT NULL AND {NOT[kind].format(name)} LIMIT {most}'
            for (row,) in connection.rows(sql):
                yield table, row, name, kind


def _of_members(connection: Connection, table: str) -> Iterator[tuple[str, int, str, str]]:
    """Values of people's own fields that these do not take, and such of no field."""
    known = own.vocabulary(connection)
    kinds = {
        field.column.removeprefix(OWN): field.type
        for field in (*known.shown.get(table, ()), *known.removed.get(table, ()))
    }
    last = 0
    while page := connection.rows(
        f"SELECT id, custom FROM {table} WHERE id > ? AND custom IS NOT NULL ORDER BY id LIMIT {PAGE}", (last,)
    ):
        last = page[-1][0]
        for number, packed in page:
            members: object = None
            with contextlib.suppress(ValueError, TypeError, RecursionError):
                members = own.members(packed)
            # What is no object its column tells.
            for name, value in members.items() if isinstance(members, dict) else ():
                kind = kinds.get(name)
                if kind is None:
                    yield table, number, OWN + name, "of a field"
                elif value is not None and not custom.holds(kind, value):
                    yield table, number, OWN + name, f"of the type {kind.name}"


def _kind(declared: str) -> str:
    if declared == "DATE":
        return "a day"
    return "a text" if declared.startswith(("VARCHAR", "TEXT")) else "a number"
