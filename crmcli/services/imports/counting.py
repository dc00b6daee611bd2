"""What became of the rows of an import: counted, the refused ones kept, and all borne in mind for the rows to come."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crmcli.domain.change import Change
from crmcli.domain.keys import derive
from crmcli.services import history
from crmcli.services.imports import yearly
from crmcli.services.imports.outcome import MOST_NAMED, Outcome
from crmcli.services.imports.parents import Parents
from crmcli.services.imports.repeating import Repeats
from crmcli.services.imports.ties import Ties
from crmcli.services.imports.updating import Given
from crmcli.services.imports.writing import Put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.context import Context
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problem
    from crmcli.services.imports.rejects import Rejects
    from crmcli.services.imports.updating import Kept
    from crmcli.services.imports.writing import Sorted, Writer


class Counting:
    """Follows the blocks of an import that a `writer` writes. `outcome` has the counts, and the refused rows are put
    into `rejects`, if there are such. Later rows are held against those that came before: whether they are the same
    record is known by the `Matcher`, whether they say the same by `repeats`, `parents` has those of companies, and
    `ties` has what ties tasks to each other."""

    def __init__(self, ctx: Context, writer: Writer, rejects: Rejects | None) -> None:
        self.ctx, self.kind, self.reader, self.links = ctx, writer.kind, writer.reader, writer.links
        self._writer, self._rejects = writer, rejects
        self._matcher, self._updater, self._updates = writer.matcher, writer.updater, writer.updates
        self.outcome = Outcome(self.kind)
        self.parents, self.ties = Parents(ctx, self.links), Ties(ctx)
        self.repeats = Repeats(writer, self.parents, self.outcome, self.refuse)
        #: whether rows are gone through that were counted before the import was cut
        self._past = False

    def refuse(self, line: int, cells: list[str], problem: Problem) -> None:
        """Count a row that does not come in, and keep it to be mended."""
        if self._past:
            return
        where = f"{problem.header}: " if problem.header else ""
        if self._rejects is not None:
            self._rejects.add(line, cells, f"{where}{problem.reason}")
        self.outcome.refuse(line, problem)

    def count(self, block: Block, rows: Sorted, put: Put) -> None:
        """Count what became of a block that was written, or needed no writing."""
        self.outcome.block(block, rows, put, updates=self._updates)
        self.links.foreign.count(block, [*rows.new, *(row for row, _ in rows.known)])
        for number in put.ids:
            self._matcher.seen.add(number)
            self._matcher.made.add(number)
        for _, number in rows.known:
            self._matcher.seen.add(number)
        self.parents.add(block, rows, put, updates=self._updates)
        self.ties.add(block, zip(rows.new, put.ids, strict=True))
        for (row, number), stays in zip(rows.known, put.kept, strict=False):
            self._told_kept(block, row, number, stays)
        self.repeats.count(block, rows, put)

    def suppose(self, block: Block, rows: Sorted, put: Put) -> None:
        """Count what would become of a block in an import, as a dry run has it: what it would add and change is found
        by the blocks that follow. `put` says what plugins leave of it."""
        tried = self._matcher.tried
        assert tried is not None
        ids = []
        for row in rows.new:
            keys = {name: column[row] for name, column in (block.columns | block.keys).items()}
            ids.append(tried.add(keys, {"kind": self.kind.kind or None} | block.content(row)))
        asked = [number for _, number in rows.known] if self._updates else []
        self._updater.last.begin(asked, self._matcher.merged)
        current = self._matcher.raw(asked)
        changed, kept = [], []
        fresh = yearly.missing(self.ctx, self.kind, block, rows.known if self._updates else ())
        for place, (row, number) in enumerate(rows.known if self._updates else ()):
            # What was purged between the two looks has nothing to change.
            changes, stays = self._updater.given(block, row, current[number], {}) if number in current else Given({})
            kept.append(stays)
            if changes and (not put.changed or put.changed[place]):
                record = current[number] | changes
                tried.put(number, derive(self.kind.table, record, self.ctx.env), record)
                self._matcher.retried.add(number)
                changed.append(True)
            else:
                changed.append(row in fresh and number in current)
        self.count(block, rows, Put(ids, changed, {}, kept))

    @contextlib.contextmanager
    def past(self) -> Iterator[None]:
        """While this lasts, rows are refused that were so before the import was cut: that is no news."""
        self._past = True
        try:
            yield
        finally:
            self._past = False

    def recall(self, block: Block, found: list[int]) -> None:
        """Bear in mind what the rows of a block were that was counted before the import was cut."""
        rows = self._writer.sort(found)
        for _, number in rows.known:
            self._matcher.seen.add(number)
        update = self._updates and "parent" in block.links
        current = self._matcher.raw([number for _, number in rows.known]) if update else {}
        kept = {
            number: self._updater.given(block, row, current[number], {}).kept
            for row, number in rows.known
            if number in current
        }
        self.ties.add(block, [(row, number) for row, number in rows.known if number in self._matcher.made])
        self.parents.recall(block, rows, self._matcher.made, kept, updates=self._updates)
        self.repeats.remember(block, rows)

    def _told_kept(self, block: Block, row: int, number: int, stays: tuple[Kept, ...]) -> None:
        """Count what a record keeps against the values of its row, and name the first of all these."""
        self.outcome.counts["kept"] += len(stays)
        for one in stays[: MOST_NAMED - len(self.outcome.conflicts)]:
            change = Change(self.kind.name, number, {one.column: one.value}, {}, self.kind.table)
            book = next((old for _, old, _ in history.told(self.ctx, change, {}) if old), "")
            title, cell = self.reader.said(block, row, one.field)
            self.outcome.conflicts.append((block.lines[row], title, cell[:60], book[:60]))
