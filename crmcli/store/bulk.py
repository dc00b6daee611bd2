"""Rows written column by column: how new rows, one or a million, get their keys and their journal text."""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns
from crmcli.store import own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.types import Env
    from crmcli.store.connect import Connection

#: From how many rows on they go through a temporary table into one statement.
STAGED = 20


def insert(
    connection: Connection, table: str, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], env: Env | None
) -> None:
    """Insert rows given as stored values by column (`tags`: a list of tag ids a row), with their derived keys. Raises
    ConflictError for values of fields of people's own that are no more, or do not take them."""
    columns = dict(columns)
    tags = columns.pop("tags", None)
    own.check(table, columns)
    columns.update(derive_columns(table, columns, env))
    columns = own.packed_columns(columns)
    columns["id"] = ids
    columns["version"] = [1] * len(ids)
    columns = {name: list(values) for name, values in columns.items()}
    if connection.dialect == "sqlite" and len(ids) >= STAGED:
        # Every statement with a trigger is a savepoint, and at each the word index writes out what it has gathered: row
        # by row that is a segment a row, merged again and again, and takes four times as long as one statement for all.
        # What all rows share stands in the statement and need not be bound row by row.
        shared = {
            name: values[0] for name, values in columns.items() if name != "id" and values.count(values[0]) == len(ids)
        }
        bound = [name for name in columns if name not in shared]
        connection.run("DROP TABLE IF EXISTS temp.staged")
        connection.run(f"CREATE TEMP TABLE staged ({', '.join(bound)})")
        connection.run_many(
            f"INSERT INTO temp.staged VALUES ({', '.join('?' * len(bound))})",
            zip(*(columns[name] for name in bound), strict=True),
        )
        chosen = ", ".join([*bound, *("?" * len(shared))])
        sql = f"INSERT INTO {table} ({', '.join([*bound, *shared])}) SELECT {chosen} FROM temp.staged ORDER BY rowid"
        connection.run(sql, list(shared.values()))
        connection.run("DELETE FROM temp.staged")
    else:
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        connection.run_many(sql, zip(*columns.values(), strict=True))
    if tags is not None:
        pairs = [(number, tag) for number, some in zip(ids, tags, strict=True) for tag in some or ()]
        if pairs:
            connection.run_many(f"INSERT INTO {table}_tag (record_id, tag_id) VALUES (?, ?)", pairs)


def journal_lines(
    table: str, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], defaults: Mapping[str, Any]
) -> list[tuple[str, int, str | None, str | None, str]]:
    """(entity, record, before, after, digest) of new rows, as `canonical` and `digest` of `store.journal` give them.

    What is empty or a default is left out, as the journal does everywhere.
    """
    parts = [_fragments(name, columns[name], defaults.get(name)) for name in sorted(columns)]
    sha256 = hashlib.sha256
    found: list[tuple[str, int, str | None, str | None, str]] = []
    for number, text in zip(ids, map("".join, zip(*parts, strict=True)), strict=True):
        after = "{" + text[:-1] + "}"
        found.append((table, number, None, after, sha256(f"{table}\n{number}\n-\n{after}".encode()).hexdigest()))
    return found


def _fragments(name: str, values: Sequence[Any], default: Any) -> list[str]:
    """`"name":value,` for each value as JSON, "" where it is empty or the default."""
    head = f'"{name}":'
    if name == "tags":
        return ["" if not tags else f"{head}[{','.join(map(str, tags))}]," for tags in values]
    if values.count(values[0]) == len(values):
        return [_fragment(head, values[0], default)] * len(values)
    if default is None and all(value is None or type(value) is str for value in values):
        return ["" if value is None else f"{head}{encode_basestring(value)}," for value in values]
    return [_fragment(head, value, default) for value in values]


def _fragment(head: str, value: Any, default: Any) -> str:
    if value is None or value == default:
        return ""
    if type(value) is int:
        return f"{head}{value},"
    return f"{head}{encode_basestring(value) if isinstance(value, str) else json.dumps(value)},"
