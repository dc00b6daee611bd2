"""Merges that are taken apart or brought back: what links to a merged record means the one that it is by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.services import aliases, moving
from crmcli.services.undo_checks import Clash
from crmcli.store import journal
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from crmcli.store.connect import Connection
    from crmcli.store.write import Transaction

#: What the journal's JSON has of a record that was merged or taken apart: inside a text a quotation mark is escaped.
SAID = """'%"merged_into_id":%'"""


def merges(connection: Connection, batch: int) -> bool:
    """Whether a batch merged records or took a merge apart. Whoever adds to one of them must know."""
    sql = (
        "SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq"
        f" WHERE x.batch_id = ? AND (j.after LIKE {SAID} OR j.before LIKE {SAID}) LIMIT 1"
    )
    return connection.one(sql, (batch,)) is not None


class Ends:
    """Whom links mean that an undo of a batch puts back."""

    def __init__(self, connection: Connection, batch: int) -> None:
        self.connection, self.batch = connection, batch
        self._apart: dict[str, set[int]] = {}

    def follow(self, table: str, rows: Mapping[int, dict[str, Any]], column: str, target: str) -> Iterator[Clash]:
        """Put into a link column of returning values, instead of a merged record, the one that it is; those that would
        be linked to themselves are in conflict. What the undo takes apart means itself."""
        if target not in aliases.TABLES or table == moving.pairs_of(target):
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

    def _taken_apart(self, table: str) -> set[int]:
        """The records of a table that the batch merged."""
        if table not in self._apart:
            sql = (
                "SELECT j.record_id, j.before, j.after FROM journal_tx x JOIN journal j ON j.seq = x.seq"
                f" WHERE x.batch_id = ? AND j.entity = ? AND j.after LIKE {SAID}"
            )
            found = self.connection.rows(sql, (self.batch, table))
            sides = [(number, journal.columns(before), journal.columns(after)) for number, before, after in found]
            self._apart[table] = {
                number
                for number, before, after in sides
                if before and after and before.get("merged_into_id") is None and after.get("merged_into_id") is not None
            }
        return self._apart[table]


def bring_along(tx: Transaction, table: str, merged: Collection[int]) -> Iterator[Clash]:
    """Records that an undo has merged again: what was linked to them meanwhile goes on with the one that they are.
    Where that was removed, it is a conflict."""
    losers: dict[int, list[int]] = {}
    for number, end in aliases.standing(tx.connection, table, merged).items():
        losers.setdefault(end, []).append(number)
    gone: set[int] = set()
    for some, marks in portions(losers):
        sql = f"SELECT id FROM {table} WHERE id IN ({marks}) AND removed_at IS NOT NULL"
        gone.update(row[0] for row in tx.connection.rows(sql, some))
    for end, numbers in losers.items():
        if end in gone:
            row = tx.row(table if table != "opportunity" else "deal", numbers[0])
            what = f"{aliases.noun(tx.connection, table, end)}:{end}, which it was merged into, was removed later"
            yield Clash(numbers[0], row, what)
        else:
            moving.move(tx, table, end, sorted(numbers))
