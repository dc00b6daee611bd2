"""What rows said of merged records, and of those that they became, when their file came before: the journal knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.services import aliases
from crmcli.store import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from crmcli.context import Context


class LastSaid:
    """Of a record that others were merged into: which of its values are theirs, so that its own row, which says what it
    always said, is no news. `into` are the records of the table that others were merged into."""

    def __init__(self, ctx: Context, table: str, into: Callable[[], Container[int]]) -> None:
        self._ctx, self._table, self._into = ctx, table, into
        #: by record: what it had itself where rows of this block have passed values on to it, which no journal has yet
        self._passed: dict[int, dict[str, Any]] = {}
        #: by record: the columns that its own row has given it in this import
        self._given: dict[int, set[str]] = {}

    def begin(self) -> None:
        """Another block is written: what those before it did is in the journal."""
        self._passed.clear()

    def others(self, number: int) -> set[int]:
        """All that was merged into a record."""
        return aliases.merged(self._ctx.reader, self._table, [number]) if number in self._into() else set()

    def gave(self, number: int, columns: Mapping[str, Any]) -> None:
        """A record has got these columns of its own row."""
        if self.others(number):
            self._given.setdefault(number, set()).update(columns)

    def given(self, number: int) -> set[str]:
        """The columns that a record has got of its own row so far."""
        return self._given.get(number, set())

    def pass_on(self, number: int, before: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
        """A record gets these columns of the row of one that was merged into it; `before` is what it had."""
        own = self._passed.setdefault(number, self.own(number))
        for column in columns:
            own.setdefault(column, before.get(column))

    def own(self, number: int) -> dict[str, Any]:
        """The columns in which a record has the value of one that was merged into it, by the merge or by a row since:
        column -> what it had itself."""
        if number in self._passed:
            return self._passed[number]
        others = self.others(number)
        if not others:
            return {}
        found: dict[str, Any] = {}
        settled: set[str] = set()
        theirs: dict[int, list[dict[str, Any]]] = {}
        for other in others:
            for seq, _, after in self._changes(other):
                theirs.setdefault(seq, []).append(after)
        for seq, before, after in self._changes(number):
            beside = theirs.get(seq, [])
            for column in after.keys() - settled:
                # a merge gives what it chose, whosever that is
                if any(
                    "merged_into_id" in one or (column in one and _has(column, after[column], one[column]))
                    for one in beside
                ):
                    found[column] = before.get(column)
                else:
                    settled.add(column)
        return found

    def imported(self, number: int) -> dict[str, Any]:
        """What the rows of a record have given it, each column as it was said last."""
        found: dict[str, Any] = {}
        for _, _, after in self._changes(number, " AND b.source = 'import' AND b.undone_by IS NULL"):
            found = after | found
        return found

    def _changes(self, number: int, which: str = "") -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
        """(transaction, columns before, columns after) of the changes of a record, the last one first."""
        sql = (
            "SELECT j.seq, j.before, j.after FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            f" JOIN batch b ON b.id = x.batch_id WHERE j.entity = ? AND j.record_id = ?{which}"
            " ORDER BY j.seq DESC, j.id DESC"
        )
        rows = self._ctx.reader.rows(sql, (self._table, number))
        return [(seq, journal.columns(before) or {}, journal.columns(after) or {}) for seq, before, after in rows]


def _has(column: str, value: Any, theirs: Any) -> bool:
    """Whether a value is theirs; a description has what others say as a part."""
    return value == theirs or (column == "description" and bool(theirs) and f"\n\n{theirs}\n\n" in f"\n\n{value}\n\n")
