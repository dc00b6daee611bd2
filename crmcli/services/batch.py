"""What a batch did to each record, as the journal tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.text import fold
from crmcli.services.links import TARGETS, WORDS
from crmcli.store import journal
from crmcli.store.sql import portions
from crmcli.store.tables import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crmcli.store.connect import Connection

#: What the journal's JSON has of a record that was merged or taken apart: inside a text a quotation mark is escaped.
SAID = """'%"merged_into_id":%'"""


class Net(NamedTuple):
    """What a batch did to one record, taken together. `split` are fields that somebody else changed in between."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    split: frozenset[str] = frozenset()

    @property
    def added(self) -> bool:
        """It was not there before the batch and is there after it."""
        return self.before is None and self.after is not None

    @property
    def changed(self) -> bool:
        """It was there before the batch and is there after it."""
        return self.before is not None and self.after is not None


def net(table: str, steps: Iterable[tuple[dict[str, Any] | None, dict[str, Any] | None]]) -> Net:
    """The changes of one record in their order as one change."""
    defaults = DEFAULTS.get(table, {})
    first: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    split: set[str] = set()
    started = False
    for before, after in steps:
        if not started:
            first, last, started = before and dict(before), after and dict(after), True
            continue
        if before is not None and last is not None:
            split |= {c for c in before if c in last and last[c] != before[c]}
        if after is None:
            # Taken away after it was changed: the row as it stood, with what the batch had changed as it was.
            first = None if first is None else {**(before or {}), **first}
            last = None
            continue
        if first is not None and before is not None:
            first = {**before, **first}
        elif first is not None:
            first = {**{c: defaults.get(c) for c in after}, **first}
        last = {**(last or {}), **after}
    return Net(first, last, frozenset(split))


def last_row(connection: Connection, table: str, number: int) -> dict[str, Any] | None:
    """A row that was taken away, as it last was."""
    sql = "SELECT before FROM journal WHERE entity = ? AND record_id = ? AND after IS NULL ORDER BY seq DESC, id DESC"
    text = connection.value(f"{sql} LIMIT 1", (table, number))
    return journal.columns(text)


def no_more(connection: Connection, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """What rows of a table that were taken away and did not come back ever had: (number, columns) of each side of each
    change that took something from them, a whole row for the last. Rows that were purged are not among them."""
    sql = (
        "SELECT j.id, j.record_id, j.before FROM journal j WHERE j.entity = ? AND j.id > ?"
        f" AND j.before IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = j.record_id)"
        " ORDER BY j.id LIMIT 5000"
    )
    last = 0
    while page := connection.rows(sql, (table, last)):
        last = page[-1][0]
        for _, number, before in page:
            yield int(number), journal.columns(before) or {}


def states(connection: Connection, table: str, numbers: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """All that the journal knows of these records: record -> each side of each change, in their order."""
    found: dict[int, list[dict[str, Any]]] = {}
    for some, marks in portions(sorted(numbers)):
        sql = f"SELECT record_id, before, after FROM journal WHERE entity = ? AND record_id IN ({marks}) ORDER BY id"
        for number, *sides in connection.rows(sql, (table, *some)):
            found.setdefault(int(number), []).extend(side for side in map(journal.columns, sides) if side)
    return {number: sides for number, sides in found.items() if sides}


def gone(connection: Connection, table: str, numbers: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Those of these records that were taken away and did not come back, as `states` has them: the last side is the
    row as it last was."""
    away = set(numbers)
    for some, marks in portions(sorted(away)):
        away.difference_update(row[0] for row in connection.rows(f"SELECT id FROM {table} WHERE id IN ({marks})", some))
    return states(connection, table, away)


def purged(connection: Connection, table: str, numbers: Iterable[int]) -> set[int]:
    """Those of these records that were forgotten for good."""
    found: set[int] = set()
    for some, marks in portions(sorted(numbers)):
        sql = (
            f"SELECT DISTINCT j.record_id FROM journal j WHERE j.entity = ? AND j.record_id IN ({marks})"
            " AND j.before IS NULL AND j.after IS NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = j.record_id)"
        )
        found.update(row[0] for row in connection.rows(sql, (table, *some)))
    return found


def last_change(
    connection: Connection, table: str, number: int, columns: Iterable[str] = (), *, besides: Batch | None = None
) -> tuple[int, str] | None:
    """The batch that changed a record last, one of these columns where they are given, and who made it; what `besides`
    did is passed over."""
    over, params = (f" AND NOT ({besides.where})", besides.params) if besides else ("", ())
    sql = (
        "SELECT b.id, b.actor, j.before, j.after FROM journal j JOIN journal_tx x ON x.seq = j.seq"
        f" JOIN batch b ON b.id = x.batch_id WHERE j.entity = ? AND j.record_id = ?{over}"
        " ORDER BY j.seq DESC, j.id DESC"
    )
    wanted = set(columns)
    for batch, actor, before, now in connection.rows(sql, (table, number, *params)):
        touched = {*(journal.columns(before) or ()), *(journal.columns(now) or ())}
        if not wanted or before is None or now is None or wanted & touched:
            return int(batch), str(actor)
    return None


def last_touched(connection: Connection, table: str, ids: Sequence[int], *, besides: Batch) -> dict[int, str]:
    """record -> its `updated_at` after the last of its changes that stands: neither an undo nor taken back. What
    `besides` did counts as taken back; that a record was made always counts, since it is there."""
    marks = ", ".join("?" * len(ids))
    sql = (
        "SELECT j.record_id, j.before IS NULL, j.after, b.undoes IS NULL,"
        f" b.undone_by IS NULL AND {besides.stands} AND NOT ({besides.where})"
        " FROM journal j CROSS JOIN journal_tx x CROSS JOIN batch b"
        f" WHERE x.seq = j.seq AND b.id = x.batch_id AND j.entity = ? AND j.record_id IN ({marks}) ORDER BY j.seq, j.id"
    )
    now: dict[int, str] = {}
    found: dict[int, str] = {}
    for record, made, after, own, stands in connection.rows(sql, (*besides.params, table, *ids)):
        # A change at the instant of the one before it does not name it again.
        now[record] = (journal.columns(after) or {}).get("updated_at") or now.get(record, "")
        if own and (stands or made) and now[record]:
            found[record] = now[record]
    return found


def touches_fields(connection: Connection, number: int) -> bool:
    """Whether a batch added or changed fields of people's own, which all who write must know of."""
    sql = (
        "SELECT 1 FROM journal j JOIN journal_tx x ON x.seq = j.seq WHERE j.entity = 'custom_field' AND x.batch_id = ?"
    )
    return connection.one(f"{sql} LIMIT 1", (number,)) is not None


def older_parts(connection: Connection, *, standing: bool = False) -> dict[int, tuple[int, int]]:
    """undo -> (batch, transaction) that it took back alone, of those (`standing`: that stand) which do not say so: in
    books from before `undoes_seq` an undo of one merge of many is a batch like any other."""
    last = " AND b.undone_by IS NULL" if standing else ""
    apart = (  # CROSS JOIN: SQLite is to come from the few batches, not from the whole journal
        "SELECT b.id, x.seq, j.entity, j.record_id, j.before, j.after FROM batch b CROSS JOIN journal_tx x"
        " CROSS JOIN journal j WHERE x.batch_id = b.id AND j.seq = x.seq"
        f" AND b.source = 'undo' AND b.undoes IS NULL{last} AND j.before LIKE {SAID} ORDER BY j.id"
    )
    made = (
        "SELECT x.batch_id, x.seq, j.before, j.after FROM journal j JOIN journal_tx x ON x.seq = j.seq"
        " JOIN batch b ON b.id = x.batch_id WHERE j.entity = ? AND j.record_id = ? AND x.seq < ?"
        f" AND b.source <> 'undo' AND j.after LIKE {SAID} ORDER BY j.id DESC"
    )
    found: dict[int, tuple[int, int]] = {}
    for undo, seq, table, record, before, after in connection.rows(apart):
        if undo not in found and merge_of(after, before):
            steps = connection.rows(made, (table, record, seq))
            found.update(next(({undo: (batch, step)} for batch, step, *sides in steps if merge_of(*sides)), {}))
    return found


def merge_of(before: str | None, after: str | None) -> int:
    """The record into which a change merged one, as the journal has its two sides; 0 for any other change: where
    the one that it was merged into was merged itself, only its link was moved."""
    was, now = (journal.columns(side) or {} for side in (before, after))
    return int(now.get("merged_into_id") or 0) if was and was.get("merged_into_id") is None else 0


def stands(connection: Connection, besides: int = 0) -> str:
    """The condition that `journal.stands` is, in books that are older than what says so too."""
    older = {step for undo, (_, step) in older_parts(connection, standing=True).items() if undo != besides}
    listed = f" AND x.seq NOT IN ({', '.join(map(str, sorted(older)))})" if older else ""
    return f"{journal.stands(besides)}{listed}"


def taken_back_alone(connection: Connection) -> dict[int, set[int]]:
    """batch -> those of its transactions that an undo which stands takes back alone."""
    found: dict[int, set[int]] = {}
    said = connection.rows("SELECT undoes, undoes_seq FROM batch WHERE undoes_seq IS NOT NULL AND undone_by IS NULL")
    for batch, step in (*said, *older_parts(connection, standing=True).values()):
        found.setdefault(batch, set()).add(step)
    return found


class Batch:
    """One batch of the journal as far as it stands, without the transactions that were taken back alone; or one of its
    transactions (`step`: its place), whatever became of it."""

    def __init__(self, connection: Connection, number: int, step: int = 0) -> None:
        self.connection, self.number, self.step = connection, number, step
        #: What transactions stand (`journal_tx x`) as if it did not, and what its own are, with the values for that.
        self.stands = stands(connection, number)
        self.where = f"x.batch_id = ? AND {'x.seq = ?' if step else self.stands}"
        self.params = (number, step) if step else (number,)
        self._aliases: dict[tuple[str, int], int] = {}
        #: (table, record) of what the batch linked to -> whether it was purged
        self._purged: dict[tuple[str, int], bool] = {}

    def taken_back_alone(self) -> set[int]:
        """Those of its transactions that an undo which stands takes back alone."""
        return taken_back_alone(self.connection).get(self.number, set())

    def touched(self) -> dict[str, list[int]]:
        """table -> the records in it that the batch added, changed or took away, in the order of their numbers."""
        found: dict[str, set[int]] = {}
        steps = f"SELECT x.seq FROM journal_tx x WHERE {self.where} ORDER BY 1"
        for (seq,) in self.connection.rows(steps, self.params):
            for table, record in self.connection.rows("SELECT entity, record_id FROM journal WHERE seq = ?", (seq,)):
                found.setdefault(table, set()).add(record)
        return {table: sorted(ids) for table, ids in found.items()}

    def nets(self, table: str, ids: Sequence[int]) -> dict[int, Net]:
        """What the batch did to these records; to purged ones nothing is known any more, and links to them are none."""
        marks = ", ".join("?" * len(ids))
        steps: dict[int, list[Any]] = {}
        # CROSS JOIN: SQLite is to come from the few records, not from all that the batch changed.
        for record, before, after in self.connection.rows(
            "SELECT j.record_id, j.before, j.after FROM journal j CROSS JOIN journal_tx x"
            f" WHERE x.seq = j.seq AND {self.where}"
            f" AND j.entity = ? AND j.record_id IN ({marks}) ORDER BY j.seq, j.id",
            (*self.params, table, *ids),
        ):
            steps.setdefault(record, []).append((journal.columns(before), journal.columns(after)))
        every = [side for found in steps.values() for sides in found for side in sides if side]
        self._forgotten(table, every)
        for side in every:
            self._living(table, side)
        return {record: net(table, found) for record, found in steps.items()}

    def since(self, table: str, wanted: Mapping[int, Iterable[str]]) -> dict[int, dict[str, Any]]:
        """record -> those of its columns (`wanted`) that others changed since the batch first changed the record: as
        they were before that."""
        ids = [number for number, columns in wanted.items() if columns]
        if not ids:
            return {}
        found: dict[int, dict[str, Any]] = {}
        begun: set[int] = set()
        marks = ", ".join("?" * len(ids))
        for record, own, before in self.connection.rows(
            f"SELECT j.record_id, {self.where}, j.before FROM journal j CROSS JOIN journal_tx x WHERE x.seq = j.seq"
            f" AND j.seq >= (SELECT min(x.seq) FROM journal_tx x WHERE {self.where})"
            f" AND j.entity = ? AND j.record_id IN ({marks}) ORDER BY j.seq, j.id",
            (*self.params, *self.params, table, *ids),
        ):
            if own:
                begun.add(record)
            elif record in begun:
                was = journal.columns(before) or {}
                for column in wanted[record]:
                    if column in was:
                        found.setdefault(record, {}).setdefault(column, was[column])
        return found

    def removed_later(self, table: str, number: int, now: str) -> bool:
        """Whether a record whose `removed_at` is `now` had another one when the batch was done with it."""
        # In the journal's JSON a quotation mark inside a text is escaped: only the key itself looks so.
        sql = (
            "SELECT j.after FROM journal j WHERE j.entity = ? AND j.record_id = ? AND j.seq <="
            f" (SELECT max(x.seq) FROM journal_tx x WHERE {self.where})"
            """ AND j.after LIKE '%"removed_at":%' ORDER BY j.seq DESC, j.id DESC LIMIT 1"""
        )
        then = self.connection.value(sql, (table, number, *self.params))
        return (journal.columns(then) or {}).get("removed_at") != now

    def _forgotten(self, table: str, sides: Iterable[dict[str, Any]]) -> None:
        """Let go of links to purged records, as the purge did of those that stood: nobody meant to change them."""
        for column, target in TARGETS.get(table, {}).items():
            if target in WORDS:
                continue
            linking = [side for side in sides if side.get(column) is not None]
            unknown = {side[column] for side in linking if (target, side[column]) not in self._purged}
            gone = purged(self.connection, target, unknown)
            self._purged.update({(target, number): number in gone for number in unknown})
            for side in linking:
                if self._purged[target, side[column]]:
                    side[column] = None

    def _living(self, table: str, side: dict[str, Any]) -> None:
        """A word that went and came again has another number now: let the journal speak of that."""
        for column, target in TARGETS.get(table, {}).items():
            if target in WORDS and side.get(column) is not None:
                side[column] = self._alias(target, side[column])
        if side.get("tags"):
            side["tags"] = sorted({self._alias("tag", tag) for tag in side["tags"]})

    def _alias(self, table: str, number: int) -> int:
        known = self._aliases.get((table, number))
        if known is None:
            known = number
            if not self.connection.one(f"SELECT 1 FROM {table} WHERE id = ?", (number,)):
                row = last_row(self.connection, table, number)
                if row:
                    sql = f"SELECT id FROM {table} WHERE name_key = ?"
                    known = self.connection.value(sql, (fold(row["name"]),)) or number
            self._aliases[table, number] = known
        return known
