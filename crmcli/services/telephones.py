"""Telephone numbers and the region they were entered under: what is compared differently since the setting changed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from crmcli.domain.fields import OWN, key_column
from crmcli.domain.keys import KEYED, derive
from crmcli.domain.types import Phone, bare_number
from crmcli.errors import CrmError
from crmcli.store import connect, own, read
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context
    from crmcli.domain.types import Env
    from crmcli.store.connect import Connection

#: So many records are read at once.
PAGE = 1000


def columns() -> dict[str, tuple[str, ...]]:
    """table -> its columns of telephone numbers, those of people's own fields too."""
    found = {table: tuple(c for c, kind in kinds.items() if isinstance(kind, Phone)) for table, kinds in KEYED.items()}
    return {table: some for table, some in found.items() if some}


def of_some_region(text: str, key: str) -> bool:
    """Whether a key is one that a number without + can have got under some region, or under none."""
    bare = bare_number(text)
    ending = bare.lstrip("0")[-6:]
    return "+" not in text and (key == bare or (len(ending) == 6 and key.startswith("+") and key.endswith(ending)))


def stale(connection: Connection, env: Env) -> Iterator[str]:
    """A line for each record that has a telephone number with another key than the region in force gives it. Without a
    region none has: what cannot be read stays as it is."""
    for table, _, row in _elsewhere(connection, env):
        yield f"{noun_of(table, row)} {row['id']} has a telephone number entered under another region than {env.region}"


def renew(connection: Connection, env: Env) -> int:
    """Give those records the keys of the region in force, inside the caller's transaction; how many there were. Keys
    are neither journalled nor versioned."""
    count = 0
    for table, keys, row in _elsewhere(connection, env):
        keys = own.packed(row, keys)
        sets = ", ".join(f"{column} = ?" for column in keys)
        connection.run(f"UPDATE {table} SET {sets} WHERE id = ?", (*keys.values(), row["id"]))
        count += 1
    return count


def _elsewhere(connection: Connection, env: Env) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(table, keys that it should have, row) of every record with a number of another region."""
    if not env.region:
        return
    for table, held in columns().items():
        has = " OR ".join(f"{_sql(column, connection.dialect)} IS NOT NULL" for column in held)
        kinds = KEYED[table]
        last = 0
        while ids := [
            row[0]
            for row in connection.rows(
                f"SELECT id FROM {table} WHERE id > ? AND ({has}) ORDER BY id LIMIT {PAGE}", (last,)
            )
        ]:
            last = ids[-1]
            for number, row in read.raw(connection, table, ids).items():
                # A value of a wrong kind is named by another check.
                with contextlib.suppress(TypeError, ValueError, AttributeError):
                    if any(kinds[c].key(row.get(c), env) != row.get(key_column(c)) for c in held):
                        yield table, derive(table, row, env), {**row, "id": number}


def _sql(column: str, dialect: str) -> str:
    """A column of a table of records; that of people's own field is a member of another one."""
    return own.member("custom", column.removeprefix(OWN), "", dialect) if column.startswith(OWN) else column


def regional(ctx: Context) -> bool:
    """Whether the book, if there is one that can be read, has numbers whose meaning depends on the region."""
    target = ctx.settings.database
    with contextlib.suppress(CrmError):
        if connect.is_url(target) or connect.there(target):
            ctx.learn()
            dialect = ctx.reader.dialect
            return any(
                ctx.reader.one(f"SELECT 1 FROM {table} WHERE substr({_sql(column, dialect)}, 1, 1) <> '+' LIMIT 1")
                for table, held in columns().items()
                for column in held
            )
    return False
