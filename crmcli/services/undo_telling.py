"""What an undo says of itself: what stands in its way since which later batch, what it took back and what it kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import OWN
from crmcli.errors import ConflictError
from crmcli.services import aliases
from crmcli.services.apart import PAIR
from crmcli.services.batch import last_change
from crmcli.services.links import TARGETS
from crmcli.services.undo_merges import PAIRS, merged_by
from crmcli.store.tables import noun_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from crmcli.services.batch import Batch
    from crmcli.services.undo_checks import Clash

#: So many conflicts are told.
MOST = 20


class Telling:
    """The words of one undo, gathered while it is at work. `calling` spells a command as the user would type it."""

    def __init__(self, batch: Batch, calling: Callable[..., str]) -> None:
        self.batch, self.connection, self.calling = batch, batch.connection, calling
        #: A line for each record that cannot be as it was.
        self.conflicts: list[str] = []
        #: What the batch had added and others use by now.
        self.kept: list[str] = []
        #: What does not return, since what it was about was purged.
        self.passed_over: list[str] = []
        #: kind of record -> how many were changed
        self.counts: dict[str, int] = {}

    @property
    def called(self) -> str:
        """What is taken back: a batch, or one merge of it."""
        return f"{'a merge of ' * bool(self.batch.step)}batch {self.batch.number}"

    # --- conflicts ---

    def conflict(self, table: str, number: int, row: Mapping[str, Any] | None, what: str) -> None:
        """Note what stands in the way of a record; `row` has its name."""
        name = f" {row['name']}" if row and row.get("name") else ""
        said = self.told_apart(table, row) if row and table in PAIRS else f"{noun_of(table, row)}:{number}{name}"
        self.conflicts.append(f"{said}: {what}")

    def clashes(self, table: str, found: Iterable[Clash]) -> None:
        """Note each of these conflicts of a table."""
        for clash in found:
            self.conflict(table, clash.number, clash.row, clash.what)

    def told_apart(self, table: str, row: Mapping[str, Any]) -> str:
        """A pair of records that are not the same, by these: nobody knows its number."""
        target = TARGETS[table][PAIR[0]]
        one, other = (f"{aliases.noun(self.connection, target, row[column])}:{row[column]}" for column in PAIR)
        return f"{one} and {other}, which were told apart"

    def gone_later(self, table: str, number: int, row: Mapping[str, Any]) -> str:
        """That a record was removed or merged by which later batch."""
        what = f"was merged into {row['merged_into_id']}" if row.get("merged_into_id") else "was removed"
        return f"{what} later{self.by(table, number, ['removed_at'])}"

    def changed_later(self, table: str, number: int, columns: Iterable[str]) -> str:
        """Which of these columns which later batch changed."""
        found: dict[str, list[str]] = {}
        for column in columns:
            found.setdefault(self.by(table, number, [column]), []).append(column)
        return ", ".join(f"{_labels(table, some)} changed later{by}" for by, some in found.items())

    def by(self, table: str, number: int, columns: Iterable[str] = ()) -> str:
        """The batch that changed a record, or one of these columns, last, in brackets."""
        last = last_change(self.connection, table, number, columns, besides=self.batch)
        return f" (batch {last[0]}, {last[1]})" if last else ""

    def refuse(self) -> None:
        """Raises ConflictError with all conflicts, or the first of many."""
        shown = "".join(f"\n  {line}" for line in self.conflicts[:MOST])
        more = "\n  ..." if len(self.conflicts) >= MOST else ""
        hint = f"undo the later batches first ({self.calling('undo', 'NUMBER')}), or edit the records by hand"
        if not self.batch.step and len({one.step for one in merged_by(self.batch)}) > 1:
            hint += f"; each merge comes apart alone: {self.calling('undo', str(self.batch.number), 'RECORD')}"
        raise ConflictError(f"{self.called} cannot be undone, nothing was changed:{shown}{more}", hint)

    # --- what was done ---

    def lines(self) -> Iterator[str]:
        """What was taken back, and what was kept."""
        counted = ", ".join(_counted(noun, n) for noun, n in self.counts.items())
        yield f"took back {self.called}: {counted or 'nothing was left of it'}"
        if self.kept:
            kept = ", ".join(self.kept[:5]) + (" ..." if len(self.kept) > 5 else "")
            yield f"kept, since others use it: {kept}"
        if self.passed_over:
            yield f"passed over, since it was purged: {'; '.join(self.passed_over[:5])}"


def _counted(noun: str, n: int) -> str:
    """So many of a noun, as people say it: '2 saved views', '1 pair of contacts told apart'."""
    table = ENTITIES[noun].table
    if table not in PAIRS:
        return f"{n} {(ENTITIES[noun].plural if n > 1 else noun).replace('_', ' ')}"
    whom = " or ".join(kind.plural for kind in ENTITIES.values() if kind.table == TARGETS[table][PAIR[0]])
    return f"{n} pair{'s' * (n > 1)} of {whom} told apart"


def _labels(table: str, columns: Iterable[str]) -> str:
    labels = {f.column: f.label for e in ENTITIES.values() if e.table == table for f in e.stored()} | {"tags": "Tags"}
    return ", ".join(labels.get(column, column.removeprefix(OWN)) for column in columns)
