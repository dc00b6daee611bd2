"""A file's rows into the book: checked, matched, in blocks that keep no other writer waiting."""

from __future__ import annotations

import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import ConflictError
from crmcli.exchange.footers import LINE, REASON
from crmcli.services.imports import standing
from crmcli.services.imports.block_reader import Reader
from crmcli.services.imports.blocks import Block
from crmcli.services.imports.columns import Problem, Tally
from crmcli.services.imports.counting import Counting
from crmcli.services.imports.imported import Imported
from crmcli.services.imports.linking import Links
from crmcli.services.imports.matching import NEW, Matcher
from crmcli.services.imports.passing import Passing
from crmcli.services.imports.rejects import again
from crmcli.services.imports.resolving import Resolver
from crmcli.services.imports.resuming import made_before
from crmcli.services.imports.settled import Settled
from crmcli.services.imports.voting import AwaitedError, Votes
from crmcli.services.imports.writing import Put, Writer
from crmcli.store import journal, own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.context import Context
    from crmcli.exchange.tables import Row
    from crmcli.services.imports.planning import Plan
    from crmcli.services.imports.resuming import Cut
    from crmcli.services.imports.together import Together
    from crmcli.store.write import Transaction

FIRST_BLOCK, LEAST, MOST = 2500, 500, 20_000
#: How long a block should hold the lock, in seconds: other writers are to wait no longer than half a second, and its
#: commit and a block that takes longer than the one before it have their part in that.
HOLD = 0.2
#: How long a transaction goes on with further blocks while nobody waits, in seconds. Each commit costs several syncs of
#: the disk; who comes meanwhile waits for the block at hand and for the commit of all.
LONGEST = 1.0


class _Ready(NamedTuple):
    """A block that is typed, linked and matched: what its rows are (`Matcher.outcomes`), how far the journal had come
    when that was looked up, and how many rows of the file have been read with it."""

    block: Block
    found: list[int]
    at: int
    read: int


class Import:
    """One run over a file."""

    def __init__(
        self,
        ctx: Context,
        made: Plan,
        *,
        dry_run: bool = False,
        whole: bool = False,
        cut: Cut | None = None,
        batch: int = 0,
        together: Together | None = None,
    ) -> None:
        assert made.kind is not None
        ctx.learn()  # another book of this process may have been closed since the plan was made
        self.ctx, self.plan, self.kind, self.dry_run, self.whole = ctx, made, made.kind, dry_run, whole
        self.reader = Reader(made.kind, made.columns, made.envs, ctx.env)
        #: the fields of people's own that its columns fill, as they are read
        self.fields = self._defined()
        self.matcher = Matcher(
            ctx, made.kind, made.keys, guessed=made.guessed, updates=made.update, dry_run=dry_run,
            trial=together.trial if together else None,
        )  # fmt: skip
        links = together.links(ctx, dry_run=dry_run) if together else Links(ctx, {} if dry_run else None)
        self.writer = Writer(
            ctx, self.reader, self.matcher, updates=made.update, conflicts=made.conflicts, links=links
        )  # fmt: skip
        self.votes = Votes(ctx, made, self.reader, self.matcher, links)
        links.foreign.begin(made.columns, self.votes)
        self.links, self.stages = links, self.writer.stages
        self.cut, self.together = cut, together
        self.settled = Settled(ctx, made, dry_run=dry_run, cut=cut, batch=batch, together=together)
        #: the place in the journal up to which what is known of the book is true
        self.at = -1
        self.hooked = ctx.plugins_on and bool(ctx.settings["plugins"])
        self.size = FIRST_BLOCK
        #: a block that was read and waits for the votes of the file
        self._awaiting: Block | None = None
        #: how long it took to read the last block and look its rows up, in seconds
        self.reading = 0.0
        self.passing = Passing(made.kind, made.columns)
        self.counting = Counting(ctx, self.writer, None if dry_run or whole else self.settled.rejects)
        self.outcome, self.parents = self.counting.outcome, self.counting.parents
        also = self.counting.repeats.still_other if made.header[:2] == (LINE, REASON) else None
        self.resolver = Resolver(self.writer, self.counting.refuse, also)

    def run(self, progress: Callable[[int, int], None] | None) -> Imported:
        if self.together and not self.dry_run:
            self.together.ledger.begin(self.plan, self._position() + 1)
        if self.dry_run:
            self._blocks(progress)
            if self.matcher.tried:
                self.outcome.link(self.parents.rehearse(self.matcher.tried))
                self.counting.ties.rehearse(self.matcher.tried)
        elif self.whole:
            return self._all_or_none(progress)
        else:
            with self.ctx.reader.in_bulk():
                self._blocks(progress)
                self._link_parents()
                self._finish()
        return self._result()

    def _link_parents(self) -> None:
        for some in self.parents.portions():
            with self._writing() as tx:
                updated = self.parents.link(tx, some)
            self.outcome.link(updated)
            self._wrote()
        for several in self.counting.ties.portions():
            with self._writing() as tx:
                self.counting.ties.link(tx, several)
            self._wrote()

    def _all_or_none(self, progress: Callable[[int, int], None] | None) -> Imported:
        """All rows in one transaction, unless one is refused: somebody may have written since the dry run."""
        bulk = contextlib.nullcontext() if self.together else self.ctx.reader.in_bulk()
        with bulk, contextlib.suppress(RefusedRowError):
            with self._writing() as tx:
                self._blocks(progress)
                self._link_parents()
                if self.outcome.counts["refused"]:
                    raise RefusedRowError
                tx.flush()
                self._settle(tx)
                self.settled.end(tx)
            self.settled.batch = self.ctx.batch
            return self._result()
        return self._result()._replace(withheld=True)

    def _finish(self) -> None:
        """Note that nothing is left to be done, where the last transaction could not know it."""
        if not self.settled.ended:
            with self.ctx.writing("import", batch=self.settled.batch) as tx:
                self.settled.end(tx)

    def _blocks(self, progress: Callable[[int, int], None] | None) -> None:
        self.stages.refresh()
        self.stages.expect(self.plan.new_stages)
        with self.plan.open() as table:
            if self.cut:
                self._recall(self.cut, table.rows)
            ready = None
            while ready or (ready := self._next(table.rows)):
                if len(ready.block):
                    ready = self._transact(ready, table.rows)
                else:
                    self.settled.rejects.save()
                    self.settled.rows, ready = ready.read, None
                if progress:
                    progress(self.settled.rows, self.plan.rows)

    def _next(self, rows: Iterator[Row], *, held: bool = False) -> _Ready | None:
        """The next rows of the file, ready to be written; what needs no writing is done and not among them. None at the
        end of the file, and where all of it must be gone through first, for which the lock must not be `held`."""
        started = time.monotonic()
        self.links.settle()
        block, self._awaiting = self._awaiting, None
        if block is None:
            if not (some := list(islice(rows, self.size))):
                return None
            block = self._read(some)
        self._look_again()
        if (found := self._resolve(block, held=held)) is None:
            return None
        if len(block) and (self.dry_run or (NEW not in found and not self.plan.update)):
            if self.dry_run:
                self._try(block, found)
            else:
                self.counting.count(block, self.writer.sort(found), Put([], [], {}))
            block, found = Block([], []), []
        self.reading = time.monotonic() - started
        return _Ready(block, found, self.at, self.outcome.counts["rows"] + (self.cut.settled if self.cut else 0))

    def _resolve(self, block: Block, *, held: bool) -> list[int] | None:
        """Which records the rows of a block are; None where all of the file must be gone through first, for which the
        lock must not be `held`: the block waits then."""
        self.votes.later = held
        try:
            return self.resolver.resolve(block)
        except AwaitedError:
            self._awaiting = self._read_again(block)
            return None
        finally:
            self.votes.later = False

    def _look_again(self) -> bool:
        """Forget what is known of the book if somebody wrote since; whether the stages are others now."""
        at = self._position()
        if at == self.at:
            return False
        self.at = at
        self.links.forget()
        return self.stages.refresh()

    def _transact(self, ready: _Ready, rows: Iterator[Row]) -> _Ready | None:
        """Write a block in a transaction, and those after it while nobody waits for the lock, if they are quickly read;
        a block that was read and not written any more."""
        left: _Ready | None = ready
        with self._writing() as tx:
            began = started = time.monotonic()
            if self._position() != ready.at:
                # Somebody wrote between the look and the lock.
                block = self._read_again(ready.block) if self._look_again() else ready.block
                if (found := self._resolve(block, held=not self.whole)) is None:
                    return None
                left = ready = ready._replace(block=block, found=found)
            while left:
                if len(left.block):
                    self._write(tx, left.block, left.found)
                    tx.flush()
                    self._measure(time.monotonic() - started)
                ready, left = left, None
                self._settle(tx)
                if self.ctx.reader.awaited() or self.reading > HOLD or time.monotonic() - began > LONGEST:
                    break
                left = self._next(rows, held=not self.whole)
                if self.ctx.reader.awaited():
                    break
                started = time.monotonic()
            self.settled.keep(
                tx, ready.read, finished=ready.read >= self.plan.rows and not (self.parents or self.counting.ties)
            )
        self.settled.rows = ready.read
        self._wrote()
        return left

    def _measure(self, held: float) -> None:
        """Size the blocks to come by how long writing the last one took, in seconds."""
        self.size = max(LEAST, min(MOST, int(self.size * min(1.5, HOLD / held))))

    def _settle(self, tx: Transaction) -> None:
        """Journal what is written: that is no news to this import."""
        if tx.unsettled:
            tx.settle(forget=True)
            self.at += 1

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Transaction]:
        command = self.ctx.command or f"import {self.plan.path}"
        with self.ctx.writing("import", command=command, batch=self.settled.batch) as tx:
            if self.settled.batch:
                standing.check(self.ctx, self.settled.batch, self.settled.rows, self.plan.rows)
            self._check_fields()
            tx.names_alone()
            yield tx

    def _defined(self) -> dict[str, tuple[str, str | None]]:
        """The fields of people's own that columns of the file fill: field -> its type and options."""
        known = self.kind.by_name
        filled = {known[to].column for column in self.plan.columns for to in column.to if to in known}
        return own.defined(self.kind.table, filled)

    def _check_fields(self) -> None:
        """Raises ConflictError where somebody renamed, removed or changed a field meanwhile that columns fill: what was
        read for it is no value of what stands there now."""
        now = self._defined()
        for name, was in self.fields.items():
            if now.get(name) != was:
                what = "changed" if name in now else "renamed or removed"
                raise ConflictError(
                    f"the field {name} of {self.kind.plural} was {what} meanwhile; the import stopped",
                    "look at 'crm field list'; then import the rest with --resume, or all of it again",
                )

    def _wrote(self) -> None:
        if not self.whole:
            self.settled.batch = self.ctx.batch or self.settled.batch

    # --- a block ---

    def _read(self, rows: list[Row]) -> Block:
        """Some rows, typed; those that cannot be used are refused."""
        self.outcome.counts["rows"] += len(rows)
        sound, broken, passed = self.passing.sift(rows)
        for row in broken:
            self.counting.refuse(row.line, row.cells, Problem("", "", row.problem or ""))
        for row, why in passed:
            self.outcome.pass_over(row.line, why)
        lines, cells = [row.line for row in sound], [row.cells for row in sound]
        block, bad = self.reader.read(lines, cells, Tally(self.outcome.misfits, lines))
        for place, problem in sorted(bad.items()):
            self.counting.refuse(lines[place], cells[place], problem)
        return block

    def _recall(self, cut: Cut, rows: Iterator[Row]) -> None:
        """Go through the rows that were settled before the cut: what they are in the book is what later rows of the
        file may repeat, and their companies may lack their parents."""
        for number in made_before(self.ctx, self.kind.table, cut.batch):
            self.matcher.made.add(number)
        left, passing = cut.settled, Passing(self.kind, self.plan.columns)
        with self.reader.uncounted(), self.counting.past():
            while left and (some := list(islice(rows, min(left, MOST)))):
                left -= len(some)
                self.links.settle()
                sound = passing.sift(some).sound
                block, _ = self.reader.read([row.line for row in sound], [row.cells for row in sound])
                self._look_again()
                self.counting.recall(block, self.resolver.resolve(block))

    def _read_again(self, block: Block) -> Block:
        """The same rows as they were before their stages were looked up: those are others now."""
        with self.reader.uncounted():
            return self.reader.read(block.lines, block.cells)[0]

    def _position(self) -> int:
        return journal.head(self.ctx.reader)[0]

    def _try(self, block: Block, found: list[int]) -> None:
        """Count what an import would do with a block."""
        if self.hooked:
            # What plugins say to it is known when it is written; it is taken back at once.
            with self.ctx.rehearsal(), self._writing() as tx:
                self.hooked = bool(tx.hooks.before)
                vetted = self.writer.vetted(tx, block, found, self.counting.refuse)
            self.links.forget()
            self.stages.refresh()
            self.counting.suppose(*vetted)
        else:
            self.counting.suppose(block, self.writer.sort(found), Put([], [], {}))

    def _write(self, tx: Transaction, block: Block, found: list[int]) -> None:
        if tx.hooks.before:
            self.counting.count(*self.writer.vetted(tx, block, found, self.counting.refuse))
        else:
            rows = self.writer.sort(found)
            self.counting.count(block, rows, self.writer.put(tx, block, rows))

    # --- the end ---

    def _result(self) -> Imported:
        done, counts, settings = self.outcome, self.outcome.counts, self.ctx.settings
        batch, rejects = self.settled.batch, self.settled.rejects.path
        return Imported(
            self.kind.plural, counts["rows"], counts["new"], counts["updated"], counts["same"], counts["repeated"],
            counts["refused"], tuple(sorted(done.listed)), rejects,
            again(self.plan, settings, rejects) if rejects else "", batch,
            (*done.notes(self.reader), *self.writer.updater.notes, *self.passing.notes, *self.links.foreign.notes,
             *self.parents.notes, *self.counting.ties.notes),
            settings.calling("undo", str(batch)) if batch else "", counts["kept"], tuple(done.conflicts),
            self.cut.settled if self.cut else 0, misfits=done.misfits, passed=counts["passed"],
        )  # fmt: skip


class RefusedRowError(Exception):
    """Ends the transaction of an import that takes in all rows or none."""
