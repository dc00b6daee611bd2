"""What a transaction has gathered and not written yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.change import Change
from crmcli.store.tables import DEFAULTS, columns_of, noun_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Key = tuple[str, int]
    Row = dict[str, Any]


class Pending:
    """Additions, changes and deletions of rows, by table and number. A changed or deleted row is kept beside, as it is
    stored: what it was is not asked for again when it is written."""

    def __init__(self) -> None:
        self._added: dict[Key, Row] = {}
        self._changed: dict[Key, tuple[Row, Row]] = {}
        self._deleted: dict[Key, Row] = {}

    def __bool__(self) -> bool:
        return bool(self._added or self._changed or self._deleted)

    def clear(self) -> None:
        """Let go of all of it."""
        self._added.clear()
        self._changed.clear()
        self._deleted.clear()

    def add(self, table: str, number: int, row: Row) -> None:
        self._added[table, number] = row

    def added(self, table: str, number: int) -> Row | None:
        """The columns of a row that is to be added, which may be changed still."""
        return self._added.get((table, number))

    def change(self, table: str, number: int, stored: Row, values: Row) -> None:
        """Set columns of the row that is `stored`, over what was set of it before."""
        known = self._changed.get((table, number))
        self._changed[table, number] = (stored, {**known[1], **values} if known else values)

    def delete(self, table: str, number: int, stored: Row) -> None:
        """Take the row that is `stored` away, and with it what was to be changed of it."""
        self._changed.pop((table, number), None)
        self._deleted[table, number] = stored

    def dropped(self, table: str, number: int) -> bool:
        """Take back the addition of a row; whether there was one."""
        return self._added.pop((table, number), None) is not None

    def changed(self, table: str, number: int) -> bool:
        return (table, number) in self._changed

    def deleted(self, table: str, number: int) -> bool:
        return (table, number) in self._deleted

    def over(self, table: str, number: int, stored: Mapping[str, Any]) -> Row:
        """A stored row with what is to be changed of it."""
        known = self._changed.get((table, number))
        return {**stored, **known[1]} if known else dict(stored)

    def changes(self) -> list[Change]:
        """All of it as changes, those left out that make no difference. They go by what the row is, whatever the verb
        called it: a verb that goes through a table knows no leads and deals."""
        found = []
        for (table, number), row in self._added.items():
            defaults = DEFAULTS.get(table, {})
            kept = {c: v for c, v in row.items() if v is not None and v != [] and v != defaults.get(c)}
            found.append(Change(noun_of(table, row), number, None, kept, table))
        for (table, number), (stored, values) in self._changed.items():
            changed = {c: v for c, v in values.items() if stored.get(c) != v}
            if changed and set(changed) != {"updated_at"}:
                before = {c: stored.get(c) for c in changed}
                found.append(Change(noun_of(table, stored), number, before, changed, table))
        for (table, number), stored in self._deleted.items():
            defaults = DEFAULTS.get(table, {})
            kept = {c: stored[c] for c in columns_of(table, stored) if c != "id" and stored.get(c) is not None}
            kept = {c: v for c, v in kept.items() if v != defaults.get(c)}
            if stored.get("tags"):
                kept["tags"] = stored["tags"]
            found.append(Change(noun_of(table, stored), number, kept, None, table))
        return found
