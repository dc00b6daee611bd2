"""What an import bears in mind: the records that its rows are, and outside memory what a dry run would have done so
far and what rows said of records that the book had before."""

from __future__ import annotations

import json
import marshal
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The first id of the records of a dry run, which are not there: far beyond those of a book.
TRIED = 1 << 48
_AT_ONCE = 500


class Seen:
    """The ids that this import has made or matched: one bit each, so that a million cost little."""

    def __init__(self) -> None:
        self._there, self._tried = bytearray(), bytearray()

    def _place(self, number: int) -> tuple[bytearray, int]:
        return (self._tried, number - TRIED) if number >= TRIED else (self._there, number)

    def add(self, number: int) -> None:
        bits, number = self._place(number)
        place = number >> 3
        if place >= len(bits):
            bits.extend(bytes(place + 1024 - len(bits)))
        bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        bits, number = self._place(number)
        place = number >> 3
        return place < len(bits) and bool(bits[place] & (1 << (number & 7)))


class Tried:
    """What a dry run would have added and changed, in a temporary file of SQLite's own: it is asked as the book is, so
    that the dry run finds what the import will find, and memory does not grow with the file."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(
            dict.fromkeys(("external_id", "uid", "name_key", "removed_at", "kind", "converted_at", *columns))
        )
        self._next = TRIED
        self._raw = sqlite3.connect("", isolation_level=None)
        names = list(map(_quoted, self.columns))
        self._raw.execute(f"CREATE TABLE tried (id INTEGER PRIMARY KEY, content, {', '.join(names)})")
        for place, name in enumerate(names):
            self._raw.execute(f"CREATE INDEX tried_{place} ON tried ({name}) WHERE {name} IS NOT NULL")
        self._raw.execute("BEGIN")

    @property
    def next(self) -> int:
        """The id of the next row that would be added."""
        return self._next

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._raw.execute(sql, params).fetchall()

    def add(self, keys: Mapping[str, Any], content: Mapping[str, Any]) -> int:
        """Remember a row that would be added; the id that stands for it."""
        number, self._next = self._next, self._next + 1
        self.put(number, keys, content)
        return number

    def put(self, number: int, keys: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        """Remember a record as it would be."""
        names = ["id", "content", *map(_quoted, self.columns)]
        values = [number, json.dumps(content), *(keys.get(column, content.get(column)) for column in self.columns)]
        self._raw.execute(
            f"INSERT OR REPLACE INTO tried ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values
        )

    def contents(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Those of these records that would be added or changed, as they would be then."""
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            some = list(numbers[start : start + _AT_ONCE])
            sql = f"SELECT id, content FROM tried WHERE id IN ({', '.join('?' * len(some))})"
            found.update((number, json.loads(text)) for number, text in self.rows(sql, some))
        return found


def _quoted(column: str) -> str:
    """A column's name for SQL: that of a field of people's own has a point in it."""
    return f'"{column}"'


class Earlier:
    """What the rows of a file said of records that the book had before, in a temporary file of SQLite's own."""

    def __init__(self) -> None:
        self._heads: list[tuple[str, ...]] = []
        self._raw: sqlite3.Connection | None = None

    def __bool__(self) -> bool:
        return self._raw is not None

    def add(self, known: Sequence[tuple[int, int]], columns: Mapping[str, Sequence[Any]]) -> None:
        """Remember rows of a block: (row, id of the record) each, and the columns of all rows."""
        if not known:
            return
        if self._raw is None:
            self._raw = sqlite3.connect("", isolation_level=None)
            self._raw.execute("CREATE TABLE earlier (id INTEGER PRIMARY KEY, head INTEGER, content)")
            self._raw.execute("BEGIN")
        names = tuple(columns)
        if not self._heads or self._heads[-1] != names:
            self._heads.append(names)
        head, rows = len(self._heads) - 1, list(zip(*columns.values(), strict=True))
        self._raw.executemany(
            "INSERT OR REPLACE INTO earlier VALUES (?, ?, ?)",
            ((number, head, marshal.dumps(rows[row])) for row, number in known),
        )

    def contents(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What was said of those of these records that are known, by column."""
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(numbers) if self._raw else 0, _AT_ONCE):
            assert self._raw is not None
            some = list(numbers[start : start + _AT_ONCE])
            sql = f"SELECT id, head, content FROM earlier WHERE id IN ({', '.join('?' * len(some))})"
            for number, head, content in self._raw.execute(sql, some):
                found[number] = dict(zip(self._heads[head], marshal.loads(content), strict=True))
        return found
