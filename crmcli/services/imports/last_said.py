"""What rows said of merged records, and of those that they became, when their file came before: the journal knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.services import aliases
from crmcli.services.imports.placing import STANDING, TELLING
from crmcli.store import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from crmcli.context import Context


_PLACE = frozenset(STANDING)


class _Change(NamedTuple):
    """What a transaction, by its place in the journal, did to a record: its columns before and after."""

    seq: int
    before: dict[str, Any]
    after: dict[str, Any]


class LastSaid:
    """Of a record that others were merged into: which of its values are theirs, so that its own row, which says what it
    always said, is no news. `into` are the records of the table that others were merged into."""

    def __init__(self, ctx: Context, table: str, into: Callable[[], Container[int]]) -> None:
        self._ctx, self._table, self._into = ctx, table, into
        #: by record: the columns of which its own row has said something new in this import, and how old that row is
        self._given: dict[int, dict[str, str]] = {}
        #: what the journal says, as far as it was asked in this block
        self._journal: dict[int, list[_Change]] = {}
        self._others: dict[int, dict[int, int]] = {}

    def begin(self) -> None:
        """Another block is written: what those before it did is in the journal."""
        self._journal.clear()
        self._others.clear()

    def others(self, record: Mapping[str, Any]) -> dict[int, int]:
        """All that was merged into a record, also where that was merged itself since, whereupon its others lead past
        it: each with the place in the journal from which on it has been so."""
        number = record.get("id")
        if number is None or not (record.get("merged_into_id") or number in self._into()):
            return {}
        if number not in self._others:
            end = aliases.standing(self._ctx.reader, self._table, [number])[number]
            every = aliases.merged(self._ctx.reader, self._table, [end])
            into = {other: self._merged_into(other) or (end, 0) for other in every}
            found, fresh = dict[int, int](), {number: 0}
            while fresh:
                under = {other: (one, seq) for other, (one, seq) in into.items() if one in fresh and other not in found}
                fresh = {other: fresh[one] or seq for other, (one, seq) in under.items()}
                found |= fresh
            self._others[number] = found
        return self._others[number]

    def _merged_into(self, number: int) -> tuple[int, int] | None:
        """Into which record one was merged, wherever that has led since, and the place of that in the journal; None
        where that has forgotten it."""
        for seq, before, after in self._changes(number):
            if (into := after.get("merged_into_id")) and not before.get("merged_into_id"):
                return into, seq
        return None

    def gave(self, record: Mapping[str, Any], columns: Iterable[str], at: str) -> None:
        """The own row of a record, which is as old as the instant `at`, has said something new of these columns."""
        if self.others(record):
            self._given.setdefault(record["id"], {}).update(dict.fromkeys(columns, at))

    def given(self, number: int, at: str) -> set[str]:
        """The columns of which a record's own row has said something new that is no older than the instant `at`."""
        return {column for column, own in self._given.get(number, {}).items() if own >= at}

    def own(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The columns in which a record has the value of one that was merged into it, by the merge or by a row since:
        column -> what it had itself."""
        number = record.get("id")
        others = self.others(record)
        if number is None or not others:
            return {}
        found: dict[str, Any] = {}
        settled: set[str] = set()
        theirs: dict[int, list[dict[str, Any]]] = {}
        for other, since in others.items():
            for seq, _, after in self._changes(other):
                if seq >= since:
                    theirs.setdefault(seq, []).append(after)
        for seq, before, after in self._changes(number):
            beside = theirs.get(seq, [])
            for column in after.keys() - settled:
                # a merge gives what it chose, whosever that is
                if any("merged_into_id" in one or _gives(one, column, after[column]) for one in beside):
                    found[column] = before.get(column)
                else:  # where it stands is one value
                    settled |= _PLACE if column in TELLING else {column}
        return found

    def changed(self, record: Mapping[str, Any]) -> str:
        """The instant at which a record was changed last. That it was merged, or others into it, is no change of it."""
        number, now = record["id"], str(record["updated_at"])
        others = self.others(record)
        if not others and not record.get("merged_into_id"):
            return now
        merges = {seq for one in (number, *others) for seq, _, after in self._changes(one) if "merged_into_id" in after}
        times = [(seq, str(after["updated_at"])) for seq, _, after in self._changes(number) if "updated_at" in after]
        if not times or times[0][1] != now:  # this block has changed it
            return now
        return next((at for seq, at in times if seq not in merges), now)

    def imported(self, number: int) -> dict[str, Any]:
        """What the rows of a record have given it, each column as it was said last."""
        found: dict[str, Any] = {}
        for _, _, after in self._read(number, " AND b.source = 'import' AND b.undone_by IS NULL"):
            found = after | found
        return found

    def _changes(self, number: int) -> list[_Change]:
        """The changes of a record, the last one first."""
        if number not in self._journal:
            self._journal[number] = self._read(number)
        return self._journal[number]

    def _read(self, number: int, which: str = "") -> list[_Change]:
        sql = (
            "SELECT j.seq, j.before, j.after FROM journal j JOIN journal_tx x ON x.seq = j.seq"
            f" JOIN batch b ON b.id = x.batch_id WHERE j.entity = ? AND j.record_id = ?{which}"
            " ORDER BY j.seq DESC, j.id DESC"
        )
        rows = self._ctx.reader.rows(sql, (self._table, number))
        return [
            _Change(seq, journal.columns(before) or {}, journal.columns(after) or {}) for seq, before, after in rows
        ]


def _gives(theirs: Mapping[str, Any], column: str, value: Any) -> bool:
    """Whether a value came with a change of theirs: it is the same one, a description has theirs as a part, and each
    went where its row said from where it stood itself."""
    if column in _PLACE:
        return not _PLACE.isdisjoint(theirs)
    if column not in theirs:
        return False
    other = theirs[column]
    return value == other or (column == "description" and bool(other) and f"\n\n{other}\n\n" in f"\n\n{value}\n\n")
