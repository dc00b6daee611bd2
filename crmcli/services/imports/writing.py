"""A block of rows into the book, after what plugins say to it: stages and links first, then records."""

from __future__ import annotations

import contextlib
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import CrmError
from crmcli.services import next_activity
from crmcli.services.imports import placing, series, yearly
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.last_said import LastSaid
from crmcli.services.imports.matching import AMBIGUOUS, NEW
from crmcli.services.imports.updating import REPLACE, Updater
from crmcli.services.imports.vetting import AgainError, TakenBackError, Vetting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.services.imports.block_reader import Reader
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linking import Links
    from crmcli.services.imports.matching import Matcher
    from crmcli.services.imports.updating import Kept
    from crmcli.store.write import Transaction


class Sorted(NamedTuple):
    """The rows of a block: new ones, (row, id) of records known before, (row, outcome) of rows said before, those that
    can be several records, and (row, id) of records that an update would change although they are removed."""

    new: list[int]
    known: list[tuple[int, int]]
    again: list[tuple[int, int]]
    unclear: list[int]
    removed: list[tuple[int, int]]


class Put(NamedTuple):
    """What became of the rows that were written: the ids of new ones, whether each known one was `changed` (empty
    where nothing is), what was `made` for their links: stand-in -> id, and what each known one `kept`."""

    ids: list[int]
    changed: list[bool]
    made: dict[int, int]
    kept: Sequence[tuple[Kept, ...]] = ()


class Writer:
    """Writes blocks that are typed, linked and matched. `updates` says whether known records get the values of rows,
    `conflicts` which of two values counts (`updating`)."""

    def __init__(
        self,
        ctx: Context,
        reader: Reader,
        matcher: Matcher,
        *,
        updates: bool,
        conflicts: str = REPLACE,
        links: Links,
    ) -> None:
        self.ctx, self.kind, self.reader, self.matcher, self.updates = ctx, reader.kind, reader, matcher, updates
        table = reader.kind.table
        self.links = links
        self.stages = placing.Stages(ctx)
        last = LastSaid(ctx, table, lambda: links.names.merged_into(table))
        self.updater = Updater(ctx, reader, last, self.stages, conflicts)

    def outcomes(self, block: Block) -> list[int]:
        """What the rows of a block are (`Matcher.outcomes`)."""
        if not len(block):
            return []
        compared, keys = self.reader.compared(block), block.keys
        if self.kind.name == "company" and "domain" not in compared:  # that of a website tells companies apart
            keys = keys | {"domain": block.columns["domain"]}
        return self.matcher.outcomes(compared, keys, len(block))

    def sort(self, found: list[int]) -> Sorted:
        """Rows by their outcomes; nothing is marked as seen yet."""
        done = Sorted([], [], [], [], [])
        taken: set[int] = set()
        for row, number in enumerate(found):
            if number == NEW:
                done.new.append(row)
            elif number == AMBIGUOUS:
                done.unclear.append(row)
            elif number < 0 or number in taken or number in self.matcher.seen:
                done.again.append((row, number))
            elif self.updates and number in self.matcher.removed:
                done.removed.append((row, number))
            else:
                taken.add(number)
                done.known.append((row, number))
        return done

    def put(
        self,
        tx: Transaction,
        block: Block,
        rows: Sorted,
        vetting: Vetting | None = None,
        there: Mapping[int, int] = MappingProxyType({}),
    ) -> Put:
        """Write new rows and updates; `vetting` is told which record each row becomes, `there` is what was made for
        links of the block before."""
        known = rows.known if self.updates else []
        self.updater.last.begin([number for _, number in known], self.matcher.merged)
        if known:
            tx.load(self.kind.name, [number for _, number in known])
        links, stages = set[int](), set[int]()
        replaces = self.updater.conflicts == REPLACE
        for row, number in known:
            # What replaces has all its links; a stage that it names may be another one where its record stands.
            if not replaces or (self.kind.kind and block.columns["stage_id"][row] < 0):
                its_links, its_stages = self.updater.wanted(block, row, tx.row(self.kind.name, number))
                links |= its_links
                stages |= its_stages
        linked = [*rows.new, *(row for row, _ in known)] if replaces else rows.new
        if self.kind.kind:
            stages |= {n for row in rows.new if (n := block.columns["stage_id"][row]) < 0}
        made = self._make(tx, block, linked, there, links, stages)
        ids = self._insert(tx, block, rows.new, made) if rows.new else []
        if vetting:
            vetting.rows = dict(zip(ids, rows.new, strict=True))
            vetting.rows.update((number, row) for row, number in known)
        # What its own row says of a record counts for more than what those of records say that were merged into it.
        own_first = sorted(known, key=lambda one: one[1] in self.matcher.merged)
        done = {row: self.updater.update(tx, block, row, number, made) for row, number in own_first}
        fresh = yearly.missing(self.ctx, self.kind, block, known)
        yearly.add(tx, self.kind, block, zip(rows.new, ids, strict=True))
        yearly.give(tx, self.kind, {number: fresh[row] for row, number in known if row in fresh})
        if known and not vetting:
            tx.flush()
        changed, kept = [done[row][0] or row in fresh for row, _ in known], [done[row][1] for row, _ in known]
        return Put(ids, changed, made, kept)

    def vetted(
        self, tx: Transaction, block: Block, found: list[int], refuse: Callable[[int, list[str], Problem], None]
    ) -> tuple[Block, Sorted, Put]:
        """Write a block where plugins may refuse or amend: a row that they refuse is refused, one that they make into a
        record that the book has is that record. The block as they have left it, without what they refused."""
        vetting = Vetting(tx, self.kind.table)
        vetting.look = lambda: self._amended(block, found, vetting)
        try:
            while True:
                rows = self.sort(found)
                try:
                    with tx.part():
                        put = self.put(tx, block, rows, vetting)
                    break
                except AgainError as again:
                    found = again.found
                except CrmError as error:
                    bad = self._refused(tx, block, rows, vetting) if error is vetting.error else {}
                    if not bad:
                        raise
                    for row, problem in sorted(bad.items()):
                        refuse(block.lines[row], block.cells[row], problem)
                    block.without(bad)
                    found = self.outcomes(block)
                    vetting.amended.clear()
                self.stages.refresh()
        finally:
            vetting.done()
        if vetting.tries > 1:
            self.links.forget()  # what was made for them and taken back
        changed = [
            told and number in vetting.passed for (_, number), told in zip(rows.known, put.changed, strict=False)
        ]
        return vetting.overlaid(block, self.ctx.env), rows, put._replace(changed=changed)

    def _amended(self, block: Block, found: list[int], vetting: Vetting) -> None:
        """Look once more for rows that plugins amended, before they are written: compared as they will be. Raises
        AgainError where some are no new records."""
        again = self.outcomes(vetting.overlaid(block, self.ctx.env))
        again = [now if before == NEW else before for before, now in zip(found, again, strict=True)]
        if again != found:
            raise AgainError(again)

    def _refused(self, tx: Transaction, block: Block, rows: Sorted, vetting: Vetting) -> dict[int, Problem]:
        """The rows that plugins refuse, found by writing one after the other; all of that is taken back."""
        bad: dict[int, Problem] = {}
        known = rows.known if self.updates else []
        look, vetting.look = vetting.look, None
        singles = [(row, Sorted([row], [], [], [], [])) for row in rows.new]
        singles += [(row, Sorted([], [(row, number)], [], [], [])) for row, number in known]
        there: dict[int, int] = {}
        with contextlib.suppress(TakenBackError), tx.part():
            self.stages.refresh()
            for row, single in sorted(singles, key=itemgetter(0)):
                try:
                    with tx.part():
                        put = self.put(tx, block, single, there=there)
                    there = put.made
                except CrmError as error:
                    if error is not vetting.error:
                        raise
                    bad[row] = Problem("", "", error.message)
                    self.stages.refresh()
            raise TakenBackError
        vetting.look = look
        return bad

    def _make(
        self,
        tx: Transaction,
        block: Block,
        wanted: list[int],
        there: Mapping[int, int],
        links: set[int],
        stages: set[int],
    ) -> dict[int, int]:
        """Create the words, companies and people that these rows link to, and these `links` and `stages`: stand-in ->
        id, with those that are `there` already."""
        numbers = set(links)
        for name in block.links:
            if name not in ("stage", "pipeline", "parent"):
                column = block.columns[self.kind.field(name).column]
                numbers.update(n for row in wanted if (n := column[row]) is not None and n < 0)
        if block.tags is not None:
            numbers.update(n for row in wanted for n in block.columns["tags"][row] if n < 0)
        numbers.difference_update(there)
        made = dict(there)
        if stages := stages.difference(there):
            made.update(self.stages.settle(tx, stages))
        made.update(self.links.make(tx, numbers) if numbers else {})
        return made

    def _insert(self, tx: Transaction, block: Block, rows: list[int], made: dict[int, int]) -> list[int]:
        whole = len(rows) == len(block)
        columns: dict[str, list[Any]] = {}
        links = {self.kind.field(name).column for name in block.links if name not in ("stage", "pipeline", "parent")}
        links |= {"stage_id", "pipeline_id"}
        for name, values_ in block.columns.items():
            column = values_ if whole else [values_[row] for row in rows]
            if made and name in links:
                column = [made.get(n, n) for n in column]
            elif made and name == "tags":
                column = [sorted(made.get(n, n) for n in tags) for tags in column]
            columns[name] = column
        if self.kind.name == "deal" and "position" not in columns:
            columns["position"] = placing.positions(tx, columns["stage_id"])
        if self.kind.name == "task" and None in columns.get("type_id", [None]):
            usual = next_activity.typical(tx, "task")
            columns["type_id"] = [n or usual for n in columns.get("type_id") or [None] * len(rows)]
        if self.kind.name == "task":
            series.complete(self.ctx, tx, columns, len(rows))
        if self.kind.name == "interaction":
            columns["at"] = [at or tx.stamp for at in columns["at"]]
            if "author_id" not in columns:
                columns["author_id"] = [tx.word("user", self.ctx.actor)] * len(rows)
        if self.kind.name == "deal" and "lost_reason_id" in columns and "status" not in columns:
            del columns["lost_reason_id"]
        keys = block.keys if whole else {name: [column[row] for row in rows] for name, column in block.keys.items()}
        return tx.add_many(self.kind.name, columns, keys)
