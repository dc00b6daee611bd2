"""What rows said of merged records, and of those that they became, when their file came before: the journal knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.services import aliases
from crmcli.services.imports.placing import STANDING, TELLING
from crmcli.store import journal
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from crmcli.context import Context


_PLACE = frozenset(STANDING)


class _Change(NamedTuple):
    """What a transaction, by its place in the journal, did to a record: its columns before and after, and whether that
    was an import which stands."""

    seq: int
    before: dict[str, Any]
    after: dict[str, Any]
    imported: bool


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
        #: the one that a record is since it was merged, itself where others were merged into it, and all of these
        self._ends: dict[int, int] = {}
        self._parts: dict[int, list[int]] = {}

    def begin(self, numbers: Iterable[int], merged: Container[int]) -> None:
        """Another block is written, whose rows are these records: what those before it did is in the journal. `merged`
        are those of them that were merged."""
        for known in (self._journal, self._others, self._ends, self._parts):
            known.clear()
        into = self._into()
        self._look([number for number in numbers if number in into or number in merged])

    def _look(self, numbers: Iterable[int]) -> None:
        """Ask at once what was merged into which of these records, and what the journal says of all of those."""
        reader, ends = self._ctx.reader, aliases.standing(self._ctx.reader, self._table, numbers)
        every = aliases.merged(reader, self._table, set(ends.values()).difference(self._parts))
        for other, end in aliases.standing(reader, self._table, every).items():
            self._parts.setdefault(end, []).append(other)
        self._ends.update(ends)
        self._ends.update((end, end) for end in ends.values())
        self._read({*ends, *ends.values(), *every}.difference(self._journal))

    def others(self, record: Mapping[str, Any]) -> dict[int, int]:
        """All that was merged into a record, also where that was merged itself since, whereupon its others lead past
        it: each with the place in the journal from which on it has been so."""
        number = record.get("id")
        if number is None or not (record.get("merged_into_id") or number in self._into()):
            return {}
        if number not in self._others:
            end = self.end(number)
            into = {other: self._merged_into(other) or (end, 0) for other in self._parts.get(end, ())}
            found, fresh = dict[int, int](), {number: 0}
            while fresh:
                under = {other: (one, seq) for other, (one, seq) in into.items() if one in fresh and other not in found}
                fresh = {other: fresh[one] or seq for other, (one, seq) in under.items()}
                found |= fresh
            self._others[number] = found
        return self._others[number]

    def end(self, number: int) -> int:
        """The record that one is since it was merged; itself where it was not."""
        if number not in self._ends:
            self._look([number])
        return self._ends[number]

    def _merged_into(self, number: int) -> tuple[int, int] | None:
        """Into which record one was merged, wherever that has led since, and the place of that in the journal; None
        where that has forgotten it."""
        for seq, before, after, _ in self._changes(number):
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
            for seq, _, after, _ in self._changes(other):
                if seq >= since:
                    theirs.setdefault(seq, []).append(after)
        for seq, before, after, _ in self._changes(number):
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
        merges = {one.seq for part in (number, *others) for one in self._changes(part) if "merged_into_id" in one.after}
        times = [(one.seq, str(one.after["updated_at"])) for one in self._changes(number) if "updated_at" in one.after]
        if not times or times[0][1] != now:  # this block has changed it
            return now
        return next((at for seq, at in times if seq not in merges), now)

    def imported(self, number: int) -> dict[str, Any]:
        """What the rows of a record have given it, each column as it was said last."""
        found: dict[str, Any] = {}
        for change in self._changes(number):
            found = change.after | found if change.imported else found
        return found

    def _changes(self, number: int) -> list[_Change]:
        """The changes of a record, the last one first."""
        if number not in self._journal:
            self._read([number])
        return self._journal[number]

    def _read(self, numbers: Iterable[int]) -> None:
        """Read the changes of records, of each the last one first."""
        sql = (
            "SELECT j.record_id, j.seq, j.before, j.after, b.source = 'import' AND b.undone_by IS NULL"
            " FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
            " WHERE j.entity = ? AND j.record_id IN ({}) ORDER BY j.seq DESC, j.id DESC"
        )
        for some, marks in portions(numbers):
            self._journal.update((number, []) for number in some)
            for number, seq, *sides, imported in self._ctx.reader.rows(sql.format(marks), (self._table, *some)):
                before, after = (journal.columns(side) or {} for side in sides)
                self._journal[number].append(_Change(seq, before, after, bool(imported)))


def _gives(theirs: Mapping[str, Any], column: str, value: Any) -> bool:
    """Whether a value came with a change of theirs: it is the same one, a description has theirs as a part, and each
    went where its row said from where it stood itself."""
    if column in _PLACE:
        return not _PLACE.isdisjoint(theirs)
    if column not in theirs:
        return False
    other = theirs[column]
    return value == other or (column == "description" and bool(other) and f"\n\n{other}\n\n" in f"\n\n{value}\n\n")
