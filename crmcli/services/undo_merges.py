"""Merges that are taken apart or brought back: what links to a merged record means the one that it is by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.entities import entity
from crmcli.domain.text import digits
from crmcli.errors import ConflictError, NotFoundError, RefusedError, UsageError
from crmcli.services import aliases, apart, moving, naming
from crmcli.services.batch import SAID, Batch, merge_of, purged
from crmcli.services.links import TARGETS
from crmcli.services.undo_checks import Clash
from crmcli.store import journal, read
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: The tables of pairs of records that are not the same.
PAIRS = frozenset(apart.table_of(table) for table in aliases.TABLES)
#: What stands where the command of a batch was that made, took apart or brought back a merge of which half was purged.
HALVED = "(purged: half of a merge)"


def merges(connection: Connection, batch: int) -> bool:
    """Whether a batch merged records or took a merge apart. Whoever adds to one of them must know."""
    sql = (
        "SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq"
        f" WHERE x.batch_id = ? AND (j.after LIKE {SAID} OR j.before LIKE {SAID}) LIMIT 1"
    )
    return connection.one(sql, (batch,)) is not None


class Merged(NamedTuple):
    """That a batch merged a record of a table into another one, in which of its transactions."""

    step: int
    table: str
    number: int
    into: int


def merged_by(batch: Batch) -> Iterator[Merged]:
    """Each record that a batch merged into another one, in their order."""
    sql = (
        "SELECT j.seq, j.entity, j.record_id, j.before, j.after FROM journal_tx x JOIN journal j ON j.seq = x.seq"
        f" WHERE {batch.where} AND j.after LIKE {SAID} ORDER BY j.seq, j.id"
    )
    for step, table, number, *sides in batch.connection.rows(sql, batch.params):
        if into := merge_of(*sides):
            yield Merged(step, table, number, into)


def step_of(connection: Connection, number: int, table: str, record: int) -> int:
    """The transaction of a batch that merged a record into another one, or others into it; 0 where the batch is that
    alone. Raises UsageError where it did no such thing or did it several times, ConflictError where that was taken
    apart otherwise."""
    batch = Batch(connection, number)
    apart = batch.taken_back_alone()
    called = f"{aliases.noun(connection, table, record)}:{record}"
    parts = (batch, *(Batch(connection, number, step) for step in sorted(apart)))
    every = [one for part in parts for one in merged_by(part) if one.table == table]
    found = [one for one in every if one.number == record] or [one for one in every if one.into == record]
    if not found:
        raise UsageError(f"batch {number} did not merge {called}", "without a record all of the batch is undone")
    # An undo brings back what it does as one, in however many transactions.
    one_by_one = "SELECT b.undoes IS NULL AND (SELECT count(*) FROM journal_tx x WHERE x.batch_id = b.id) > 1"
    if not connection.value(f"{one_by_one} FROM batch b WHERE b.id = ?", (number,)):
        return 0
    found = [one for one in found if one.step not in apart] or found
    if len(steps := {one.step for one in found}) > 1:
        others = ", ".join(f"{aliases.noun(connection, table, one.number)}:{one.number}" for one in found)
        raise UsageError(f"batch {number} merged {len(steps)} times into {called}", f"name one of {others}")
    [step] = steps
    sql = f"SELECT 1 FROM {table} WHERE id = ? AND merged_into_id IS NULL"
    if step not in apart and all(connection.one(sql, (one.number,)) for one in found):
        # As a part of something else.
        raise ConflictError(f"what batch {number} merged with {called} was taken apart before")
    return step


class Ends:
    """Whom links mean that an undo of a batch puts back."""

    def __init__(self, connection: Connection, batch: Batch) -> None:
        self.connection, self.batch = connection, batch
        self._apart: dict[str, set[int]] = {}

    def follow(self, table: str, rows: Mapping[int, dict[str, Any]], column: str, target: str) -> Iterator[Clash]:
        """Put into a link column of returning values, instead of a merged record, the one that it is; those that would
        be linked to themselves are in conflict. What the undo takes apart means itself."""
        if target not in aliases.TABLES or table in PAIRS:
            return
        wanted = {row[column] for row in rows.values() if row.get(column) is not None}
        wanted -= self._taken_apart(target) if wanted else set()
        ends = aliases.standing(self.connection, target, wanted)
        for number, row in rows.items():
            end = ends.get(row.get(column) or 0)
            if end is None or end == row[column]:
                continue
            if table == target and end == number:
                yield Clash(
                    number, row, f"{aliases.noun(self.connection, target, row[column])}:{row[column]} is it now"
                )
            else:
                row[column] = end

    def pairs(self, table: str, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[int, ...] | None]:
        """Whom pairs of records that are not the same, which return as `rows`, are of by now; None for one that says
        nothing any more: its records are one, one of them was purged, or they were told apart again."""
        target = TARGETS[table][apart.PAIR[0]]
        members = {row[column] for row in rows.values() for column in apart.PAIR} - {None}
        ends = {member: member for member in members}
        ends |= aliases.standing(self.connection, target, members - self._taken_apart(target))
        wanted = {
            number: tuple(sorted({ends[row[column]] for column in apart.PAIR if row[column] is not None}))
            for number, row in rows.items()
        }
        there: dict[tuple[int, ...], int] = {}
        for some, marks in portions({pair[0] for pair in wanted.values() if pair}):
            columns = ", ".join(apart.PAIR)
            sql = f"SELECT id, {columns} FROM {table} WHERE {apart.PAIR[0]} IN ({marks})"
            there.update({tuple(pair): number for number, *pair in self.connection.rows(sql, some)})
        found: dict[int, tuple[int, ...] | None] = {}
        for number, pair in wanted.items():
            good = len(pair) == 2 and there.setdefault(pair, number) == number
            found[number] = pair if good else None
        return found

    def _taken_apart(self, table: str) -> set[int]:
        """The records of a table that the batch merged."""
        if table not in self._apart:
            self._apart[table] = {one.number for one in merged_by(self.batch) if one.table == table}
        return self._apart[table]


def bring_along(
    tx: Transaction, batch: Batch, table: str, merged: Collection[int], flush: Callable[[], None]
) -> Iterator[Clash]:
    """Records that an undo of a batch has merged again: what was linked to them meanwhile goes on with the one that
    they are. Where that was removed since the batch, it is a conflict. `flush` writes what is pending, and counts it.
    """
    losers: dict[int, list[int]] = {}
    for number, end in aliases.standing(tx.connection, table, merged).items():
        losers.setdefault(end, []).append(number)
    ends = read.raw(tx.connection, table, list(losers))
    for end, numbers in losers.items():
        removed = ends[end]["removed_at"]
        if removed and batch.removed_later(table, end, removed):
            row = tx.row(table if table != "opportunity" else "deal", numbers[0])
            what = f"{aliases.noun(tx.connection, table, end)}:{end}, which it was merged into, was removed later"
            yield Clash(numbers[0], row, what)
        else:
            flush()  # what hangs on them is asked of the store
            moving.move(tx, table, end, sorted(numbers))


def halved_by(connection: Connection, table: str, numbers: Collection[int]) -> set[int]:
    """The batches that made, took apart or brought back a merge of some of these records with others."""
    groups: dict[tuple[int, int, int], set[int]] = {}
    sql = (
        "SELECT x.batch_id, j.seq, j.record_id, j.before, j.after FROM journal j JOIN journal_tx x ON x.seq = j.seq"
        f" WHERE j.entity = ? AND j.before IS NOT NULL AND (j.before LIKE {SAID} OR j.after LIKE {SAID})"
    )
    for batch, seq, number, *sides in connection.rows(sql, (table,)):
        was, now = ((journal.columns(side) or {}).get("merged_into_id") or 0 for side in sides)
        if bool(was) != bool(now):  # else the one that it was merged into was merged itself
            into = was or now
            groups.setdefault((batch, seq, into), {into}).add(number)
    return {batch for (batch, _, _), merged in groups.items() if merged & {*numbers} and merged - {*numbers}}


def named(ctx: Context, text: str) -> tuple[Entity, int]:
    """The record that an undo is to take apart from what it was merged into. Raises what `naming.resolve_itself`
    raises, and RefusedError for one that was purged: the merge was forgotten with it."""
    try:
        return naming.resolve_itself(ctx, text)
    except NotFoundError:
        kind, rest = entity(text.strip().partition(":")[0]), digits(text.partition(":")[2].strip())
        number = int(rest) if rest.isascii() and rest.isdigit() else 0
        if not number or number not in purged(ctx.reader, kind.table, [number]):
            raise
    raise RefusedError(f"{kind.name}:{number} was purged, and what merged it was forgotten with it")
