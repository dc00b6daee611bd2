"""The values of fields that people added, packed into two columns of their record, and what the book says of these
fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import custom
from crmcli.domain.fields import OWN, OWN_KEY, installed
from crmcli.errors import ConflictError, DamagedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from crmcli.domain.fields import Field, Vocabulary
    from crmcli.store.connect import Connection

#: packed column -> what the columns begin with that are packed into it
PACKED = {"custom": OWN, "custom_key": OWN_KEY}
DEFINITIONS = "SELECT id, name, entity, type, label, help, options, removed_at FROM custom_field ORDER BY id"


def vocabulary(connection: Connection) -> Vocabulary:
    """The fields that people added to this book; the installed ones where they are the same."""
    rows = connection.rows(DEFINITIONS)
    known = installed()
    return known if known.rows == rows else custom.vocabulary(rows)


def unpack(row: dict[str, Any]) -> None:
    """Put the members of a row's packed columns in the place of these: `custom` -> `custom.industry`."""
    for column, start in PACKED.items():
        packed = row.pop(column, None)
        if packed:
            row.update({start + name: value for name, value in members(packed).items()})


def members(packed: Any) -> dict[str, Any]:
    """The members of a packed column: a text on SQLite, on PostgreSQL what its driver makes of it."""
    if not isinstance(packed, str):
        return dict(packed)
    import json  # a list has no use for it, and it takes a millisecond

    found: dict[str, Any] = json.loads(packed)
    return found


def packed(current: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Changed columns of a row that is there (`current`) with those of people's own fields as the packed columns that
    they are written to."""
    found = {column: value for column, value in values.items() if not column.startswith((OWN, OWN_KEY))}
    for column, start in PACKED.items():
        if any(name.startswith(start) for name in values):
            whole = {**current, **values}
            found[column] = _text((n[len(start) :], v) for n, v in whole.items() if n.startswith(start))
    return found


def packed_columns(columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The same for new rows given column by column."""
    found = {name: values for name, values in columns.items() if not name.startswith((OWN, OWN_KEY))}
    for column, start in PACKED.items():
        names = [name for name in columns if name.startswith(start)]
        if names:
            heads = [name[len(start) :] for name in names]
            rows = zip(*(columns[name] for name in names), strict=True)
            found[column] = [_text(zip(heads, row, strict=True)) for row in rows]
    return found


def _text(pairs: Iterable[tuple[str, Any]]) -> str | None:
    """Members as the column has them, None where there are none: what is empty is no member."""
    from crmcli.store.journal import canonical

    return canonical({name: value for name, value in pairs if value is not None} or None)


def check(table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Values (column -> those of some rows) that are to be written are of fields of people's own that are there, and of
    their types: whoever read them may have known other fields. Raises ConflictError."""
    for column, values in columns.items():
        if not column.startswith(OWN) or not any(value is not None for value in values):
            continue
        name, field = column.removeprefix(OWN), own_field(table, column)
        if field is None:
            what = f"there is no field '{name}' any more"
        elif any(value is not None and not custom.holds(field.type, value) for value in values):
            what = f"the field '{name}' takes other values now: its type is {field.type.name}"
        else:
            continue
        raise ConflictError(f"{what}: somebody changed the fields meanwhile", "look at 'crm field list' and try again")


def defined(table: str, columns: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """The fields of people's own in use that have one of these columns: name -> its type and options, as stored."""
    rows: Any = installed().rows
    return {
        name: (kind, options)
        for _, name, of, kind, _, _, options, gone in rows
        if of == table and gone is None and f"{OWN}{name}" in columns
    }


def own_field(table: str, column: str) -> Field | None:
    """The field of people's own that has a column, a removed one too; None for a column of none."""
    known = installed()
    every = (*known.shown.get(table, ()), *known.removed.get(table, ()))
    return next((field for field in every if field.column == column), None)


def member(column: str, name: str, cast: str, dialect: str) -> str:
    """SQL of a member of a JSON column, the only place that writes such: SQLite gives it in its own kind, PostgreSQL as
    text, which is compared byte by byte; `cast` makes it a number or a yes. Raises DamagedError for what cannot be the
    name of a field, which another program has put there."""
    if not custom.spelled(name):
        raise DamagedError(
            f"the book is damaged: no field can be called {name[:40]!r}", "'crm db check --deep' names its row"
        )
    sql = f"({column} ->> '{name}')"
    if cast:
        return f"CAST({sql} AS {cast})"
    return sql if dialect == "sqlite" else f'({sql} COLLATE "C")'


def having(connection: Connection, table: str, name: str) -> list[int]:
    """The records that have a value of a field, removed ones included."""
    value = member("custom", name, "", connection.dialect)
    return [int(row[0]) for row in connection.rows(f"SELECT id FROM {table} WHERE {value} IS NOT NULL ORDER BY id")]


def counts(connection: Connection, table: str, names: Sequence[str]) -> dict[str, int]:
    """field -> how many records have a value of it, removed ones included, in one look at the table."""
    if not names:
        return {}
    counted = ", ".join(f"count({member('custom', name, '', connection.dialect)})" for name in names)
    line = connection.rows(f"SELECT {counted} FROM {table} WHERE custom IS NOT NULL")[0]
    return {name: int(count) for name, count in zip(names, line, strict=True)}


def counted(connection: Connection, table: str, name: str) -> int:
    """How many records have a value of a field, removed ones included."""
    return counts(connection, table, [name])[name]


def said(connection: Connection, table: str, name: str) -> dict[str, int]:
    """The different texts that records have in a field -> how many have each."""
    value = member("custom", name, "", connection.dialect)
    sql = f"SELECT {value}, count(*) FROM {table} WHERE {value} IS NOT NULL GROUP BY 1 ORDER BY 1"
    return dict(connection.rows(sql))


def refresh_texts(connection: Connection, before: Vocabulary) -> None:
    """Recompute the texts that bare words are found in, where fields came into use or went out of it since `before`.
    Inside the caller's transaction, when the present fields are installed."""
    from crmcli.domain.keys import search_text
    from crmcli.store import read
    from crmcli.store.sql import portions

    for table in custom.TABLES:
        was, now = ({f.column for f in one.shown.get(table, ()) if f.search} for one in (before, installed()))
        for column in sorted(was ^ now):
            for some, _ in portions(having(connection, table, column.removeprefix(OWN))):
                rows = read.raw(connection, table, some)
                texts = [(search_text(table, row, row), number) for number, row in rows.items()]
                connection.run_many(f"UPDATE {table} SET search_text = ? WHERE id = ?", texts)
