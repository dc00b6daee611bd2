"""Mappings of which the older part is kept outside memory: what a dry run stands in for grows with the file."""

from __future__ import annotations

import marshal
import sqlite3
import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

K = TypeVar("K")
V = TypeVar("V")
_AT_ONCE = 500


class Spilling(Generic[K, V]):
    """What a dict holds, with `spill` to move it into a temporary file of SQLite's own, from where it comes back key by
    key; `fetch` brings many at once. Keys and values are numbers, texts and tuples of them."""

    def __init__(self) -> None:
        self._here: dict[K, V] = {}
        #: keys that were looked for outside since the last spill
        self._looked: set[K] = set()
        self._raw: sqlite3.Connection | None = None

    def get(self, key: K, default: Any = None) -> Any:
        """The value of a key."""
        if self._raw is not None and key not in self._here and key not in self._looked:
            self.fetch([key])
        return self._here.get(key, default)

    def __len__(self) -> int:
        """How many are at hand."""
        return len(self._here)

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __getitem__(self, key: K) -> V:
        self.get(key)
        return self._here[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._here[key] = value

    def setdefault(self, key: K, value: V) -> V:
        """The value of a key, which is this one where there is none."""
        found = self.get(key)
        if found is None:
            self._here[key] = found = value
        return found  # type: ignore[no-any-return]

    def pop(self, key: K, default: Any = None) -> Any:
        """Forget a key."""
        if self._raw is not None:
            self.get(key)
            self._raw.execute("DELETE FROM spilled WHERE key = ?", (_stored(key),))
        return self._here.pop(key, default)

    def fetch(self, keys: Iterable[K]) -> None:
        """Have these at hand."""
        if self._raw is None:
            return
        new = [key for key in keys if key not in self._here and key not in self._looked]
        self._looked.update(new)
        wanted = list(map(_stored, new))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            for key, value in self._raw.execute(f"SELECT key, value FROM spilled WHERE key IN ({marks})", some):
                self._here[marshal.loads(key)] = marshal.loads(value)

    def spill(self) -> None:
        """Keep what is at hand outside memory."""
        self._looked.clear()
        if not self._here:
            return
        if self._raw is None:
            self._raw = sqlite3.connect("", isolation_level=None)
            weakref.finalize(self, self._raw.close)
            self._raw.execute("CREATE TABLE spilled (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
            self._raw.execute("BEGIN")
        rows = ((_stored(key), _stored(value)) for key, value in self._here.items())
        self._raw.executemany("INSERT OR REPLACE INTO spilled VALUES (?, ?)", rows)
        self._here.clear()


def _stored(key: Any) -> bytes:
    # Version 2 refers to no earlier object of the same dump: equal keys have equal bytes.
    return marshal.dumps(key, 2)
