"""A file's rows into the book: checked, matched, in blocks that keep no other writer waiting."""

from __future__ import annotations

import gc
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.keys import derive
from crmcli.errors import CrmError
from crmcli.services.imports import blocks, placing
from crmcli.services.imports.blocks import Block, Reader
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.linking import SEVERAL, Links, which
from crmcli.services.imports.matching import AMBIGUOUS, NEW, Matcher
from crmcli.services.imports.planning import Plan, check
from crmcli.services.imports.rejects import Rejects, again
from crmcli.services.imports.updating import Updater
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.context import Context
    from crmcli.exchange.tables import Row
    from crmcli.store.write import Transaction

FIRST_BLOCK, LEAST, MOST = 2500, 500, 20_000
#: How long a block should hold the lock, in seconds: other writers are to wait no longer than half a second, and its
#: commit and a block that takes longer than the one before it have their part in that.
HOLD = 0.2
#: How long a transaction goes on with further blocks while nobody waits, in seconds. Each commit costs several syncs of
#: the disk; who comes meanwhile waits for the block at hand and for the commit of all.
LONGEST = 1.0
_MOST_LISTED = 100


class Imported(NamedTuple):
    """What became of the rows: `rows` = new + updated + same + repeated + refused.

    `same` rows are records that the book had already, `repeated` ones are the same record as an earlier row of the
    file; `listed` names the first refused and repeated rows; `rejects` is the file of refused rows, "" for none, and
    `again` the command that imports it.
    """

    kind: str
    rows: int
    new: int
    updated: int
    same: int
    repeated: int
    refused: int
    listed: tuple[tuple[int, str, str, str], ...] = ()
    rejects: str = ""
    again: str = ""
    batch: int = 0
    notes: tuple[str, ...] = ()

    @property
    def gist(self) -> str:
        """The counts in words."""
        counts = (
            (self.new, "new"), (self.updated, "updated"), (self.same, "known already"),
            (self.repeated, "repeated in the file"), (self.refused, "refused"),
        )  # fmt: skip
        said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing"
        return f"{self.rows:,} rows of {self.kind}: {said}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What to tell people."""
        found = [self.gist, *self.notes]
        if self.rejects:
            found += [f"the refused rows are in {self.rejects}: mend them there, then", f"  {self.again}"]
        if self.batch:
            found.append(f"'crm undo {self.batch}' takes the import back")
        return tuple(found)


def run(
    ctx: Context, made: Plan, *, dry_run: bool = False, progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Import the file of a plan; with `dry_run` only count. `progress(done, all)` is called after every block.

    Refused rows do not stop the rest: the result counts them, and they are in its `rejects` file. All blocks are one
    batch, which one undo takes back. Ctrl-C leaves the blocks that are in, says so, and goes on as KeyboardInterrupt.
    """
    check(made)
    job = _Import(ctx, made, dry_run=dry_run)
    collecting = gc.isenabled()
    gc.disable()  # nothing here makes cycles, and every row makes containers that the collector would walk
    try:
        return job.run(progress)
    except KeyboardInterrupt:
        if job.batch:
            ctx.say(
                f"stopped: {job.settled:,} rows are in; 'crm undo {job.batch}' takes them back, the same import goes on"
            )
        else:
            ctx.say("stopped: nothing was imported")
        raise
    except CrmError as error:
        if job.batch:
            error.message = error.message.removesuffix(connect.UNSAVED)
            in_it = (
                f"{job.settled:,} rows are in; 'crm undo {job.batch}' takes them back, the same import again goes on"
            )
            error.hint = f"{in_it}\n  {error.hint}" if error.hint else in_it
        raise
    finally:
        job.rejects.close()
        if collecting:
            gc.enable()


class _Ready(NamedTuple):
    """A block that is typed, linked and matched: what its rows are (`Matcher.outcomes`), how far the journal had come
    when that was looked up, and how many rows of the file have been read with it."""

    block: Block
    found: list[int]
    at: int
    read: int


class _Sorted(NamedTuple):
    """The rows of a block: new ones, (row, id) of records known before, (row, outcome) of rows said before, and those
    that can be several records."""

    new: list[int]
    known: list[tuple[int, int]]
    again: list[tuple[int, int]]
    unclear: list[int]


class _Import:
    """One run over a file."""

    def __init__(self, ctx: Context, made: Plan, *, dry_run: bool) -> None:
        assert made.kind is not None
        self.ctx, self.plan, self.kind, self.dry_run = ctx, made, made.kind, dry_run
        self.reader = Reader(made.kind, made.columns, made.envs, ctx.env)
        self.matcher = Matcher(ctx, made.kind, made.keys, guessed=made.guessed, dry_run=dry_run)
        self.updater = Updater(self.reader)
        self.links = Links(ctx)
        self.stages = placing.Stages(ctx)
        self.rejects = Rejects(made.path, made.header, ctx.env.now)
        self.batch = self.settled = 0
        self.size = FIRST_BLOCK
        self.counts = dict.fromkeys(("rows", "new", "updated", "same", "repeated", "refused"), 0)
        self.listed: list[tuple[int, str, str, str]] = []
        self.parents: list[tuple[int, str, str | None]] = []
        self.notes: list[str] = []

    def run(self, progress: Callable[[int, int], None] | None) -> Imported:
        if self.dry_run:
            self._blocks(progress)
        else:
            with self.ctx.reader.in_bulk():
                self._blocks(progress)
                self._link_parents()
        return self._result()

    def _blocks(self, progress: Callable[[int, int], None] | None) -> None:
        self._prepare()
        with self.plan.open() as table:
            ready = None
            while ready or (ready := self._next(table.rows)):
                if len(ready.block):
                    ready = self._transact(ready, table.rows)
                else:
                    self.settled, ready = ready.read, None
                if progress:
                    progress(self.settled, self.plan.rows)

    def _next(self, rows: Iterator[Row]) -> _Ready | None:
        """The next rows of the file, ready to be written; what needs no writing is done and not among them. None at the
        end of the file."""
        some = list(islice(rows, self.size))
        if not some:
            return None
        block = self._read(some)
        at = self._position()
        found = self._match(block)
        if len(block) and (self.dry_run or (NEW not in found and not self.plan.update)):
            done = self._sorted(found)
            if self.dry_run:
                self._try(block, done)
            else:
                self.counts["same"] += len(done.known)
                self._repeat(block, done, {})
            block, found = Block([], []), []
        return _Ready(block, found, at, self.counts["rows"])

    def _transact(self, ready: _Ready, rows: Iterator[Row]) -> _Ready | None:
        """Write a block in a transaction, and those after it while nobody waits for the lock; a block that was read and
        not written any more."""
        left: _Ready | None = ready
        with self._writing() as tx:
            tx.names_alone()
            began = started = time.monotonic()
            if self._position() != ready.at:
                # Somebody wrote between the look and the lock.
                self.links.forget()
                self.stages.refresh()
                left = ready = ready._replace(found=self._match(ready.block))
            while left:
                if len(left.block):
                    self._write(tx, left.block, self._sorted(left.found))
                    tx.flush()
                    self._measure(time.monotonic() - started)
                ready, left = left, None
                if self.ctx.reader.awaited() or time.monotonic() - began > LONGEST:
                    break
                if tx.unsettled:
                    tx.settle(forget=True)
                left = self._next(rows)
                if self.ctx.reader.awaited():
                    break
                started = time.monotonic()
        self.settled = ready.read
        self._wrote()
        return left

    def _measure(self, held: float) -> None:
        """Size the blocks to come by how long writing the last one took, in seconds."""
        self.size = max(LEAST, min(MOST, int(self.size * min(1.5, HOLD / held))))

    def _prepare(self) -> None:
        if self.plan.new_stages and not self.dry_run:
            with self._writing() as tx:
                tx.names_alone()
                self.stages.make(tx, self.plan.new_stages)
            self._wrote()
        self.stages.refresh()

    def _writing(self) -> Any:
        return self.ctx.writing("import", command=self.ctx.command or f"import {self.plan.path}", batch=self.batch)

    def _wrote(self) -> None:
        self.batch = self.ctx.batch or self.batch

    # --- a block ---

    def _read(self, rows: list[Row]) -> Block:
        """Some rows, typed; those that cannot be used are refused."""
        self.counts["rows"] += len(rows)
        sound = [row for row in rows if row.problem is None]
        for row in rows:
            if row.problem is not None:
                self._refuse(row.line, row.cells, Problem("", "", row.problem))
        lines, cells = [row.line for row in sound], [row.cells for row in sound]
        block, bad = self.reader.read(lines, cells)
        for place, problem in sorted(bad.items()):
            self._refuse(lines[place], cells[place], problem)
        return block

    def _match(self, block: Block) -> list[int]:
        """What the rows of a block are (`Matcher.outcomes`), after their links; rows whose links fit nothing go."""
        if len(block):
            self._resolve(block)
        if not len(block):
            return []
        return self.matcher.outcomes(self.reader.compared(block), block.keys, len(block))

    def _position(self) -> int:
        return int(self.ctx.reader.value("SELECT seq FROM journal_head WHERE id = 1"))

    def _refuse(self, line: int, cells: list[str], problem: Problem) -> None:
        self.counts["refused"] += 1
        where = f"{problem.header}: " if problem.header else ""
        if not self.dry_run:
            self.rejects.add(line, cells, f"{where}{problem.reason}")
        self._list(line, problem.header, problem.value, problem.reason)

    def _list(self, line: int, header: str, value: str, reason: str) -> None:
        if len(self.listed) < _MOST_LISTED:
            self.listed.append((line, header, value[:60], reason))

    def _resolve(self, block: Block) -> None:
        """Links become ids (negative for what is not there yet); leads and deals find their stage."""
        open_links = [self.kind.field(name) for name in block.links if name not in ("stage", "pipeline", "parent")]
        bad: dict[int, Problem] = {}
        for field in sorted(open_links, key=lambda field: field.name != "company"):  # it tells people apart
            bad = self.links.fill(block, field) | bad
        for row, problem in sorted(bad.items()):
            self._refuse(block.lines[row], block.cells[row], problem)
        if bad:
            block.without(bad)
            if not len(block):
                return
        columns = block.columns
        if block.tags is not None:
            flat = self.links.ids("tag", [tag for tags in block.tags for tag in tags])
            at = iter(flat)
            columns["tags"] = [sorted({next(at) for _ in tags}) for tags in block.tags]
        if self.kind.kind:
            columns.update(self._placed(block))
        if self.kind.name == "company":
            blocks.give_domains(columns, len(block))

    def _placed(self, block: Block) -> dict[str, list[Any]]:
        return placing.place(self.stages, block, block.columns.get("lost_reason_id"), self.ctx)

    # --- outcomes ---

    def _sorted(self, found: list[int]) -> _Sorted:
        done = _Sorted([], [], [], [])
        for row, number in enumerate(found):
            if number == NEW:
                done.new.append(row)
            elif number == AMBIGUOUS:
                done.unclear.append(row)
            elif number < 0 or number in self.matcher.seen:
                done.again.append((row, number))
            else:
                self.matcher.seen.add(number)
                done.known.append((row, number))
        return done

    def _try(self, block: Block, rows: _Sorted) -> None:
        """Count what an import would do, and remember it for the blocks that follow."""
        tried = self.matcher.tried
        assert tried is not None
        for row in rows.new:
            keys = {name: column[row] for name, column in (block.columns | block.keys).items()}
            self._made(tried.add(keys, {"kind": self.kind.kind or None} | block.content(row)))
        self.counts["new"] += len(rows.new)
        current = self.matcher.raw([number for _, number in rows.known]) if self.plan.update else {}
        for row, number in rows.known:
            changes = self.updater.changes(block, row, current[number], {}) if self.plan.update else {}
            if changes:
                record = current[number] | changes
                tried.put(number, derive(self.kind.table, record, self.ctx.env), record)
                self.matcher.retried.add(number)
            self.counts["updated" if changes else "same"] += 1
        self._repeat(block, rows, {})

    def _write(self, tx: Transaction, block: Block, rows: _Sorted) -> None:
        wanted = [*rows.new, *(row for row, _ in rows.known)] if self.plan.update else rows.new
        made = self._make(tx, block, wanted)
        if rows.new:
            ids = self._insert(tx, block, rows.new, made)
            self.counts["new"] += len(ids)
            for number in ids:
                self._made(number)
            if block.links.get("parent"):
                names, uids = block.links["parent"], block.uids.get("parent") or [None] * len(block)
                self.parents += [
                    (n, name, uids[row]) for row, n in zip(rows.new, ids, strict=True) if (name := names[row])
                ]
        if self.plan.update and rows.known:
            tx.load(self.kind.name, [number for _, number in rows.known])
            for row, number in rows.known:
                changed = self.updater.update(tx, block, row, number, made)
                self.counts["updated" if changed else "same"] += 1
            tx.flush()
        else:
            self.counts["same"] += len(rows.known)
        self._repeat(block, rows, made)

    def _made(self, number: int) -> None:
        self.matcher.seen.add(number)
        self.matcher.made.add(number)

    def _repeat(self, block: Block, rows: _Sorted, made: dict[int, int]) -> None:
        """Rows that are the same record as an earlier row of the file. One that says nothing else is counted; one with
        other values is refused, so that it is not lost; so is one that can be several records."""
        for row in rows.unclear:
            reason = f"several {self.kind.plural} can be this one: tell them apart with --id or --match"
            self._refuse(block.lines[row], block.cells[row], Problem("", "", reason))
        again = rows.again
        if not again:
            return
        own = [number for _, number in again if number > 0 and (self.plan.update or number in self.matcher.made)]
        current = self.matcher.raw(own) if own else {}
        for row, number in again:
            # Rows of one block name what is new by the same stand-ins.
            earlier, ids = (block.content(-1 - number), {}) if number < 0 else (current.get(number), made)
            if earlier is not None and self.updater.changes(block, row, earlier, ids):
                reason = f"an earlier row of the file is the same {self.kind.name}, with other values"
                self._refuse(block.lines[row], block.cells[row], Problem("", "", reason))
            else:
                self.counts["repeated"] += 1
                self._list(block.lines[row], "", "", "repeats an earlier row of the file")

    def _make(self, tx: Transaction, block: Block, wanted: list[int]) -> dict[int, int]:
        """Create the words, companies and people that these rows link to: stand-in -> id."""
        numbers: set[int] = set()
        for name in block.links:
            if name not in ("stage", "pipeline", "parent"):
                column = block.columns[self.kind.field(name).column]
                numbers.update(n for row in wanted if (n := column[row]) is not None and n < 0)
        if block.tags is not None:
            numbers.update(n for row in wanted for n in block.columns["tags"][row] if n < 0)
        return self.links.make(tx, numbers) if numbers else {}

    def _insert(self, tx: Transaction, block: Block, rows: list[int], made: dict[int, int]) -> list[int]:
        whole = len(rows) == len(block)
        columns: dict[str, list[Any]] = {}
        links = {self.kind.field(name).column for name in block.links if name not in ("stage", "pipeline", "parent")}
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
            usual = tx.word("task_type", "to-do")
            columns["type_id"] = [n or usual for n in columns.get("type_id") or [None] * len(rows)]
        if self.kind.name == "interaction":
            columns["at"] = [at or tx.stamp for at in columns["at"]]
            if "author_id" not in columns:
                columns["author_id"] = [tx.word("user", self.ctx.actor)] * len(rows)
        if self.kind.name == "deal" and "lost_reason_id" in columns and "status" not in columns:
            del columns["lost_reason_id"]
        keys = block.keys if whole else {name: [column[row] for row in rows] for name, column in block.keys.items()}
        return tx.add_many(self.kind.name, columns, keys)

    # --- the end ---

    def _link_parents(self) -> None:
        """Parent companies come last: a file may name one before its own row."""
        for start in range(0, len(self.parents), 2000):
            some = self.parents[start : start + 2000]
            with self._writing() as tx:
                tx.names_alone()
                self.links.forget()
                numbers = self.links.look("company", [name for _, name, _ in some], [uid for _, _, uid in some])
                made = self.links.make(tx, {n for n in numbers if n is not None and n < 0})
                tx.flush()
                tx.load("company", [number for number, _, _ in some])
                for (number, name, _), parent in zip(some, numbers, strict=True):
                    if parent == SEVERAL:
                        why = which(name, self.links.called("company", name))
                        self.notes.append(f"company:{number} has no parent yet: {why}")
                        continue
                    parent = made.get(parent, parent) if parent is not None else None
                    if parent != number:
                        tx.change("company", number, {"parent_id": parent}, touch=False)
            self._wrote()

    def _result(self) -> Imported:
        counts = self.counts
        notes = [f"{self.reader.nulls:,} cells with NULL, N/A or - are taken as empty"] if self.reader.nulls else []
        notes += self.notes[:_MOST_LISTED]
        return Imported(
            self.kind.plural, counts["rows"], counts["new"], counts["updated"], counts["same"], counts["repeated"],
            counts["refused"], tuple(sorted(self.listed)), self.rejects.path,
            again(self.plan, self.rejects.path) if self.rejects.path else "", self.batch, tuple(notes),
        )  # fmt: skip
