"""Inserting rows column by column: the one way in which new rows, one or a million, get their keys and their journal text."""

from __future__ import annotations

import hashlib
import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from crmcli.domain.columnwise import derive_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.types import Env
    from crmcli.store.connect import Connection

#: How many values one statement may have (SQLITE_MAX_VARIABLE_NUMBER is 32,766 since 3.32).
PARAMETERS = 32_000


def insert(connection: Connection, table: str, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], env: Env | None) -> None:
    """Insert rows given as stored values by column (`tags`: a list of tag ids a row), with their derived keys."""
    columns = dict(columns)
    tags = columns.pop("tags", None)
    columns.update(derive_columns(table, columns, env))
    columns["id"] = ids
    columns["version"] = [1] * len(ids)
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    marks = f"({', '.join('?' * len(columns))})"
    rows = zip(*columns.values(), strict=True)
    if connection.dialect == "sqlite" and len(ids) > 1:
        # Each statement with a trigger is a savepoint, and at each the word index flushes what it has gathered: row by
        # row that is a segment a row, merged again and again, and takes three times as long.
        step = PARAMETERS // len(columns)
        while some := list(islice(rows, step)):
            connection.run(head + ", ".join([marks] * len(some)), list(chain.from_iterable(some)))
    else:
        connection.run_many(head + marks, rows)
    if tags is not None:
        pairs = [(number, tag) for number, some in zip(ids, tags, strict=True) for tag in some or ()]
        if pairs:
            connection.run_many(f"INSERT INTO {table}_tag (record_id, tag_id) VALUES (?, ?)", pairs)


def journal_lines(
    table: str, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], defaults: Mapping[str, Any]
) -> list[tuple[str, int, str | None, str | None, str]]:
    """(entity, record, before, after, digest) of new rows, as `canonical` and `digest` of `store.write` give them.

    What is empty or a default is left out, as the journal does everywhere.
    """
    shown: dict[str, Sequence[Any]] = {}
    for name in sorted(columns):
        values = columns[name]
        if name in defaults:
            default = defaults[name]
            values = [None if value == default else value for value in values]
        elif name == "tags":
            values = [value or None for value in values]
        shown[name] = values
    names = tuple(shown)
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*shown.values(), strict=True)
    ]
    # One call for all rows. A quotation mark inside a text is always escaped, so `},"",{` stands only between rows.
    spaced: list[Any] = [""] * (2 * len(rows) - 1)
    spaced[::2] = rows
    text = json.dumps(spaced, ensure_ascii=False, separators=(",", ":"))
    sha256 = hashlib.sha256
    return [
        (table, number, None, after, sha256(f"{table}\n{number}\n-\n{after}".encode()).hexdigest())
        for number, after in zip(ids, _rows(text), strict=True)
    ]


def _rows(text: str) -> list[str]:
    parts = text[2:-2].split('},"",{')
    return ["{" + part + "}" for part in parts]
