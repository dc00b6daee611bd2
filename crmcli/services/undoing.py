"""Undo: takes a whole batch back, field by field, and is itself a batch that can be taken back."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.results import Changed
from crmcli.services import needs, undoable
from crmcli.services.apart import PAIR
from crmcli.services.batch import Batch, last_row, last_touched, touches_fields
from crmcli.services.links import TARGETS, WORDS
from crmcli.services.stages import incomplete
from crmcli.services.undo_checks import (
    in_use,
    misplaced,
    needing_back,
    retyped,
    still_linked,
    taken,
    under_themselves,
    unfit,
    unfit_fields,
    valued,
)
from crmcli.services.undo_merges import PAIRS, Ends, bring_along, merges, step_of
from crmcli.services.undo_rules import SOFT, automatic, beside, follows_alone, moved_along, put_back
from crmcli.services.undo_telling import MOST, Telling
from crmcli.store import derived, read
from crmcli.store.sql import portions
from crmcli.store.tables import DEFAULTS, NOUNS, ORDER, columns_of, noun_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crmcli.context import Context
    from crmcli.domain.change import Change
    from crmcli.domain.fields import Entity
    from crmcli.services.batch import Net
    from crmcli.store.write import Transaction

#: Up to so many records all changes are kept, to be shown; above it they are journalled on the way and forgotten.
FEW = 1000
#: Columns that no two records share, of whatever table has them so.
UNIQUE = ("name", "external_id")
#: Where a lead or deal that the undo gives one of these must be looked at again.
PLACE = frozenset(("stage_id", "status"))


class Ahead(Struct):
    """What an undo would take back: the batch, the command it was, and how many changes that made."""

    batch: int
    command: str
    count: int


def ahead(ctx: Context) -> Ahead:
    """What `undo` would take back without being given a number. Raises NotFoundError where there is nothing."""
    number = undoable.newest(ctx)
    made = "SELECT coalesce(sum(x.count), 0) FROM journal_tx x WHERE x.batch_id = b.id"
    found = ctx.reader.one(f"SELECT b.command, b.source, ({made}) FROM batch b WHERE b.id = ?", (number,))
    command, source, count = found or ("", "", 0)
    return Ahead(number, command or source, int(count))


def undo(ctx: Context, batch: int | None = None, merged: tuple[Entity, int] | None = None) -> Changed:
    """Take back a batch: by number, or the newest one of this actor that stands and is not itself an undo. Of a batch
    that made many merges only the one of a record (`merged`) may be meant: that is taken apart, the batch stands, and
    what is taken back of it later is the rest.

    Every field goes back to what it was before the batch, and the time of the last change to that of the last one that
    still stands; what was added is taken away, what was taken away returns with its number. Raises NotFoundError,
    RefusedError, and ConflictError naming each record that a later change stands in the way of; then nothing is
    changed. Raises UsageError for a record that the batch did not merge.
    """
    number = undoable.newest(ctx) if batch is None else batch
    if merged:  # one undo may have brought many merges back in one transaction: each is the batch's own again
        number = undoable.in_force(ctx, number)
    undoable.check(ctx, number)
    step = step_of(ctx.reader, number, merged[0].table, merged[1]) if merged else 0
    command = ctx.command or f"undo {number}{f' {merged[0].name}:{merged[1]}' if merged and step else ''}"
    alone = bool(step) or touches_fields(ctx.reader, number) or merges(ctx.reader, number)
    with ctx.writing("undo", command=command, undoes=number, undoes_seq=step or None, alone=alone) as tx:
        undoable.check(ctx, number, step, alone=True)
        if not step:
            undoable.reinstate(ctx, number)
        work = _Undo(tx, Batch(tx.connection, number, step), ctx.settings.calling)
        work.run()
        if not tx.batch and not tx.changes:
            tx.settle()
    return Changed(tuple(work.tell.lines()), tuple(tx.changes), ctx.batch, tuple(work.ids[:FEW]), work.noun)


class _Undo:
    """One undo at work."""

    def __init__(self, tx: Transaction, batch: Batch, calling: Callable[..., str]) -> None:
        self.tx, self.batch, self.connection = tx, batch, tx.connection
        self.tell = Telling(batch, calling)
        self.ids: list[int] = []
        self.noun = ""
        self.moved: dict[tuple[str, int], int] = {}
        self.doomed: dict[str, set[int]] = {}
        self.let_go: set[tuple[str, int, str]] = set()
        self.many = False
        self.placed: set[int] = set()
        self.stages: set[int] = set()
        self.under: set[int] = set()
        #: rows of `task_need` that returned
        self.needs: set[int] = set()
        #: fields of people's own that got another type back -> the records that had a value then
        self.retyped: dict[int, set[int]] = {}
        self.ends = Ends(tx.connection, batch)
        self.merged: dict[str, set[int]] = {}
        self._figures: dict[int, int] | None = None

    def run(self) -> None:
        """Bring back what the batch took away, put back what it changed, take away what it added."""
        self.tx.names_alone()  # what returns must not meet its like, nor a company its own parent
        self.connection.defer_links()
        touched = self.batch.touched()
        derived.hold(self.connection, touched)
        self.many = sum(map(len, touched.values())) > FEW
        staged = bool(touched.keys() & {"stage", "pipeline"})
        lacked = {(lack.pipeline, lack.sort) for lack in incomplete(self.connection)} if staged else set()
        with self.connection.roomy() if self.many else contextlib.nullcontext():
            self._work(touched)
        if not self.tell.conflicts:
            self._look_again(touched.get("custom_field", ()))
            for lack in sorted(incomplete(self.connection)) if staged else ():
                if (lack.pipeline, lack.sort) not in lacked:
                    it = {"name": lack.name}
                    self.tell.conflict("pipeline", lack.pipeline, it, f"it would have no {lack.sort} stage")
        if self.tell.conflicts:
            self.tell.refuse()

    def _look_again(self, fields: Iterable[int]) -> None:
        """Look whether all that was noted on the way may stand as it does now, and the values of these fields."""
        self.tell.clashes("opportunity", misplaced(self.connection, self.stages, self.placed, MOST))
        self.tell.clashes("company", under_themselves(self.connection, self.under))
        for clash in needing_back(self.batch, self.needs):
            by = self.tell.by("task_need", clash.other)
            self.tell.conflict("task", clash.number, clash.row, clash.what + by)
        self.tell.clashes("custom_field", retyped(self.connection, self.retyped))
        self.tell.clashes("custom_field", unfit_fields(self.connection, fields))

    def _work(self, touched: Mapping[str, list[int]]) -> None:
        changed: dict[str, list[int]] = {}
        for table in ORDER:
            for some, _ in portions(touched.get(table, ())):
                nets = self.batch.nets(table, some)
                self.doomed.setdefault(table, set()).update(i for i, n in nets.items() if n.added)
                changed.setdefault(table, []).extend(i for i, n in nets.items() if n.changed)
                gone = {i: n.before for i, n in nets.items() if n.before is not None and n.after is None}
                self._recreate(table, gone)
            if table == "custom_field":  # records return with values of fields as these were
                for some, _ in portions(changed.pop(table, ())):
                    self._restore(table, self.batch.nets(table, some))
        for table in ORDER:
            for some, _ in portions(changed.get(table, ())):
                self._restore(table, self.batch.nets(table, some))
        self._let_follow()
        for table in PAIRS:  # before a merge that is brought back moves them
            self._take_all_away(table)
        for table, merged in self.merged.items() if not self.tell.conflicts else ():
            self.tell.clashes(table, bring_along(self.tx, self.batch, table, merged, self._flush))
        self._flush()
        for table in reversed(ORDER):
            if table not in PAIRS:
                self._take_all_away(table)

    def _rows(self, table: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        return self.tx.rows(NOUNS[table], list(ids))

    def _flush(self) -> None:
        if self.tell.conflicts:
            if len(self.tell.conflicts) >= MOST:
                self.tell.refuse()
            return
        for change in self.tx.flush():
            noun = change.entity
            self.tell.counts[noun] = self.tell.counts.get(noun, 0) + 1
            self._note(change)
            if change.table in read.TAGGED and len(self.ids) < FEW and (not self.noun or self.noun == noun):
                self.noun = noun
                self.ids.append(change.id)
        if self.many:
            self.tx.settle(forget=True)

    def _note(self, change: Change) -> None:
        """Bear in mind what is to be looked at again when all is done."""
        if change.after is None:
            return
        if change.after.get("merged_into_id"):
            self.merged.setdefault(change.table, set()).add(change.id)
        if change.table == "stage":
            self.stages.add(change.id)
            self._figures = None
        elif change.table == "opportunity" and (change.before is None or PLACE & set(change.after)):
            self.placed.add(change.id)
        elif change.table == "company" and change.before is not None and change.after.get("parent_id"):
            self.under.add(change.id)
        elif change.table == "task_need" and change.before is None:
            self.needs.add(change.id)
        elif change.table == "custom_field" and change.before is not None and "type" in change.after:
            self.retyped[change.id] = valued(self.connection, change.id)

    @property
    def figures(self) -> dict[int, int]:
        """stage -> its probability now."""
        if self._figures is None:
            self._figures = dict(self.connection.rows("SELECT id, probability_bp FROM stage"))
        return self._figures

    def _let_follow(self) -> None:
        """Automatic probabilities follow a stage that has another one again, also those of what came into it since."""
        for stage in sorted(self.stages) if not self.tell.conflicts else ():
            found = self.connection.rows(
                "SELECT id FROM opportunity WHERE stage_id = ? AND status = 'open'"
                " AND probability_manual IS FALSE AND probability_bp <> ? ORDER BY id",
                (stage, self.figures[stage]),
            )
            for some, _ in portions([number for (number,) in found]):
                self._rows("opportunity", some)
                for number in some:
                    self.tx.change("deal", number, {"probability_bp": self.figures[stage]}, touch=False)
                self._flush()

    # --- bringing back ---

    def _recreate(self, table: str, rows: dict[int, dict[str, Any]]) -> None:
        there = self._rows(table, rows)
        new = {number: dict(row) for number, row in rows.items() if number not in there}
        for number in list(new):
            if table in WORDS:
                same = self.connection.value(f"SELECT id FROM {table} WHERE name_key = ?", (fold(new[number]["name"]),))
                if same is not None:
                    self.moved[table, number] = same
                    del new[number]
        self._pair(table, new, {})
        if table == "task_need":
            new, purged = needs.returning(self.connection, new)
            self.tell.passed_over += purged
        self._relink(table, new)
        self._check_taken(table, new, {})
        self._check_own(table, new, {})
        for number, row in new.items():
            figure = automatic(row, self.figures) if table == "opportunity" else None
            if figure is not None:
                row["probability_bp"] = figure
            self.tx.add(NOUNS[table], row, record=number)
        self._flush()
        if new and not self.tell.conflicts:
            # `version` only grows: it goes on where the row that was taken away had got to.
            counted = f"(SELECT count(*) FROM journal WHERE entity = ? AND record_id = {table}.id)"
            marks = ", ".join("?" * len(new))
            self.connection.run(
                f"UPDATE {table} SET version = version + {counted} WHERE id IN ({marks})", (table, *new)
            )

    def _pair(self, table: str, back: dict[int, dict[str, Any]], rows: dict[int, dict[str, Any]]) -> None:
        """Pairs of records that are not the same return for those that these are by now; one that says nothing any more
        goes. `back` and `rows` as in `_check_taken`."""
        if table not in PAIRS:
            return
        whole = {number: {**rows.get(number, {}), **values} for number, values in back.items() if values}
        for number, pair in self.ends.pairs(table, whole).items():
            if pair is not None:
                back[number].update(zip(PAIR, pair, strict=True))
                continue
            del back[number]
            if number in rows:
                self.tx.delete(NOUNS[table], number)

    def _relink(self, table: str, rows: dict[int, dict[str, Any]]) -> None:
        """Check what these values link to: words that are gone return, tags that are gone are let go."""
        for column, target in TARGETS.get(table, {}).items():
            self.tell.clashes(table, self.ends.follow(table, rows, column, target))
            wanted = {row[column] for row in rows.values() if row.get(column) is not None}
            gone = wanted - self._existing(target, wanted)
            for number, row in rows.items():
                link = row.get(column)
                if link is None or link not in gone or (table == target and link in rows):
                    continue
                if (target, link) in self.moved or target in WORDS:
                    row[column] = self._revived(target, link)
                else:
                    self.tell.conflict(table, number, row, f"the {NOUNS[target]} it had ({link}) is no more")
        tagged = [row for row in rows.values() if row.get("tags")]
        for row in tagged:
            row["tags"] = sorted({self.moved.get(("tag", tag), tag) for tag in row["tags"]})
        there = self._existing("tag", {tag for row in tagged for tag in row["tags"]})
        for row in tagged:
            row["tags"] = [tag for tag in row["tags"] if tag in there]

    def _existing(self, table: str, ids: Iterable[int]) -> set[int]:
        found: set[int] = set()
        for some, marks in portions(sorted(ids)):
            found.update(row[0] for row in self.connection.rows(f"SELECT id FROM {table} WHERE id IN ({marks})", some))
        return found

    def _revived(self, table: str, number: int) -> int | None:
        """The id of a word that is gone: the one that took its place, else itself, made again as it last was."""
        if (table, number) not in self.moved:
            row = last_row(self.connection, table, number)
            if row is None:
                return None
            same = self.connection.value(f"SELECT id FROM {table} WHERE name_key = ?", (fold(row["name"]),))
            self.moved[table, number] = same if same is not None else self.tx.add(NOUNS[table], row, record=number)
        return self.moved[table, number]

    # --- putting back ---

    def _restore(self, table: str, nets: dict[int, Net]) -> None:
        rows = self._rows(table, nets)
        then = self.batch.since(table, {i: beside(table, n.before) for i, n in nets.items() if n.before})
        wanted: dict[int, dict[str, Any]] = {}
        for number, done in nets.items():
            current = rows.get(number)
            assert done.before is not None
            assert done.after is not None
            # A stage takes its figure back, and a record taken apart what hung on it, of what was removed later too.
            following = (bool(self.stages) and follows_alone(table, done)) or moved_along(table, done)
            if current is None:
                if not following:
                    gone = last_row(self.connection, table, number)
                    self.tell.conflict(table, number, gone, "is no more" + self.tell.by(table, number))
            elif (
                not following
                and current.get("removed_at")
                and self.batch.removed_later(table, number, current["removed_at"])
            ):
                self.tell.conflict(table, number, current, self.tell.gone_later(table, number, current))
            else:
                wanted[number] = self._values(table, number, current, done, then.get(number, {}))
                self.let_go.update((table, number, column) for column in wanted[number])
        self._pair(table, wanted, rows)
        self._relink(table, wanted)
        self._check_taken(table, wanted, rows)
        self._check_own(table, wanted, rows)
        touched = last_touched(self.connection, table, list(wanted), besides=self.batch) if wanted else {}
        for number, values in wanted.items():
            if values:
                if number in touched:
                    values["updated_at"] = touched[number]
                self.tx.change(NOUNS[table], number, values, touch=False)
        self._flush()

    def _values(
        self, table: str, number: int, current: dict[str, Any], done: Net, then: dict[str, Any]
    ) -> dict[str, Any]:
        figures = self.figures if table == "opportunity" else {}
        values, changed = put_back(table, current, done, then, figures)
        if changed:
            self.tell.conflict(table, number, current, self.tell.changed_later(table, number, changed))
        return values

    def _check_taken(self, table: str, back: dict[int, dict[str, Any]], rows: dict[int, dict[str, Any]]) -> None:
        """What no two records have must not belong to another one by now. `back` are the values that return, `rows`
        the present rows of those records that are there."""
        for column in UNIQUE:
            whole = {number: {**rows.get(number, {}), **row} for number, row in back.items() if row.get(column)}
            for clash in taken(self.connection, table, whole, column):
                row = rows.get(clash.number) or whole[clash.number]
                self.tell.conflict(table, clash.number, row, clash.what + self.tell.by(table, clash.other, [column]))

    def _check_own(self, table: str, back: dict[int, dict[str, Any]], rows: dict[int, dict[str, Any]]) -> None:
        """Values that return belong to fields of people's own that are there still and take them."""
        for number, values in back.items():
            for what in unfit(table, values):
                self.tell.conflict(table, number, rows.get(number) or values, what)

    # --- taking away ---

    def _take_all_away(self, table: str) -> None:
        for some, _ in portions(sorted(self.doomed.get(table, ()), reverse=True)):
            self._take_away(table, self.batch.nets(table, some))

    def _take_away(self, table: str, nets: dict[int, Net]) -> None:
        rows = self._rows(table, nets)
        lets_go = partial(self._lets_go, table)
        linked = still_linked(self.connection, table, list(rows), lets_go)
        left_of = {number: nets[number].after or {} for number in rows}
        columns = [c for c in columns_of(table, *rows.values(), *left_of.values()) if c != "id" and c not in SOFT]
        standard: dict[str, Any] = {**dict.fromkeys(columns), **DEFAULTS.get(table, {})}
        if table in read.TAGGED:
            columns.append("tags")
            standard["tags"] = []
        for number, row in rows.items():
            left, split = {**standard, **left_of[number]}, nets[number].split
            differ = [c for c in columns if row.get(c) != left[c] or c in split]
            if table == "opportunity" and None not in (automatic(row, self.figures), automatic(left, self.figures)):
                differ = [c for c in differ if c != "probability_bp"]
            if table in WORDS and (differ or number in linked):
                self.tell.kept.append(f"{NOUNS[table].replace('_', ' ')} {row['name']}")
            elif differ:
                if "removed_at" in differ:
                    what = self.tell.gone_later(table, number, row)
                else:
                    what = self.tell.changed_later(table, number, differ)
                self.tell.conflict(table, number, row, what)
            elif table == "custom_field" and (used := in_use(self.connection, row, lets_go)):
                self.tell.conflict(table, number, row, used)
            elif number in linked:
                child, other, column = linked[number]
                hung = self._rows(child, [other])[other]
                noun = noun_of(child, hung).replace("_", " ")
                what = f"{noun} {other} hangs on it now" if child not in PAIRS else self.tell.told_apart(child, hung)
                what += self.tell.by(child, other, [column])
                self.tell.conflict(table, number, row, what)
            else:
                self.tx.delete(NOUNS[table], number)
        self._flush()

    def _lets_go(self, table: str, owner: str, number: int, link: str) -> bool:
        """Whether a record that links to one of a table which is to go, or has a value of such a field, does so itself,
        or lets go of it.

        After a conflict nothing is written any more: what would have gone or let go is no reason of its own."""
        if (owner == table or self.tell.conflicts) and number in self.doomed.get(owner, ()):
            return True
        return bool(self.tell.conflicts) and (owner, number, link) in self.let_go
