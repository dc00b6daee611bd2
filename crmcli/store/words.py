"""The word indexes over `search_text`: whether they can be read, and making them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import DamagedError
from crmcli.store.schema import SEARCHED, search_ddl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.store.connect import Connection

#: What SQLite keeps an index in step at, each by a trigger.
EVENTS = ("insert", "delete", "update")


def unreadable(connection: Connection) -> list[str]:
    """What is wrong with the word indexes at first sight: one that is missing, or that no question can be put to."""
    if connection.dialect != "sqlite":
        there = {row[0] for row in connection.rows("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")}
        return [f"the word index of {t} is missing" for t in SEARCHED if f"ix_{t}_words" not in there]
    found = []
    there = {row[0] for row in connection.rows("SELECT name FROM sqlite_master")}
    for table in SEARCHED:
        if f"{table}_fts" not in there:
            found.append(f"the word index of {table} is missing")
            continue
        if not {f"{table}_fts_{event}" for event in EVENTS} <= there:
            found.append(f"the word index of {table} is not kept in step")
        try:
            connection.rows(f"SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH 'a*' LIMIT 1")
        except DamagedError:
            found.append(f"the word index of {table} is damaged")
    return found


def forget(connection: Connection, tables: Iterable[str]) -> None:
    """Leave no word of deleted rows behind in the indexes of these tables.

    FTS5 keeps them until its segments are written anew. Of its ways to do that, 'optimize' and 'merge' raise a counter
    in the index each time, and at 2,000 FTS5 calls its own file damaged; 'rebuild' starts from nothing.
    """
    if connection.dialect == "sqlite":
        for table in SEARCHED:
            if table in tables:
                connection.run(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")


def drop(connection: Connection) -> None:
    """Take every word index away, whatever became of it."""
    for table in SEARCHED:
        if connection.dialect == "sqlite":
            for event in EVENTS:
                connection.run(f"DROP TRIGGER IF EXISTS {table}_fts_{event}")
            connection.run(f"DROP TABLE IF EXISTS {table}_fts")
        else:
            connection.run(f"DROP INDEX IF EXISTS ix_{table}_words")


def create(connection: Connection) -> None:
    """Make the word indexes from the rows."""
    connection.script(search_ddl(connection.dialect))
    forget(connection, SEARCHED)
