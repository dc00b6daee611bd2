"""What a dry run would have done so far: it is asked as the book is."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The first id of the records of a dry run, which are not there: far beyond those of a book.
TRIED = 1 << 48
_AT_ONCE = 500


class Tried:
    """What a dry run would have added and changed, in a temporary file of SQLite's own: it is asked as the book is, so
    that the dry run finds what the import will find, and memory does not grow with the file."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(dict.fromkeys(("external_id", "uid", "name_key", *columns)))
        self._next = TRIED
        self._raw = sqlite3.connect("", isolation_level=None)
        self._raw.execute(
            "CREATE TABLE tried (id INTEGER PRIMARY KEY, removed_at, kind, converted_at, content, "
            f"{', '.join(self.columns)})"
        )
        for column in self.columns:
            self._raw.execute(f"CREATE INDEX tried_{column} ON tried ({column}) WHERE {column} IS NOT NULL")
        self._raw.execute("CREATE TABLE changed (id INTEGER PRIMARY KEY, content)")
        self._raw.execute("BEGIN")

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._raw.execute(sql, params).fetchall()

    def add(self, kind: str | None, keys: Mapping[str, Any], content: Mapping[str, Any]) -> int:
        """Remember a row that would be added; the id that stands for it."""
        number, self._next = self._next, self._next + 1
        marks = ", ".join("?" * len(self.columns))
        self._raw.execute(
            f"INSERT INTO tried (id, kind, content, {', '.join(self.columns)}) VALUES (?, ?, ?, {marks})",
            (number, kind, json.dumps(content), *(keys.get(column) for column in self.columns)),
        )
        return number

    def change(self, number: int, content: Mapping[str, Any]) -> None:
        """Remember a record as it would be."""
        self._raw.execute("INSERT OR REPLACE INTO changed VALUES (?, ?)", (number, json.dumps(content)))

    def contents(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Those of these records that would be added or changed, as they would be then."""
        found: dict[int, dict[str, Any]] = {}
        for table in ("tried", "changed"):
            for start in range(0, len(numbers), _AT_ONCE):
                some = list(numbers[start : start + _AT_ONCE])
                sql = f"SELECT id, content FROM {table} WHERE id IN ({', '.join('?' * len(some))})"
                found.update((number, json.loads(text)) for number, text in self.rows(sql, some))
        return found
